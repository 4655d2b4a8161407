"""A county is backed up while people work, put back, and healed by its tablets; what was revoked or erased stays so."""

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from client_sdk import CenterError, EnrolAgainError, RevokedError, Tablet
from server.app import create_app
from server.center import Center
from server.keeping import erasure
from server.keeping.extent import Extent
from server.settings import Settings
from server.store import dialect, tables
from tests.cli.conftest import Shell
from tests.support.databases import Databases

GRID = "990101001001001"
NAME = "某甲"


class Site:
    """The county's server in this process, and real tablets that reach it without sockets."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell, self.folder = shell, folder
        self.app = create_app(Settings.from_environment(shell.environment))
        self.tablets: list[Tablet] = []

    @property
    def url(self) -> str:
        return self.shell.environment["DOORSTEP_DATABASE_URL"]

    def way(self) -> httpx.WSGITransport:
        return httpx.WSGITransport(app=self.app)

    def hire(self, name: str) -> Tablet:
        self.shell.does("person", "add", "--name", name, "--role", "grid_worker", "--unit", GRID, "--id", name)
        return self.enroll(name, f"{name}.tablet")

    def enroll(self, person: str, store: str) -> Tablet:
        code = self.shell.does("code", person)["code"]
        self.tablets.append(Tablet.enroll("http://center.example", code, self.folder / store, transport=self.way()))
        return self.tablets[-1]

    def kept(self) -> str:
        """All lines and documents of the database, as one text."""
        engine = dialect.create_engine(Settings(self.url))
        with engine.connect() as connection:
            lines = [line.decode(errors="replace") for line in connection.scalars(sa.select(tables.edit_log.c.line))]
            documents = list(connection.scalars(sa.select(tables.record.c.document)))
        engine.dispose()
        return "\n".join(lines + documents)

    def close(self) -> None:
        for tablet in self.tablets:
            tablet.close()
        self.app.extensions["center"].engine.dispose()


@pytest.fixture
def site(shell: Shell, tmp_path: Path) -> Iterator[Site]:
    made = Site(shell, tmp_path)
    yield made
    made.close()


def tablet_id(site: Site, person: str) -> str:
    return str(next(each["id"] for each in site.shell.does("tablets")["items"] if each["person"] == person))


def administration_of(site: Site, work: Callable[[Center], object]) -> None:
    center = Center.of(Settings.from_environment(site.shell.environment))
    try:
        work(center)
    finally:
        center.engine.dispose()


def households(tablet: Tablet) -> set[str]:
    return {each.id for each in tablet.households.list()}


def test_tablets_heal_a_restored_county_and_what_was_revoked_or_erased_stays_so(site: Site, tmp_path: Path) -> None:
    shell, wang, li, zhao = site.shell, site.hire("wang"), site.hire("li"), site.hire("zhao")
    early = wang.households.create(unit=GRID, address="东村1号", head_name=NAME)
    other = li.households.create(unit=GRID, address="东村2号")
    for tablet in (wang, li, zhao):
        tablet.sync()
    backup = tmp_path / "county.backup"

    made = shell.does("backup", str(backup))
    assert made["bytes"] == backup.stat().st_size
    assert backup.stat().st_mode & 0o077 == 0

    late = wang.households.create(unit=GRID, address="东村3号")
    last = zhao.households.create(unit=GRID, address="东村4号")
    li.households.change(other, phone="13800000000")
    doomed = li.disputes.create(unit=GRID, title=NAME, summary=NAME, category="neighbours", parties=[
        {"role": "applicant", "kind": "person", "name": NAME}], difficulty="simple", violence_likely=False,
        source="found_by_grid", tier="grid", status="reported", registered_by="li")  # fmt: skip
    for tablet in (wang, li, zhao):
        tablet.sync()
    assert zhao.disputes.get(doomed) is not None
    shell.does("erase", "household", early.id, "--reason", "本人申请")
    shell.does("erase", "dispute", doomed.id, "--reason", "本人申请")
    stolen = tablet_id(site, "zhao")
    new = site.hire("sun")
    shell.does("revoke", stolen)
    shell.does("revoke", tablet_id(site, "sun"))
    assert NAME not in site.kept()

    refused = shell.fails("restore", str(backup))
    assert "would be lost" in refused["en"]
    assert f"{shell.does('verify')['differences']}" == "[]"
    told = shell.does("restore", str(backup), "--force")
    assert told["lost_edits"] == 4
    assert (told["revoked_again"], told["erased_again"]) == (2, 2)
    assert NAME not in site.kept()
    with pytest.raises(RevokedError) as found:
        zhao.sync()
    assert found.value.wiped
    assert [each["edit"] for each in shell.does("held", "list")["items"]] == [last.id], "it was handed over once more"
    with pytest.raises((RevokedError, EnrolAgainError)):  # Its person is not there any more, nor may it come again.
        new.sync()

    for tablet in (wang, li, wang, li):
        tablet.sync()
    assert households(wang) == households(li) == {other.id, late.id}
    assert li.disputes.list() == []
    found_other = wang.households.get(other)
    assert found_other is not None
    assert found_other.document["phone"] == "13800000000"
    assert wang.set_aside == li.set_aside == []
    assert NAME not in site.kept()
    assert shell.does("verify") == {"differences": []}
    for store in tmp_path.glob("*.tablet*"):
        assert NAME.encode() not in store.read_bytes(), store
    assert shell.does("init", "--county", "990101", "--name", "示例县")["created"] is False
    assert shell.does("verify") == {"differences": []}


def test_a_backup_is_made_while_people_push(site: Site, tmp_path: Path) -> None:
    shell, wang = site.shell, site.hire("wang")
    made: set[str] = set()
    faults: list[BaseException] = []
    has_begun, is_over = threading.Event(), threading.Event()

    def work() -> None:
        try:
            while not is_over.is_set():
                made.update(wang.households.create(unit=GRID, address="渠边").id for _ in range(20))
                wang.sync()
                has_begun.set()
        except BaseException as error:  # noqa: BLE001 - told to the test
            faults.append(error)
            has_begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    has_begun.wait()
    answers = []
    for number in range(3):
        answers.append(shell.does("backup", str(tmp_path / f"{number}.backup")))
        has_begun.clear()
        has_begun.wait()
    is_over.set()
    thread.join()
    assert faults == []
    assert answers[0]["revision"] < answers[-1]["revision"]
    shell.does("restore", str(tmp_path / "1.backup"), "--force")
    assert shell.does("verify") == {"differences": []}
    wang.sync()
    assert households(wang) == made
    fresh = site.enroll("wang", "second.tablet")
    fresh.sync()
    assert households(fresh) == made
    assert shell.does("verify") == {"differences": []}


def test_a_backup_goes_into_an_empty_database(site: Site, databases: Databases, tmp_path: Path) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号")
    wang.sync()
    backup = str(tmp_path / "county.backup")
    site.shell.does("backup", backup)
    with databases.database() as empty:
        moved = Shell({**site.shell.environment, "DOORSTEP_DATABASE_URL": empty})
        told = moved.does("restore", backup)
        assert (told["lost_lines"], told["lasting_file_found"]) == (0, False)
        assert moved.does("verify") == {"differences": []}
        assert [each["person"] for each in moved.does("tablets")["items"]] == ["wang"]
        engine = dialect.create_engine(Settings(empty))
        with engine.connect() as connection:
            assert str(connection.scalar(sa.select(tables.record.c.id))) == made.id
        engine.dispose()
        again = moved.says("restore", backup)
        assert again.status == 1, "even where nothing would be lost, a county is not overwritten unasked"


def test_what_is_no_whole_backup_is_not_restored(site: Site, tmp_path: Path) -> None:
    backup = tmp_path / "county.backup"
    site.shell.does("backup", str(backup))
    whole = backup.read_bytes()
    for name, content in {"short": whole[: len(whole) // 2], "other": b"not a backup", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        assert site.shell.fails("restore", str(tmp_path / name), "--force")["code"] == "not-possible", name
    assert site.shell.fails("restore", str(tmp_path / "none"), "--force")["code"] == "not-possible"
    assert site.shell.does("verify") == {"differences": []}


def test_a_backup_that_cannot_be_written_leaves_what_was_there(site: Site, tmp_path: Path) -> None:
    assert site.shell.fails("backup", str(tmp_path / "no folder" / "file"))["code"] == "not-possible"
    folder = tmp_path / "backups"
    folder.mkdir()
    site.shell.does("backup", str(folder / "kept"))
    assert [path.name for path in folder.iterdir()] == ["kept"]


def test_a_tablet_that_was_enrolled_since_the_backup_may_not_enrol_again_with_its_code(
    site: Site, tmp_path: Path
) -> None:
    shell = site.shell
    shell.does("person", "add", "--name", "王一", "--role", "grid_worker", "--unit", GRID, "--id", "wang")
    code = shell.does("code", "wang")["code"]
    backup = str(tmp_path / "county.backup")
    shell.does("backup", backup)
    thief = Tablet.enroll("http://center.example", code, tmp_path / "wang.tablet", transport=site.way())
    site.tablets.append(thief)
    thief.households.create(unit=GRID, address="东村1号")
    shell.does("revoke", tablet_id(site, "wang"))
    shell.does("restore", backup, "--force")
    with pytest.raises(RevokedError):
        thief.sync()
    assert [each["code"] for each in shell.does("held", "list")["items"]] == ["tablet-revoked"]
    with pytest.raises(CenterError) as found:
        Tablet.enroll("http://center.example", code, tmp_path / "again.tablet", transport=site.way())
    assert found.value.problem == "code-spent"


def test_a_broken_tablet_is_replaced_with_one_command(site: Site) -> None:
    wang = site.hire("wang")
    made = wang.households.create(unit=GRID, address="东村1号")
    wang.sync()
    old = tablet_id(site, "wang")
    told = site.shell.does("replace", old)
    assert (told["tablet"], told["revoked"], told["person"]) == (old, True, "wang")
    new = Tablet.enroll("http://center.example", told["code"], site.folder / "new.tablet", transport=site.way())
    site.tablets.append(new)
    new.sync()
    assert households(new) == {made.id}
    with pytest.raises(RevokedError):
        wang.sync()
    assert site.shell.fails("replace", "none")["code"] == "not-possible"
    assert "▄" in site.shell.text("replace", tablet_id(site, "wang"), "--qr")


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
