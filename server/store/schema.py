"""The schema's versions: Alembic from the first table."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from server.settings import Settings
from server.store import center_tables, dialect, tables

METADATA = (tables.metadata, center_tables.metadata)
"""Of every table."""


def config(connection: sa.Connection | None = None) -> Config:
    """Where the migrations are, for Alembic."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("server.store") / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def migrate(url: str) -> None:
    """Brings the database at `url` to the newest schema, in one transaction."""
    engine = dialect.create_engine(Settings(url))
    try:
        with dialect.writing(engine) as connection, _made_anew(is_ours=version(connection) is not None):
            command.upgrade(config(connection), "head")
    finally:
        engine.dispose()


@contextmanager
def _made_anew(*, is_ours: bool) -> Iterator[None]:
    """A database of ours may have tables of steps that are still to come: PostgreSQL takes only those away that the
    backup of an older release knows. What a step makes takes their place."""

    def take_away(table: sa.Table, connection: sa.Connection, **_: Any) -> None:
        if is_ours:
            connection.execute(sa.schema.DropTable(table, if_exists=True))

    sa.event.listen(sa.Table, "before_create", take_away)
    try:
        yield
    finally:
        sa.event.remove(sa.Table, "before_create", take_away)


def version(connection: sa.Connection) -> str | None:
    """The migration that the database is at; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the schema that this release needs."""
    return version(connection) == versions()[0]


@cache
def versions() -> list[str]:
    """The migrations of this release, the newest first. Found once: all of them are read for it, and anybody may ask
    `/readyz`."""
    return [each.revision for each in ScriptDirectory.from_config(config()).walk_revisions()]
