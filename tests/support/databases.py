"""Fresh databases for tests, empty or migrated, on SQLite and on PostgreSQL. Every URL is SQLAlchemy's, as text."""

import sqlite3
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from tests.support.postgres import Cluster

Prepare: TypeAlias = Callable[[str], None]
"""Brings the empty database at a URL to the state that tests begin with: `server.store.schema.migrate`, say."""


class Databases(ABC):
    """A place where databases are quickly made and dropped."""

    def __init__(self) -> None:
        self._templates: dict[Prepare, str] = {}

    @abstractmethod
    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or a copy of the one at the URL `template`, and return its URL.

        Nobody may be connected to the template; PostgreSQL cuts off whoever still is.
        """

    @abstractmethod
    def drop_database(self, url: str) -> None:
        """Remove the database at `url`, whoever is still connected to it. Harmless if it is gone."""

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """The URL of a database, made as by create_database, that is dropped when the block ends."""
        url = self.create_database(template)
        try:
            yield url
        finally:
            self.drop_database(url)

    def migrated_template(self, prepare: Prepare) -> str:
        """The URL of a database that `prepare` was run on, once for each `prepare`. To be copied, not to be used."""
        if prepare not in self._templates:
            url = self.create_database()
            prepare(url)
            self._templates[prepare] = url
        return self._templates[prepare]

    def close(self) -> None:
        """Drop the templates. Other databases are their makers' to drop."""
        while self._templates:
            self.drop_database(self._templates.popitem()[1])


class SqliteDatabases(Databases):
    """SQLite files in one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def create_database(self, template: str | None = None) -> str:
        """See Databases. An empty one has no file yet: SQLite makes it on the first connection."""
        path = self.folder / f"{uuid.uuid4().hex}.db"
        if template is not None:
            # Not a copy of the file: what was committed last may still be in the write-ahead log beside it.
            with closing(sqlite3.connect(_sqlite_path(template))) as source, closing(sqlite3.connect(path)) as copy:
                source.backup(copy)
        return URL.create("sqlite", database=str(path)).render_as_string()

    def drop_database(self, url: str) -> None:
        """See Databases."""
        path = _sqlite_path(url)
        for suffix in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


class PostgresDatabases(Databases):
    """Databases on one PostgreSQL server, of version 15 or later.

    `url` is of someone who may create databases there, in the form of SQLAlchemy or of libpq.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self.server = make_url(url).set(drivername="postgresql+psycopg")

    def create_database(self, template: str | None = None) -> str:
        """See Databases."""
        name = f"doorstep_test_{uuid.uuid4().hex}"
        source = "template0" if template is None else _database(template)
        with self._connection() as connection:
            if template is not None:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source]
                )
            # FILE_COPY is the quicker one where nothing is flushed.
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(source)))
        return self.server.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """See Databases."""
        name = sql.Identifier(_database(url))
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def setting(self, name: str) -> str:
        """What the server has the setting `name` at."""
        with self._connection() as connection:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        # CREATE and DROP DATABASE run outside a transaction only.
        url = self.server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


@contextmanager
def postgres_databases(url: str | None = None, *, durable: bool = False) -> Iterator[PostgresDatabases]:
    """Databases on the server at `url` or, without one, on a cluster of their own that ends with the block.

    `durable` makes that cluster flush every commit; a given server is taken as it is.
    """
    with ExitStack() as ending:
        if not url:
            cluster = Cluster.start(durable=durable)
            ending.callback(cluster.stop)
            url = cluster.url
        databases = PostgresDatabases(url)
        ending.callback(databases.close)
        yield databases


def _sqlite_path(url: str) -> Path:
    return Path(_database(url))


def _database(url: str) -> str:
    database = make_url(url).database
    if not database:
        raise ValueError(f"names no database: {url}")
    return database
