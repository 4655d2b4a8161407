"""Where no backup is made, and why: what was there before stays."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Shell


def in_use(shell: Shell) -> list[Path]:
    """The files that the center works on, also those that come and go."""
    url = sa.make_url(shell.environment["DOORSTEP_DATABASE_URL"])
    lasting = Path(shell.environment["DOORSTEP_DATA_DIR"]) / "lasting.ndjson"
    database = [f"{url.database}{suffix}" for suffix in ("", "-wal", "-shm")]
    return [lasting, *(map(Path, database) if url.get_backend_name() == "sqlite" else ())]


def test_a_backup_never_takes_the_place_of_what_it_saves(shell: Shell, wang: str, tmp_path: Path) -> None:
    for file in in_use(shell):
        file.parent.mkdir(exist_ok=True)
        was_there = file.exists()
        link = tmp_path / f"to {file.name}"
        link.symlink_to(file)
        for name in (file, link):
            assert "the center works on" in shell.fails("backup", str(name))["en"]
        assert file.exists() is was_there
        assert link.is_symlink()
    assert shell.does("verify") == {"differences": []}
    assert [each["id"] for each in shell.does("person", "list")["items"]] == [wang]


def test_a_full_disk_leaves_the_backup_of_before(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell({"DOORSTEP_DATABASE_URL": sqlite_url, "DOORSTEP_DATA_DIR": str(tmp_path / "data")})
    shell.does("init", "--county", "990101", "--name", "示例县")
    folder = tmp_path / "backups"
    folder.mkdir()
    shell.does("backup", str(folder / "kept"))
    before = (folder / "kept").read_bytes()

    def full(_source: sqlite3.Connection, part: Path) -> None:
        part.write_bytes(before[:100])
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("server.keeping.backup.copy_sqlite", full)
    assert "disk is full" in shell.fails("backup", str(folder / "kept"))["en"]
    assert [path.name for path in folder.iterdir()] == ["kept"]
    assert (folder / "kept").read_bytes() == before
