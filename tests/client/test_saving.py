"""Saving with no network: what is kept, what is refused at once, and what the line says."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest

from client_sdk import InvalidError, Record, RecordUnknownError, StoreMissingError
from client_sdk.desk import Desk
from client_sdk.store import Store
from client_sdk.values import wire_value
from schemas.catalog import CATALOG
from sync import edits
from tests.client.center import GRID, OTHER_GRID
from tests.client.conftest import Worker
from tests.client.stories import dispute, everything, household, last_line, sync, visit

HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)


def test_a_visit_needs_little_and_knows_the_rest(wang: Worker) -> None:
    home = household(wang)
    made = visit(wang, home, purposes={"follow_up", "errand"})
    assert made.document == {
        "household": home.id,
        "unit": GRID,
        "visited_at": "2026-11-21T08:00:00Z",
        "visitor": "wang",
        "mode": "door",
        "result": "met",
        "purposes": ["errand", "follow_up"],
    }
    assert (made.type, made.keys, made.pending, made.notes) == ("visit", (), True, None)
    assert wang.tablet.visits.get(made.id) == made
    assert wang.tablet.waiting == 2


def test_a_dispute_starts_where_its_difficulty_says(wang: Worker) -> None:
    assert {"status", "tier", "source", "difficulty", "violence_likely", "registered_by"} <= dispute(
        wang
    ).document.keys()
    assert dispute(wang).tier == "grid"
    assert dispute(wang, difficulty="major").tier == "township"
    with pytest.raises(InvalidError) as found:
        dispute(wang, difficulty=["simple"])
    assert {problem.field for problem in found.value.problems} >= {"difficulty"}


def test_an_entry_says_when_and_by_whom(wang: Worker) -> None:
    made = wang.tablet.entries.create(dispute=dispute(wang), kind="session", text="谈了一次。")
    assert (made.at, made.by) == ("2026-11-21T08:00:00Z", "wang")


def test_who_works_in_two_grids_says_which_but_for_a_known_household(worker: Callable[[str], Worker]) -> None:
    sun = worker("sun")
    with pytest.raises(InvalidError, match="Grid"):
        household(sun)
    home = household(sun, unit=OTHER_GRID)
    assert visit(sun, home).unit == OTHER_GRID


def test_a_creation_is_one_line_in_the_order_of_the_design(wang: Worker) -> None:
    home = household(wang, head_name=None)
    line = last_line(wang)
    assert list(line) == ["edit", "schema", "by", "do", "type", "at", "now"]
    assert line["edit"] == home.id
    assert line["now"] == {"unit": GRID, "address": "河边一号"}
    assert line["at"].startswith("2026-11-21T08:00:00.000Z")


def test_a_change_says_what_was_shown_and_what_it_saw(wang: Worker) -> None:
    made = dispute(wang)
    changed = wang.tablet.disputes.change(made.id, title="Fence and drain", place=None, amount_yuan=300)
    line = last_line(wang)
    assert list(line) == ["edit", "schema", "by", "do", "type", "id", "at", "over", "was", "now"]
    assert line["over"] == {"title": [made.id], "amount_yuan": [made.id]}
    assert line["was"] == {"title": "Fence", "amount_yuan": None}
    assert line["now"] == {"title": "Fence and drain", "amount_yuan": "300"}
    assert (changed.title, changed.amount_yuan) == ("Fence and drain", "300")
    wang.tablet.disputes.change(changed, title="Drain")
    assert last_line(wang)["over"] == {"title": [line["edit"]]}


def test_a_set_is_given_whole_and_travels_as_what_changed(wang: Worker) -> None:
    made = visit(wang, household(wang), purposes=["errand", "follow_up"])
    changed = wang.tablet.visits.change(made.id, purposes=("errand", "check_details"))
    line = last_line(wang)
    assert line["add"] == {"purposes": ["check_details"]}
    assert line["remove"] == {"purposes": ["follow_up"]}
    assert line["over"] == {"purposes/check_details": [made.id], "purposes/follow_up": [made.id]}
    assert "now" not in line
    assert changed.purposes == ["check_details", "errand"]


def test_status_tier_and_assignee_travel_together(wang: Worker) -> None:
    made = dispute(wang)
    wang.tablet.disputes.change(made.id, status="accepted")
    line = last_line(wang)
    assert line["was"] == {"status": "reported", "tier": "grid", "assignee": None}
    assert line["now"] == {"status": "accepted", "tier": "grid", "assignee": None}
    assert line["over"] == {"status": [made.id]}


def test_changing_nothing_saves_nothing(wang: Worker) -> None:
    made = visit(wang, household(wang))
    before = everything(wang)
    assert wang.tablet.visits.change(made.id) == made
    assert wang.tablet.visits.change(made.id, purposes=["errand"], notes=None, result="met", photos=[]) == made
    assert everything(wang) == before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"result": "gone"}, "result"),
        ({"purposes": []}, "purposes"),
        ({"purposes": "errand"}, "purposes"),
        ({"purposes": [1, "errand"]}, "purposes.0"),
        ({"visited_at": datetime(2026, 11, 21)}, "visited_at"),  # noqa: DTZ001 - what is refused
        ({"satisfaction": 6}, "satisfaction"),
        ({"notes": object()}, "notes"),
        ({"notes": "a\ud800b"}, "notes"),
        ({"notes": "a\0b"}, "notes"),
        ({"photos": ["1.jpg", "\udcff.jpg"]}, "photos"),
        ({"satisfaction": 10**5000}, "satisfaction"),
        ({"visited_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=8)))}, "visited_at"),
        ({"visited_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-8)))}, "visited_at"),
        ({"photos": HOLDS_ITSELF}, "photos"),
        ({"location": {"lat": HOLDS_ITSELF, "lon": "102.4"}}, "location.lat"),
        ({"location": {"lat": "25.5", "lon": "102.4", "accuracy_m": 10**5000}}, "location.accuracy_m"),
        ({"shoe_size": 4}, "shoe_size"),
    ],
)
def test_what_is_not_as_it_must_be_is_said_and_not_saved(wang: Worker, values: dict[str, object], field: str) -> None:
    home = household(wang)
    made = visit(wang, home)
    before = everything(wang)
    saves: list[Callable[[], Record]] = [
        lambda: visit(wang, home, **values),
        lambda: wang.tablet.visits.change(made.id, **values),
    ]
    for save in saves:
        with pytest.raises(InvalidError) as found:
            save()
        assert field in [problem.field for problem in found.value.problems]
        assert found.value.zh
        assert found.value.en
    assert everything(wang) == before


def test_what_is_the_servers_or_said_once_is_not_for_people(wang: Worker) -> None:
    made = visit(wang, household(wang))
    with pytest.raises(InvalidError, match="not yours"):
        wang.tablet.visits.change(made.id, unit=OTHER_GRID)
    with pytest.raises(InvalidError, match="not yours"):
        dispute(wang, case_no="(2026)人调字第12号")


def test_a_line_over_64_kib_is_refused_at_once(wang: Worker) -> None:
    parties = [{"role": "applicant", "kind": "person", "name": "甲" * 200, "address": "乙" * 400}] * 40
    with pytest.raises(InvalidError, match="64 KiB"):
        dispute(wang, parties=parties)
    assert wang.tablet.waiting == 0


def test_a_long_text_can_be_changed_though_both_of_it_do_not_fit(wang: Worker) -> None:
    made = dispute(wang, summary="一" * 20_000)
    changed = wang.tablet.disputes.change(made, summary="二" * 20_000, status="accepted")
    assert changed.summary == "二" * 20_000
    assert last_line(wang)["was"] == {"status": "reported", "tier": "grid", "assignee": None}
    assert wang.tablet.sync().refused == 0


def test_a_record_that_is_not_there_cannot_be_changed(wang: Worker) -> None:
    with pytest.raises(RecordUnknownError):
        wang.tablet.visits.change("0193f0a0-0000-7000-8000-000000000000", notes="x")
    assert wang.tablet.visits.get("0193f0a0-0000-7000-8000-000000000000") is None


def test_python_values_become_the_wires(wang: Worker) -> None:
    east = timezone(timedelta(hours=8))
    made = visit(
        wang,
        household(wang),
        visited_at=datetime(2026, 11, 21, 16, 30, tzinfo=east),
        follow_up_on=date(2026, 12, 1),
        location={"lat": Decimal("25.500"), "lon": Decimal("102.401234"), "accuracy_m": 8},
    )
    assert (made.visited_at, made.follow_up_on) == ("2026-11-21T08:30:00Z", "2026-12-01")
    assert made.location == {"lat": "25.5", "lon": "102.401234", "accuracy_m": 8}
    assert visit(wang, household(wang), location={"lat": "1", "lon": "2", "accuracy_m": None}).location == {
        "lat": "1",
        "lon": "2",
    }
    assert last_line(wang)["now"]["location"] == {"lat": "1", "lon": "2"}
    with_ms = visit(wang, household(wang), visited_at=datetime(2026, 11, 21, 8, 0, 0, 5000, tzinfo=UTC))
    assert with_ms.visited_at == "2026-11-21T08:00:00.005Z"
    assert dispute(wang, amount_yuan=Decimal("1250.50")).amount_yuan == "1250.5"
    assert dispute(wang, amount_yuan=Decimal("-0")).amount_yuan == "0"
    assert dispute(wang, amount_yuan=Decimal("3E2")).amount_yuan == "300"
    with pytest.raises(InvalidError, match="Amount"):
        dispute(wang, amount_yuan=True)
    for amount in (Decimal("NaN"), Decimal("1E+999999999"), Decimal("1E-999999999"), 10**5000):
        with pytest.raises(InvalidError, match="Amount"):
            dispute(wang, amount_yuan=amount)


@pytest.mark.parametrize("number", [10, Decimal(10)])
def test_a_number_has_at_most_a_hundred_digits(number: int | Decimal) -> None:
    def written(value: object) -> object:
        return wire_value(CATALOG.types["dispute"], "amount_yuan", value)

    assert written(number**99) == "1" + "0" * 99
    assert not isinstance(written(number**100), str)


def test_an_unknown_field_is_no_attribute(wang: Worker) -> None:
    with pytest.raises(AttributeError):
        _ = household(wang).shoe_size
    with pytest.raises(AttributeError):
        _ = Record("meteor", "1", {}).size


def test_records_can_stand_in_a_set(wang: Worker) -> None:
    home = household(wang)
    assert {home, wang.tablet.households.get(home)} == {home}
    assert len({home, household(wang)}) == 2


def test_list_find_and_history(wang: Worker) -> None:
    one, other = household(wang), household(wang, address="100% 坡上_二号", door_no="B2")
    made = visit(wang, one, notes="Talked of the Ditch")
    visit(wang, other)
    assert wang.tablet.visits.list(household=one) == [made]
    assert wang.tablet.visits.list(
        household=one.id, result="met", visited_at=datetime(2026, 11, 21, 8, tzinfo=UTC)
    ) == [made]
    assert wang.tablet.visits.list(result="declined") == []
    assert len(wang.tablet.visits.list()) == 2
    assert wang.tablet.visits.find("ditch") == [made]
    assert wang.tablet.households.find("0% 坡") == [other]
    assert wang.tablet.households.find("上_二") == [other]
    assert wang.tablet.households.find("河_一") == []
    dispute(wang)
    assert len(wang.tablet.disputes.find("赵甲")) == 1
    wang.tablet.visits.change(made.id, notes="Talked", purposes=["errand", "follow_up"])
    first, second = wang.tablet.visits.history(made.id)
    assert (first.do, first.state, first.edit) == ("create", "new", made.id)
    assert (second.was, second.now, second.add) == (
        {"notes": "Talked of the Ditch"},
        {"notes": "Talked"},
        {"purposes": ["follow_up"]},
    )


def test_records_are_listed_in_the_order_in_which_they_were_made(wang: Worker) -> None:
    made = [household(wang, address=str(number)).id for number in range(20)]
    wang.ahead_ms = -3_600_000
    made.append(household(wang, address="after the clock went back").id)
    assert [each.id for each in wang.tablet.households.list()] == made
    assert [each.id for each in wang.tablet.households.find("")] == made


def test_a_list_by_a_field_that_is_none_is_no_empty_list(wang: Worker) -> None:
    home = household(wang)
    with pytest.raises(InvalidError, match="houshold") as found:
        wang.tablet.visits.list(houshold=home, result="met")
    assert [(problem.code, problem.field) for problem in found.value.problems] == [("unknown-field", "houshold")]


def test_find_looks_into_values_alone_and_knows_the_case_of_all_letters(wang: Worker) -> None:
    said = 'Ёлка №1, "Ｄ-7" \\ 后门\n第二行'
    made = household(wang, address=said)
    household(wang, address="address")
    find = wang.tablet.households.find
    for text in ("ёлка", "ｄ-7", '"Ｄ', "\\ 后", "门\n第", "第二行"):
        assert find(text) == [made], text
    assert [each.address for each in find("ADDRESS")] == ["address"]
    assert find("door_no") == find('":"') == find("nn") == []
    assert len(find("")) == 2
    much = household(wang, notes="查" * 2_000)
    assert find("查" * 2_000) == [much]
    assert find("查" * 20_000) == []


@pytest.mark.parametrize("back", [None, ""])
def test_a_removed_record_is_out_of_the_lists_until_it_is_taken_back(wang: Worker, back: str | None) -> None:
    home = household(wang)
    wang.tablet.households.change(home, removed="two doors were one")
    assert wang.tablet.households.list() == wang.tablet.households.find("河边") == []
    assert [each.id for each in wang.tablet.households.list(with_removed=True)] == [home.id]
    assert [each.id for each in wang.tablet.households.list(removed="two doors were one")] == [home.id]
    wang.tablet.households.change(home, removed=back)
    assert [each.id for each in wang.tablet.households.list()] == [home.id]
    assert [each.id for each in wang.tablet.households.find("河边")] == [home.id]


def test_every_line_can_be_read_by_the_center_and_none_is_written_twice_alike(wang: Worker) -> None:
    home = household(wang)
    for count in range(3):
        wang.tablet.households.change(home, people_count=count)
    lines = [line for (line,) in wang.tablet._desk.store.rows("SELECT line FROM outbox ORDER BY seq")]
    read = [edits.read(line, CATALOG) for line in lines]
    assert all(isinstance(edit, edits.Edit) for edit in read)
    assert len({edit.name for edit in read}) == 4
    stamps = [str(edit.at) for edit in read]
    assert stamps == sorted(set(stamps))


def test_saved_work_is_there_after_a_restart(wang: Worker) -> None:
    made = visit(wang, household(wang))
    tablet = wang.reopen()
    assert tablet.visits.get(made.id) == made
    assert tablet.waiting == 2
    assert tablet.person["id"] == "wang"
    assert f"unit:{GRID}" in tablet.scope
    assert tablet.last_sync is None
    sync(wang)
    assert wang.reopen().last_sync == datetime(2026, 11, 21, 8, 0, 1, tzinfo=UTC)


class Result(StrEnum):
    MET = "met"


def test_members_of_an_enumeration_are_their_values(wang: Worker) -> None:
    made = visit(wang, household(wang), result=Result.MET)
    assert type(made.document["result"]) is str


def test_nobody_saves_before_the_enrolment(tmp_path: Path) -> None:
    desk = Desk(Store(tmp_path / "x.tablet", create=True), lambda: 0)
    with pytest.raises(StoreMissingError):
        desk.create("household", {"address": "x", "unit": GRID})
    desk.store.close()
