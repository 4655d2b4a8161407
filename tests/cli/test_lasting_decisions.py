"""Erasures and revocations: what they say, and that they outlast crashes, readers and disks."""

import errno
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.keeping import erasure
from server.keeping.extent import Extent
from server.settings import Settings
from server.store import dialect, tables
from tests.cli.conftest import GRID, NAME, Site, administration_of, households, tablet_id


def test_erasing_says_what_it_does(site: Site) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    wang.sync()
    asked = ("erase", "household", made.id, "--reason", "本人申请")
    assert "将删除 户 1 条，日志 1 行 · Would erase Household: 1, 1 log line" in site.shell.text(*asked, "--dry-run")
    assert NAME in site.kept()
    assert "已删除 户 1 条，日志 1 行 · Erased Household: 1, 1 log line" in site.shell.text(*asked)
    assert NAME not in site.kept()
    assert site.shell.fails(*asked)["code"] == "not-possible"
    assert site.shell.fails("erase", "household", "x", "--reason", "x")["code"] == "not-possible"
    database = sa.make_url(site.url)
    if database.get_backend_name() == "sqlite":
        for path in Path(str(database.database)).parent.glob(f"{Path(str(database.database)).name}*"):
            assert NAME.encode() not in path.read_bytes()


@pytest.mark.parametrize("then", ["erase", "init"])
def test_bytes_that_somebody_still_reads_are_overwritten_later(
    site: Site, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    wang = site.hire("wang")
    made, other = (wang.households.create(unit=GRID, address="东村1号", head_name=NAME * 2) for _ in range(2))
    wang.sync()
    url = sa.make_url(site.url)
    if url.get_backend_name() == "postgresql":
        assert site.shell.does("erase", "household", made.id, "--reason", "本人申请")["overwritten"] is True
        return
    file = Path(str(url.database))
    with closing(sqlite3.connect(file, isolation_level=None)) as reader, monkeypatch.context() as patched:
        reader.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM record").fetchall()
        patched.setattr("server.store.dialect.BUSY_TIMEOUT_S", 0.1)
        said = site.shell.does("erase", "household", made.id, "--reason", "本人申请")
        assert (said["erased"], said["overwritten"]) == (True, False)
        told = site.shell.text("erase", "household", other.id, "--reason", "本人申请")
        assert "尚未从磁盘上覆盖" in told
        assert "still on the disk" in told
    assert (NAME * 2).encode() in file.read_bytes()
    if then == "init":
        site.shell.does("init", "--county", "990101", "--name", "示例县")
    else:
        third = wang.households.create(unit=GRID, address="东村1号", head_name=NAME * 2)
        wang.sync()
        assert site.shell.does("erase", "household", third.id, "--reason", "本人申请")["overwritten"] is True
    assert all((NAME * 2).encode() not in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    with closing(sqlite3.connect(file)) as looking:
        assert looking.execute("PRAGMA user_version").fetchone() == (0,), "nothing is owed any more"


def test_revocations_and_erasures_stand_in_a_file_of_their_own(site: Site) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    wang.sync()
    file = Path(site.shell.environment["DOORSTEP_DATA_DIR"]) / "lasting.ndjson"
    site.shell.does("revoke", tablet_id(site, "wang"))
    site.shell.does("revoke", tablet_id(site, "wang"))
    with file.open("ab") as torn:
        torn.write(b'{"do":"erase","cou')
    site.shell.does("erase", "household", made.id, "--reason", "本人申请")
    assert file.stat().st_mode & 0o077 == 0
    assert NAME not in file.read_text(encoding="utf-8")
    first, broken, last = file.read_text(encoding="utf-8").splitlines()
    assert (json.loads(first)["do"], json.loads(last)["do"]) == ("revoke", "erase")
    assert not broken.endswith("}")
    engine = dialect.create_engine(Settings(site.url))
    with dialect.writing(engine) as connection:  # As after a crash between the file and the commit.
        connection.execute(sa.update(tables.tablet).values(revoked_at=None))
    engine.dispose()
    site.shell.does("init", "--county", "990101", "--name", "示例县")
    assert site.shell.does("tablets")["items"][0]["revoked_at"] is not None


def test_nothing_is_revoked_or_erased_before_the_file_is_on_the_disk(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    wang.sync()

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("server.keeping.lasting.os.fsync", full)
        for asked in (
            ("revoke", tablet_id(site, "wang")),
            ("erase", "household", made.id, "--reason", "本人申请"),
        ):
            assert "Cannot write" in site.shell.fails(*asked)["en"]
    assert site.shell.does("tablets")["items"][0]["revoked_at"] is None
    assert NAME in site.kept()


def test_an_erasure_that_a_crash_cut_off_is_done_when_the_server_starts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    wang.sync()

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "_apply", crash)
        with pytest.raises(KeyboardInterrupt):
            administration_of(site, lambda center: erasure.erase(center, "household", made.id, "本人申请"))
    assert NAME in site.kept()
    for _ in range(2):
        site.shell.does("init", "--county", "990101", "--name", "示例县")
        assert NAME not in site.kept()
        assert site.shell.does("verify") == {"differences": []}
    assert site.kept().count('"do":"erase"') == 1
    wang.sync()
    assert households(wang) == set()


def test_a_record_that_was_once_erased_as_another_type_is_erased_again_as_its_own(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang, backup = site.hire("wang"), str(tmp_path / "county.backup")
    made = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    wang.sync()
    site.shell.does("backup", backup)
    asked = ("erase", "visit", made.id, "--reason", "本人申请")
    assert "is of type household" in site.shell.fails(*asked)["en"]
    lasting = Path(site.shell.environment["DOORSTEP_DATA_DIR"]) / "lasting.ndjson"
    assert not lasting.exists()
    with monkeypatch.context() as patched:  # As releases did that took the type as it was said.
        patched.setattr(Extent, "made_as", property(lambda found: found.type))
        site.shell.does(*asked)
    assert site.shell.says("verify").values["differences"] != []
    assert site.shell.does("restore", backup, "--force")["erased_again"] == 1
    assert NAME not in site.kept()
    assert site.shell.does("verify") == {"differences": []}


def test_a_file_that_cannot_be_written_stops_the_revocation(site: Site) -> None:
    site.hire("wang")
    folder = Path(site.shell.environment["DOORSTEP_DATA_DIR"])
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    assert "Cannot write" in site.shell.fails("revoke", tablet_id(site, "wang"))["en"]
    assert site.shell.does("tablets")["items"][0]["revoked_at"] is None
