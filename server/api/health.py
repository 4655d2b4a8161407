"""GET /healthz and /readyz: for load balancers and for people who wonder."""

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify

from server.center import Center
from server.problems import ProblemError
from server.store import dialect, schema

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers.
    ---
    summary: Alive
    responses:
      200:
        description: Alive
        content: {application/json: {schema: {type: object, properties: {status: {type: string}}}}}
    """
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """The database answers, has this release's schema, and holds a county.
    ---
    summary: Ready to take requests
    responses:
      200:
        description: Ready
        content: {application/json: {schema: {type: object, properties: {status: {type: string}}}}}
      default:
        description: Not ready
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    center: Center = current_app.extensions["center"]
    with dialect.reading(center.engine) as connection:
        if not sa.inspect(connection).has_table("county") or not schema.is_current(connection):
            raise ProblemError("unavailable")
        center.county(connection)
    return jsonify({"status": "ready"})
