"""A county is backed up while people work, put back, and healed by its tablets; a broken tablet is replaced."""

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from client_sdk import CenterError, EnrolAgainError, RevokedError, Tablet
from server.settings import Settings
from server.store import dialect, tables
from tests.cli.conftest import GRID, NAME, Shell, Site, households, tablet_id
from tests.support.databases import Databases


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


def test_a_revoked_tablet_of_which_a_restored_county_knows_all_wipes_itself_at_once(site: Site, tmp_path: Path) -> None:
    shell, wang, zhao = site.shell, site.hire("wang"), site.hire("zhao")
    zhao.households.create(unit=GRID, address="东村1号")
    zhao.sync()
    backup = tmp_path / "county.backup"
    shell.does("backup", str(backup))
    wang.households.create(unit=GRID, address="东村2号")
    wang.sync()
    zhao.sync()
    shell.does("revoke", tablet_id(site, "zhao"))
    shell.does("restore", str(backup), "--force")
    with pytest.raises(RevokedError) as found:
        zhao.sync()
    assert found.value.wiped


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


def test_figures_are_put_right(site: Site) -> None:
    wang = site.hire("wang")
    wang.households.create(unit=GRID, address="东村1号")
    wang.sync()
    assert site.shell.does("recount") == {"counters": 0, "attendance": 0}
    assert site.shell.text("recount") == "一致 · No differences\n"
    engine = dialect.create_engine(Settings(site.shell.environment["DOORSTEP_DATABASE_URL"]))
    with engine.begin() as connection:
        connection.execute(sa.update(tables.counter).values(value=7))
    engine.dispose()
    assert site.shell.text("recount") == "已改正 2 处 · 2 figures put right\n"
    assert site.shell.does("verify") == {"differences": []}
