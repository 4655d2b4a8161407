"""The database's side of a connection: durable commits, restarts survived, one who waits too long told so."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from server.app import create_app
from server.settings import Settings, SettingsError
from server.store import dialect, ledger
from server.store.flight import Question, ask
from tests.support.county import GRID, County, county_on
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.device import Device


def test_sqlite_flushes_every_commit(tmp_path: Path) -> None:
    engine = dialect.create_engine(Settings(f"sqlite:///{tmp_path}/new/folder/doorstep.db"))
    with engine.connect() as connection:
        said = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    engine.dispose()
    assert said == PRAGMAS


ENDED_WITHIN_MS = 10_000
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_postgresql_flushes_every_commit(durable_postgres_url: str) -> None:
    engine = dialect.create_engine(Settings(durable_postgres_url))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
        assert connection.exec_driver_sql("SHOW fsync").scalar() == "on"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
    engine.dispose()


def test_other_databases_are_not_for_doorstep() -> None:
    with pytest.raises(SettingsError, match="not on mysql") as refused:
        create_app(Settings("mysql://localhost/doorstep"))
    assert refused.value.zh == "Doorstep 使用 PostgreSQL 或 SQLite 数据库，不支持 mysql"


def test_a_sqlite_that_lacks_what_is_asked_of_it_is_told_of_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "county.db"
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 37, 2))
    with pytest.raises(ValueError, match=r"too old: it must be 3\.38"):
        create_app(Settings(f"sqlite:///{file}"))
    assert not file.exists()


def test_a_plain_postgresql_url_will_do(postgres_url: str) -> None:
    engine = dialect.create_engine(Settings(postgres_url.replace("+psycopg", "")))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    engine.dispose()


@pytest.fixture
def postgres_county(volatile_postgres: PostgresDatabases) -> Iterator[County]:
    with county_on(volatile_postgres) as found:
        yield found


def test_a_database_that_was_restarted_between_two_requests(postgres_county: County) -> None:
    county = postgres_county
    wang = county.worker("王小满")
    wang.create("household", unit=GRID)
    wang.sync()
    cut_off(county)
    home = wang.create("household", unit=GRID)
    assert wang.sync().outcomes == []
    assert wang.sees(home)


def cut_off(county: County) -> None:
    """Ends the connections that there are, and waits until they have."""
    url = county.url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"SELECT pg_terminate_backend(pid, {ENDED_WITHIN_MS}) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_database_that_restarts_in_a_request(postgres_county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    county = postgres_county
    wang = county.worker("王小满")
    locked = ledger.locked

    def cut(code: str) -> Question[ledger.County]:
        cut_off(county)
        return (yield from locked(code))

    monkeypatch.setattr(ledger, "locked", cut)
    home = wang.create("household", unit=GRID)
    answer = wang.post(wang.body(list(wang.outbox.values())))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    monkeypatch.undo()
    assert wang.sync().outcomes == []
    assert wang.sees(home)


def test_a_connection_that_ends_is_told_of_as_such(postgres_county: County) -> None:
    def read() -> None:
        with dialect.reading(postgres_county.center.engine) as connection:
            cut_off(postgres_county)
            ask(connection, ledger.county_named(None))

    with pytest.raises(sa.exc.OperationalError) as failed:
        read()
    assert failed.value.connection_invalidated


def test_a_pool_that_is_used_up(county: County, wang: Device) -> None:
    engine = county.center.engine
    assert isinstance(engine.pool, sa.QueuePool)
    engine.pool._timeout = 0.1
    taken: list[sa.Connection] = []
    try:
        with pytest.raises(sa.exc.TimeoutError):
            taken.extend(engine.connect() for _ in range(50))
        answer = wang.post(wang.body())
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    finally:
        for connection in taken:
            connection.close()
    assert wang.sync().outcomes == []


def test_a_sqlite_file_that_is_busy(sqlite_databases: SqliteDatabases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "BUSY_TIMEOUT_S", 0.2)
    with county_on(sqlite_databases) as county:
        wang = county.worker("王小满")
        wang.create("household", unit=GRID)
        with dialect.writing(county.center.engine):
            answer = wang.post(wang.body(list(wang.outbox.values())))
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert wang.sync().outcomes == []


def test_what_the_url_says_of_a_connection_stays(postgres_county: County) -> None:
    url = sa.make_url(postgres_county.url).update_query_dict({"options": "-c search_path=elsewhere"})
    engine = dialect.create_engine(Settings(url.render_as_string(hide_password=False)))
    with engine.connect() as connection:
        said = [connection.exec_driver_sql(f"SHOW {each}").scalar() for each in ("search_path", "plan_cache_mode")]
    engine.dispose()
    assert said == ["elsewhere", "force_generic_plan"]
