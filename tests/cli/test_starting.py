"""A center is started, or brought up to date: on what databases, and what is said where that cannot be."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner
from psycopg import sql

from cli.main import main
from server.settings import Settings
from server.store import dialect, schema
from tests.cli.conftest import Shell
from tests.support.databases import PostgresDatabases

INIT = ("init", "--county", "990101", "--name", "示例县")
UP_TO_DATE = {"county": "990101", "name": "示例县", "created": False}
OLD = "0004"
"""A schema of an earlier release."""


def shell_on(url: str, folder: Path) -> Shell:
    return Shell({"DOORSTEP_DATABASE_URL": url, "DOORSTEP_DATA_DIR": str(folder)})


@pytest.fixture
def old_url(database_url: str) -> str:
    """A county as an earlier release left it."""
    engine = dialect.create_engine(Settings(database_url))
    with dialect.writing(engine) as connection:
        command.upgrade(schema.config(connection), OLD)
        columns = {"timezone": "Asia/Shanghai", "revision": 0, "log_revision": 0, "directory_revision": 0}
        row = {"code": "990101", "name": "示例县", "head": bytes(32), "release": "0.0.1", **columns}
        connection.execute(sa.insert(sa.table("county", *map(sa.column, row))).values(**row))
    engine.dispose()
    return database_url


def test_init_alone_brings_a_county_up_to_date(old_url: str, tmp_path: Path) -> None:
    shell = shell_on(old_url, tmp_path)
    assert shell.fails("unit", "list")["code"] == "no-tables"
    assert shell.does("init") == UP_TO_DATE
    assert shell.does("init") == UP_TO_DATE
    assert shell.does("unit", "list") == {"items": []}
    assert "without options" in CliRunner().invoke(main, ["init", "--help"]).stdout


@pytest.mark.parametrize("asked", [("unit", "list"), ("init",), INIT, ("init", "--demo"), ("serve",)])
def test_a_database_of_a_newer_release_is_left_alone(shell: Shell, asked: tuple[str, ...]) -> None:
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    error = shell.fails(*asked)
    assert error["code"] == "not-possible"
    assert "of a newer Doorstep (9999)" in error["en"]


def test_init_alone_makes_no_county(database_url: str, tmp_path: Path) -> None:
    error = shell_on(database_url, tmp_path).fails("init")
    assert error["code"] == "no-county"
    assert "doorstep init --county" in error["en"]


def test_init_alone_takes_the_county_that_the_settings_name(shell: Shell) -> None:
    other = Shell({**shell.environment, "DOORSTEP_COUNTY": "990102"})
    other.does("init", "--county", "990102", "--name", "邻县")
    assert other.does("init") == {"county": "990102", "name": "邻县", "created": False}
    assert shell.fails("init")["code"] == "no-county"
    assert CliRunner(env=shell.environment).invoke(main, ["init", "--county", "990101"]).exit_code == 2


def test_a_postgres_url_is_taken_in_both_forms(postgres_url: str, tmp_path: Path) -> None:
    shell = shell_on(postgres_url.replace("postgresql+psycopg://", "postgres://"), tmp_path)
    assert shell.does(*INIT)["created"] is True
    assert shell.does("verify") == {"differences": []}


@pytest.fixture
def latin_url(volatile_postgres: PostgresDatabases, postgres_url: str, encoding: str) -> Iterator[str]:
    """A database beside another one, of another encoding."""
    name = f"{sa.make_url(postgres_url).database}_{encoding.lower()}"
    plain = sa.make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg.connect(plain, autocommit=True)) as connection:
        made = "CREATE DATABASE {} ENCODING {} LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0"
        connection.execute(sql.SQL(made).format(sql.Identifier(name), sql.Literal(encoding)))
    url = sa.make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    yield url
    volatile_postgres.drop_database(url)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_is_refused(latin_url: str, encoding: str, tmp_path: Path) -> None:
    for arguments in (INIT, ("unit", "list")):
        error = shell_on(latin_url, tmp_path).fails(*arguments)
        assert error["code"] == "settings-invalid"
        assert f"encoding is {encoding} and must be UTF8" in error["en"]
        assert "createdb -E UTF8" in error["zh"]


@pytest.fixture
def guest_url(postgres_url: str) -> Iterator[str]:
    """A database as somebody has it who owns nothing there."""
    plain = sa.make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    guest = f"guest_{sa.make_url(postgres_url).database}"
    with closing(psycopg.connect(plain, autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(guest)))
        options = {"options": f"-c role={guest}"}
        yield sa.make_url(postgres_url).update_query_dict(options).render_as_string(hide_password=False)
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(guest)))


def test_who_may_make_no_tables_is_told_what_to_do(guest_url: str, tmp_path: Path) -> None:
    error = shell_on(guest_url, tmp_path).fails(*INIT)
    assert error["code"] == "database-failed"
    assert "permission denied for schema public" in error["en"]
    assert "OWNER TO" in error["en"]
    assert "createdb -O" in error["zh"]
