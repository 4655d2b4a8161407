"""What is said to be saved is on the disk: both databases and the tablet's store flush every commit."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from client_sdk import Tablet
from client_sdk.store import Store
from server import administration
from server.app import create_app
from server.settings import Settings
from server.store import dialect
from tests.processes.premises import Premises
from tests.processes.squad import PEOPLE, SINCE
from tests.support.postgres import Cluster

SYNCHRONOUS_FULL = 2


def test_the_server_flushes_on_postgresql(durable_postgres_url: str) -> None:
    engine = create_app(Settings(durable_postgres_url)).extensions["center"].engine
    with dialect.writing(engine) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.scalar(sa.text(f"SHOW {name}")) == "on", name
    engine.dispose()


def test_the_server_flushes_on_sqlite(sqlite_url: str) -> None:
    engine = create_app(Settings(sqlite_url)).extensions["center"].engine
    for transaction in (dialect.reading, dialect.writing):
        # Two at once: each connection of the pool, not only the first.
        with dialect.reading(engine), transaction(engine) as connection:
            assert connection.scalar(sa.text("PRAGMA synchronous")) == SYNCHRONOUS_FULL
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    engine.dispose()


def test_the_tablet_flushes(tmp_path: Path) -> None:
    opened: list[sqlite3.Connection] = []

    def connect(path: str) -> sqlite3.Connection:
        opened.append(sqlite3.connect(path, isolation_level=None))
        return opened[-1]

    for create in (True, False):
        store = Store(tmp_path / "wang.tablet", create=create, connect=connect)
        assert opened[-1].execute("PRAGMA synchronous").fetchone() == (SYNCHRONOUS_FULL,)
        assert opened[-1].execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


@pytest.mark.postgres
def test_a_database_that_is_killed_has_what_was_committed() -> None:
    cluster = Cluster.start(durable=True)
    try:
        engine = dialect.create_engine(Settings(cluster.url))
        with dialect.writing(engine) as connection:
            connection.execute(sa.text("CREATE TABLE visit AS SELECT 1 AS kept"))
        with pytest.raises(sa.exc.DBAPIError) as lost:
            cut_off(engine, cluster)
        assert dialect.is_unavailable(lost.value)
        cluster.start_again()
        with dialect.reading(engine) as connection:
            assert connection.scalars(sa.text("SELECT kept FROM visit")).all() == [1]
        engine.dispose()
    finally:
        cluster.stop()


def cut_off(engine: sa.Engine, cluster: Cluster) -> None:
    """The database is killed before a transaction commits."""
    with dialect.writing(engine) as connection:
        connection.execute(sa.text("INSERT INTO visit VALUES (2)"))
        cluster.crash()


@pytest.mark.parametrize("premises", ["sqlite"], indirect=True)
def test_enrolling_leaves_no_connection_open(premises: Premises, tmp_path: Path) -> None:
    _, called, role, unit = PEOPLE[0]
    person = str(administration.add_person(premises.center, called, role, unit, SINCE, None)["id"])
    code = str(administration.make_code(premises.center, person)["code"])
    before = sockets()
    Tablet.enroll(premises.web.url, code, tmp_path / "wang.tablet").close()
    assert sockets() == before


def sockets() -> int:
    """How many this process has open."""
    return sum(str(each.readlink()).startswith("socket:") for each in Path("/proc/self/fd").iterdir() if each.exists())
