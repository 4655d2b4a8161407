"""The databases that other tests stand on: each new, on both stores, and gone afterwards."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, inspect, text

from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases

PATIENCE_S = 20.0


def make_table(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE visit (notes TEXT)"))
        connection.execute(text("INSERT INTO visit VALUES ('门口')"))
    engine.dispose()


def tables(url: str) -> list[str]:
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def notes(url: str) -> list[str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return list(connection.scalars(text("SELECT notes FROM visit")))
    finally:
        engine.dispose()


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_database(database_url: str, turn: int) -> None:
    assert tables(database_url) == []
    make_table(database_url)
    assert notes(database_url) == ["门口"]


def test_single_stores(sqlite_url: str, postgres_url: str) -> None:
    assert sqlite_url.startswith("sqlite:////")
    assert postgres_url.startswith("postgresql+psycopg://")
    assert tables(sqlite_url) == tables(postgres_url) == []


def test_a_template_is_prepared_once_and_copied(databases: Databases) -> None:
    prepared = []

    def prepare(url: str) -> None:
        prepared.append(url)
        make_table(url)

    with (
        databases.database(databases.migrated_template(prepare)) as first,
        databases.database(databases.migrated_template(prepare)) as second,
    ):
        make_engine_insert(first, "渠边")
        assert notes(first) == ["门口", "渠边"]
        assert notes(second) == ["门口"]
    assert len(prepared) == 1


def make_engine_insert(url: str, value: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO visit VALUES (:value)"), {"value": value})
    engine.dispose()


def test_a_sqlite_copy_has_what_is_in_the_write_ahead_log(sqlite_databases: SqliteDatabases) -> None:
    with sqlite_databases.database() as template:
        engine = create_engine(template)
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode = WAL"))
            connection.execute(text("CREATE TABLE visit (notes TEXT)"))
            connection.commit()
            with sqlite_databases.database(template) as copy:
                assert tables(copy) == ["visit"]
        engine.dispose()


def test_a_database_in_use_is_copied_and_dropped(volatile_postgres: PostgresDatabases) -> None:
    url = volatile_postgres.create_database()
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        copy = volatile_postgres.create_database(template=url)
        connection.invalidate()
    engine.dispose()
    volatile_postgres.drop_database(copy)
    volatile_postgres.drop_database(url)
    volatile_postgres.drop_database(url)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url.replace("+psycopg", ""))


def test_text_sorts_by_code_point(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        rows = connection.scalars(text("SELECT x FROM (VALUES ('b'), ('B'), ('a-'), ('a0')) AS t (x) ORDER BY x"))
        assert list(rows) == ["B", "a-", "a0", "b"]
    engine.dispose()


@pytest.mark.skipif("DOORSTEP_TEST_POSTGRES" in os.environ, reason="a given server is taken as it is")
def test_only_the_durable_server_flushes(
    volatile_postgres: PostgresDatabases, durable_postgres: PostgresDatabases, durable_postgres_url: str
) -> None:
    assert tables(durable_postgres_url) == []
    for name in ("fsync", "synchronous_commit", "full_page_writes"):
        assert (volatile_postgres.setting(name), durable_postgres.setting(name)) == ("off", "on")


def test_a_killed_test_run_leaves_no_server(tmp_path: Path) -> None:
    code = "from tests.support.postgres import Cluster\nprint(Cluster.start().folder, flush=True)\ninput()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.killpg(run.pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while (folder.exists() or alive(server)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not folder.exists()
    assert not alive(server)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
