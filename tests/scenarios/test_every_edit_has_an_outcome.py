"""One bad edit blocks nothing, and each edit has one outcome that its author can see, also when the server fails."""

import http
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.catalog import CATALOG
from server import administration, asked, holding, loading, pull, push, replay
from server.administration import NotPossibleError, Period
from server.push import Push
from server.store import decisions, ledger, log, tables
from server.store.flight import ask
from sync import records
from tests.support.answers import ProblemAnswerError
from tests.support.clock import HOUR_MS
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, VILLAGE, County
from tests.support.device import Device

SPOILED = "坏"


@pytest.fixture
def server_fails(county: County, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A bug of the server's: it cannot write what a line says whose bytes hold 坏."""
    append = decisions.append_new

    def failing(ledger: Any, decision: Any, tablet: Any) -> None:
        if SPOILED.encode() in decision.arrival.line.line and decision.code is None:
            raise RuntimeError("a bug")
        append(ledger, decision, tablet)

    monkeypatch.setattr(decisions, "append_new", failing)


def new_release(county: County) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.update(tables.county).values(release="0.0.0"))
    assert holding.take_up_release(county.center) is True
    assert holding.take_up_release(county.center) is False


def test_one_line_that_the_server_cannot_write(
    county: County, wang: Device, li: Device, server_fails: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    homes = [wang.create("household", unit=GRID) for _ in range(4)]
    bad = wang.create("household", unit=GRID, head_name=SPOILED)
    child = wang.create("visit", household=bad, unit=GRID)
    good = wang.create("visit", household=homes[0], unit=GRID)
    wrong = wang.create("household", unit="nowhere")
    wang.outbox["stray"] = b"no line"
    answer = wang.sync(owes=3)
    assert {each.get("edit", each.get("line")): each["code"] for each in answer.outcomes} == {
        bad: "server-error",
        child: "unknown-record",
        wrong: "invalid",
        9: "line-malformed",
    }
    assert wang.sees(good)
    assert wang.all("held").keys() == {bad, child}
    again = wang.push([line for name, line in wang.sent.items() if name != "stray"])
    assert again.outcomes == answer.outcomes[:-1]
    monkeypatch.undo()
    new_release(county)
    wang.catch_up()
    li.catch_up()
    assert li.sees(bad)
    assert li.sees(child)
    assert {held["result"] for held in wang.all("held").values()} == {"applied"}


def test_what_the_tablet_owes_is_remembered_when_lines_go_one_by_one(
    county: County, wang: Device, server_fails: None
) -> None:
    for _ in range(3):
        wang.create("household", unit=GRID, head_name=SPOILED)
    wang.sync(owes=7)
    with county.center.engine.connect() as connection:
        tablet = tables.tablet.c
        assert connection.scalar(sa.select(tablet.announced).where(tablet.id == wang.tablet)) == 7


def test_a_failure_of_merging_holds_one_line(
    county: County, wang: Device, li: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    admit = records.admit

    def failing(record: Any, edit: Any, *rest: Any) -> Any:
        if edit.value("head_name") == SPOILED:
            raise ZeroDivisionError(SPOILED)
        return admit(record, edit, *rest)

    monkeypatch.setattr(records, "admit", failing)
    home = wang.create("household", unit=GRID)
    bad = wang.change("household", home, head_name=SPOILED)
    phone = wang.change("household", home, phone="138 0000 0000")
    answer = wang.sync()
    assert [(each["edit"], each["result"], each["code"]) for each in answer.outcomes] == [(bad, "held", "server-error")]
    assert SPOILED not in caplog.text, "what people wrote is not for the log"
    assert "line_held" in caplog.text
    assert phone not in [each["edit"] for each in answer.outcomes]
    monkeypatch.undo()
    new_release(county)
    li.sync()
    assert li.all("household")[home].items() >= {"head_name": SPOILED, "phone": "138 0000 0000"}.items()


@pytest.mark.parametrize("failing", [1, 5])
def test_a_database_that_is_away_holds_nothing(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """It is a matter of coming again, not of these lines."""
    work, calls = Push.put, [0]

    def away(self: Push, *arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] <= failing:
            raise sa.exc.OperationalError("INSERT", {}, Exception("server closed the connection"))
        return work(self, *arguments)

    monkeypatch.setattr(Push, "put", away)
    home = wang.create("household", unit=GRID)
    with pytest.raises(ProblemAnswerError) as refused:
        wang.sync()
    assert (refused.value.status, refused.value.code) == (503, "unavailable")
    calls[0] = failing
    assert wang.sync().outcomes == []
    assert wang.sees(home)


def test_a_database_that_goes_away_while_lines_go_one_by_one(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    work = Push.put

    def failing(self: Push, *arguments: Any) -> Any:
        calls.append("")
        if len(calls) == 1:
            raise RuntimeError("a bug")
        if len(calls) == 2:
            raise sa.exc.OperationalError("INSERT", {}, Exception("server closed the connection"))
        return work(self, *arguments)

    monkeypatch.setattr(Push, "put", failing)
    home = wang.create("household", unit=GRID)
    with pytest.raises(ProblemAnswerError, match="unavailable"):
        wang.sync()
    assert wang.sync().outcomes == []
    assert wang.sees(home)


def test_a_page_that_cannot_be_read_keeps_no_line_out(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("a bug")

    home = wang.create("household", unit=GRID)
    body = wang.body(list(wang.outbox.values()))
    monkeypatch.setattr(pull, "planned", failing)
    assert wang.post(body).status_code == http.HTTPStatus.INTERNAL_SERVER_ERROR
    with county.center.engine.connect() as connection:
        known = ask(connection, log.known(COUNTY, [home]))
    assert [each.outcome.result for each in known.values()] == ["applied"]
    monkeypatch.undo()
    assert wang.sync().outcomes == []
    assert wang.sees(home)


def test_a_failure_without_lines_is_a_failure(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ledger, "known_marks", failing)
    answer = wang.post(wang.body())
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "a bug" not in answer.text


# -- lines of a newer app


def test_a_line_of_a_newer_schema_waits_for_the_release(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    newer = wang.put(schema=2, do="change", type="household", id=home, over={}, now={"zodiac": "虎"})
    answer = wang.sync()
    (outcome,) = answer.outcomes
    assert (outcome["edit"], outcome["result"], outcome["code"]) == (newer, "held", "newer-schema")
    assert wang.all("held")[newer].items() >= {"record": home, "record_type": "household"}.items()
    new_release(county)
    assert wang.sync().rows == (), "this release cannot read it either"
    with pytest.raises(NotPossibleError, match="waits for release"):
        holding.let_go(county.center, newer)


def test_a_release_that_reads_it_takes_it_up(county: County, wang: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    home = wang.create("household", unit=GRID)
    newer = wang.put(schema=2, do="change", type="household", id=home, over={"phone": [home]}, now={"phone": "139"})
    late = wang.create("household", unit=GRID)
    wang.sync()
    catalog = replace(CATALOG, version=2)
    for module in (asked, loading, push, replay):
        monkeypatch.setattr(module, "CATALOG", catalog)
    new_release(county)
    wang.sync()
    assert wang.all("household")[home]["phone"] == "139"
    assert wang.all("held")[newer]["result"] == "applied"
    assert wang.sees(late)
    assert county.differences() == []
    county.is_checked = False  # That release is gone when the test ends.


def test_a_newer_line_of_somebody_else_is_refused(county: County, wang: Device, li: Device) -> None:
    _, line = wang.line(schema=2, do="create", type="household", now={})
    (outcome,) = li.push([line]).outcomes
    assert (outcome["result"], outcome["code"], outcome["field"]) == ("refused", "not-allowed", "by")


# -- held edits, and who sees them


def test_held_edits_are_seen_by_their_author_and_the_staff_above(
    county: County, wang: Device, li: Device, zhao: Device
) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    qian = county.worker("钱进", "990101101002", "village_staff")
    chen = county.worker("陈和", "990101", "county_staff")
    edit = wang.create("visit", household="00000000-0000-7000-8000-000000000003", unit=GRID)
    wang.sync()
    twin = county.device(wang.person)
    for device in (li, zhao, sun, qian, chen, twin):
        device.catch_up()
        assert device.sees(edit) is (device in (sun, chen, twin))
    assert sun.rows["held", edit]["keys"] == [f"staff:{GRID}"]
    assert holding.turn_down(county.center, edit) == {"edit": edit, "result": "refused", "code": "not-allowed"}
    for device in (sun, chen, twin):
        device.catch_up()
        assert device.all("held")[edit]["result"] == "refused"
    for decided in (holding.let_go, holding.turn_down):
        with pytest.raises(NotPossibleError, match="is not held"):
            decided(county.center, edit)
        with pytest.raises(NotPossibleError):
            decided(county.center, "nonsense")


def test_letting_go_what_still_waits(county: County, wang: Device) -> None:
    edit = wang.create("visit", household="00000000-0000-7000-8000-000000000003", unit=GRID)
    wang.sync()
    with pytest.raises(NotPossibleError, match="record:00000000-0000-7000-8000-000000000003"):
        holding.let_go(county.center, edit)
    (listed,) = holding.held(county.center)
    assert listed["waits_for"] == [f"person:{wang.person}", "record:00000000-0000-7000-8000-000000000003"]


# -- mending


def test_a_refused_creation_is_mended_and_its_children_find_it(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID, people_count=-1)
    visit = wang.create("visit", household=home, unit=GRID)
    answer = wang.sync()
    assert answer.outcome(home)["code"] == "invalid"
    assert answer.outcome(visit)["code"] == "unknown-record"
    mend = wang.mend(home, "household", unit=GRID)
    assert wang.sync().outcome(mend)["result"] == "applied"
    assert wang.rows["household", home]["dots"] == {"*": [mend]}
    assert wang.sees(visit)
    assert not wang.sees(mend)
    wang.change("household", home, phone="138")
    wang.sync()
    li.sync()
    assert li.all("household")[home]["phone"] == "138"


def test_mends_that_are_no_mends(county: County, wang: Device, li: Device) -> None:
    fine = wang.create("household", unit=GRID)
    wrong = wang.create("household", unit="nowhere")
    wang.sync()
    not_own = li.mend(wrong, "household", unit=GRID)
    assert li.sync().outcome(not_own).items() >= {"result": "held", "code": "unknown-record"}.items()
    applied = wang.mend(fine, "household", unit=GRID)
    another_type = wang.mend(wrong, "dispute", unit=GRID)
    unknown = wang.mend("01a1fd3d-1080-7000-8000-00000000000f", "household", unit=GRID)
    answer = wang.sync()
    assert [answer.outcome(edit)["code"] for edit in (applied, another_type)] == ["invalid", "invalid"]
    assert answer.outcome(unknown).items() >= {"result": "held", "code": "unknown-record"}.items()


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("fault", [{"unit": "nowhere"}, {"unit": GRID, "people_count": -1}], ids=["judged", "unread"])
def test_a_mend_that_is_refused_and_mended_again(
    county: County, wang: Device, li: Device, at_once: bool, fault: dict[str, object]
) -> None:
    """The record keeps its first id through the chain, whichever batches it comes in, and nothing of it is lost."""
    home = wang.create("household", unit="nowhere")
    visit = wang.create("visit", household=home, unit=GRID)
    wang.sync()
    twin = county.device(wang.person)
    first = twin.mend(home, "household", unit=GRID, head_name="甲某")
    twin.sync()
    li.sync()
    phone = li.change("household", home, phone="138")
    li.sync()
    wrong = wang.mend(home, "household", **fault)
    if not at_once:
        wang.sync()
    right = wang.mend(wrong, "household", unit=GRID, head_name="乙某")
    assert wang.sync().outcome(right)["result"] == "conflict"
    wang.catch_up()
    assert wang.sees(visit)
    assert phone in wang.rows["household", home]["dots"]["phone"]
    assert set(wang.rows["household", home]["dots"]["*"]) == {first, right}


def test_a_held_edit_of_one_who_belongs_nowhere_is_the_countys(county: County, wang: Device) -> None:
    chen = county.worker("陈和", COUNTY, "county_staff")
    guest = county.worker("何来", role="admin", unit=COUNTY)
    county.clock.pass_ms(HOUR_MS)
    administration.unassign(county.center, guest.person, COUNTY, Period())
    edit = guest.change("household", "00000000-0000-7000-8000-000000000003", phone="1")
    guest.sync()
    chen.catch_up()
    assert guest.rows["held", edit]["keys"] == [f"person:{guest.person}"]
    assert chen.rows["held", edit]["keys"] == [f"staff:{COUNTY}"]


def test_a_record_whose_creation_was_held_stands_like_any_other(county: County, wang: Device, li: Device) -> None:
    """The held edit and the record bear one name, and stand under different keys."""
    home = wang.create("household", unit=GRID)
    visit = li.create("visit", household=home, unit=GRID)
    li.sync()
    wang.sync()
    assert wang.rows["visit", visit]["keys"] == [f"unit:{GRID}"]
    wang.change("visit", visit, people_met="甲某")
    wang.change("held", visit, code="x")
    wang.sync()
    li.catch_up()
    assert li.rows["visit", visit]["keys"] == [f"unit:{GRID}"]
    assert li.rows["visit", visit]["doc"]["people_met"] == "甲某"
    assert li.rows["held", visit]["keys"] == [f"person:{li.person}"]
    with county.center.engine.connect() as connection:
        placement = tables.placement.c
        keys = sa.select(placement.key).where(placement.record == visit, placement.type == "visit")
        assert list(connection.scalars(keys)) == [f"unit:{GRID}"]
        assert not list(connection.execute(sa.select(tables.past_placement)))


def test_a_line_about_a_held_record_does_not_hide_the_record(county: County, wang: Device, li: Device) -> None:
    fence = li.create("dispute", unit=GRID, duplicate_of=None)
    page = wang.create("entry", dispute=fence)
    wang.sync()
    li.sync()
    wang.change("held", page, code="x")
    wang.change("entry", page, text="别的")
    late = wang.create("entry", dispute=fence)
    answer = wang.sync()
    assert [each["code"] for each in answer.outcomes] == ["not-allowed", "not-allowed"]
    assert wang.sees(late)


def test_staff_of_a_unit_that_its_author_never_belonged_to_see_it_no_more(county: County, wang: Device) -> None:
    """The office corrects an assignment backwards, while an edit of the time is held."""
    sun = county.worker("孙立", VILLAGE, "village_staff")
    home = "00000000-0000-7000-8000-000000000003"
    edit = wang.change("household", home, phone="1")
    wang.sync()
    sun.catch_up()
    assert sun.sees(edit)
    corrected = Period(last=date(2026, 11, 1))
    administration.assign(county.center, wang.person, FAR_GRID, None, ALWAYS)
    administration.unassign(county.center, wang.person, GRID, corrected)
    holding.turn_down(county.center, edit)
    sun.catch_up()
    assert not sun.sees(edit)
    qian = county.worker("钱进", "990101101002", "village_staff")
    qian.catch_up()
    assert qian.all("held")[edit]["result"] == "refused"
