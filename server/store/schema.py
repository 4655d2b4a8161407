"""The schema's versions: Alembic from the first table."""

from functools import cache
from importlib import resources

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
        with dialect.writing(engine) as connection:
            command.upgrade(config(connection), "head")
    finally:
        engine.dispose()


def is_current(connection: sa.Connection) -> bool:
    """Whether the database has the schema that this release needs."""
    return MigrationContext.configure(connection).get_current_revision() == _head()


@cache
def _head() -> str | None:
    """The newest migration of this release. Found once: all of them are read for it, and anybody may ask `/readyz`."""
    return ScriptDirectory.from_config(config()).get_current_head()
