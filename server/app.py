"""The application factory."""

import os

from flask import Flask

from server import bodies, problems
from server.api import center, description, export, feed, health, held, metrics, records, status, sync, tablets
from server.center import Center, Clock, system_clock
from server.settings import Settings


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> Flask:
    """A county's server as a WSGI app. Settings come from the environment where none are given."""
    app = Flask(__name__)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions["center"] = Center.of(settings or Settings.from_environment(os.environ), clock)
    problems.install(app)
    bodies.install(app)
    for module in (sync, tablets, center, health, metrics, records, held, export, feed, status, description):
        app.register_blueprint(module.blueprint)
    app.extensions["description"] = description.described(app)
    return app
