"""Fixtures that every test may ask for: databases of its own, on both stores that the server runs on.

PostgreSQL comes from a wheel; set DOORSTEP_TEST_POSTGRES to the URL of a server where databases may be created to test
on that one instead. It is started for the first test that asks for it, once in each worker of xdist.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases, postgres_databases

# A busy machine is no reason to fail; and what fails must say how to run it again.
settings.register_profile("doorstep", deadline=None, print_blob=True)
settings.load_profile("doorstep")


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    """SQLite files, in a folder of this session."""
    return SqliteDatabases(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def volatile_postgres() -> Iterator[PostgresDatabases]:
    """PostgreSQL databases, on a server that flushes nothing to the disk."""
    with postgres_databases(os.environ.get("DOORSTEP_TEST_POSTGRES")) as found:
        yield found


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[PostgresDatabases]:
    """PostgreSQL databases, on a server that flushes every commit, as in production."""
    with postgres_databases(os.environ.get("DOORSTEP_TEST_POSTGRES"), durable=True) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where to make databases. What asks for it, or for a fixture built on it, runs once on each store."""
    found: Databases = request.getfixturevalue(
        {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}[request.param]
    )
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A new, empty database: on SQLite, then on PostgreSQL."""
    with databases.database() as url:
        yield url


@pytest.fixture
def migrated_url(databases: Databases) -> Iterator[str]:
    """A new database with the server's tables: on SQLite, then on PostgreSQL."""
    from server.store.schema import migrate

    with databases.database(databases.migrated_template(migrate)) as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases) -> Iterator[str]:
    """A new, empty SQLite database."""
    with sqlite_databases.database() as url:
        yield url


@pytest.fixture
def postgres_url(volatile_postgres: PostgresDatabases) -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    with volatile_postgres.database() as url:
        yield url


@pytest.fixture
def durable_postgres_url(durable_postgres: PostgresDatabases) -> Iterator[str]:
    """A new, empty PostgreSQL database whose commits are on the disk when they return."""
    with durable_postgres.database() as url:
        yield url
