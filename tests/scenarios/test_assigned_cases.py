"""A case comes to a mediator with all that belongs to it, and goes with all of it."""

import pytest

from server import administration
from tests.support.clock import HOUR_MS, MINUTE_MS
from tests.support.county import GRID, VILLAGE, County
from tests.support.device import Device


@pytest.fixture
def sun(county: County) -> Device:
    """Village staff, who assign."""
    return county.worker("孙立", VILLAGE, "village_staff")


@pytest.fixture
def chen(county: County) -> Device:
    """A mediator."""
    return county.worker("陈和", VILLAGE, "mediator")


@pytest.fixture
def fence(county: County, wang: Device, li: Device, sun: Device, chen: Device) -> str:
    """An accepted dispute with two entries and a conflict, which everybody but the mediator has."""
    found = wang.create("dispute", unit=GRID)
    wang.create("entry", dispute=found, text="一")
    wang.create("entry", dispute=found, text="二")
    wang.sync()
    li.sync()
    wang.change("dispute", found, title="围墙一")
    li.change("dispute", found, title="围墙二")
    for device in (wang, li, sun, chen):
        device.sync()
    sun.change("dispute", found, status="accepted")
    sun.sync()
    assert not chen.all("dispute")
    return found


def assign(sun: Device, fence: str, assignee: str | None) -> None:
    sun.catch_up()
    edit = sun.change("dispute", fence, assignee=assignee)
    assert sun.sync().outcome(edit)["result"] == "applied"


def everything(device: Device, fence: str) -> list[str]:
    return sorted(kind for kind, record in device.rows if kind != "held")


def test_it_brings_its_old_entries_and_conflicts(county: County, sun: Device, chen: Device, fence: str) -> None:
    before = {row["rev"] for row in sun.rows.values()}
    assign(sun, fence, f"person:{chen.person}")
    answer = chen.sync()
    assert everything(chen, fence) == ["conflict", "dispute", "entry", "entry"]
    assert all(row["keys"] == [f"person:{chen.person}"] for row in answer.rows)
    assert min(row["rev"] for row in answer.rows) > max(before)
    assert not [key for key in sun.rows if key not in {(row["type"], row["id"]) for row in answer.rows}]


def test_it_goes_with_all_of_them(county: County, sun: Device, chen: Device, fence: str) -> None:
    assign(sun, fence, f"person:{chen.person}")
    chen.sync()
    had = set(chen.rows)
    assign(sun, fence, None)
    answer = chen.sync()
    assert answer.gone == dict.fromkeys(had, "moved")
    assert chen.rows == {}
    sun.sync()
    assert everything(sun, fence) == ["conflict", "dispute", "entry", "entry"]


def test_it_comes_back(county: County, sun: Device, chen: Device, fence: str) -> None:
    for assignee in (f"person:{chen.person}", None, f"person:{chen.person}"):
        assign(sun, fence, assignee)
        county.clock.pass_ms(MINUTE_MS)
    chen.catch_up()
    assert everything(chen, fence) == ["conflict", "dispute", "entry", "entry"]


def test_work_done_before_it_went_is_taken(county: County, sun: Device, chen: Device, fence: str) -> None:
    assign(sun, fence, f"person:{chen.person}")
    chen.sync()
    county.clock.pass_ms(HOUR_MS)
    page = chen.create("entry", dispute=fence, kind="session")
    place = chen.change("dispute", fence, place="渠边")
    county.clock.pass_ms(HOUR_MS)
    assign(sun, fence, None)
    county.clock.pass_ms(HOUR_MS)
    answer = chen.sync()
    assert answer.outcomes == []
    assert answer.outcome(page)["result"] == answer.outcome(place)["result"] == "applied"
    assert chen.rows == {}
    sun.sync()
    assert sun.all("dispute")[fence]["place"] == "渠边"
    assert sun.sees(page)


def test_work_done_after_it_went_is_held_for_staff(county: County, sun: Device, chen: Device, fence: str) -> None:
    assign(sun, fence, f"person:{chen.person}")
    chen.sync()
    county.clock.pass_ms(HOUR_MS)
    assign(sun, fence, None)
    county.clock.pass_ms(HOUR_MS)
    late = chen.create("entry", dispute=fence)
    never = chen.create("entry", dispute="00000000-0000-7000-8000-000000000001")
    answer = chen.sync()
    outcome, other = answer.outcome(late), answer.outcome(never)
    assert (outcome["result"], outcome["code"]) == ("held", "unknown-record")
    assert outcome | {"edit": ""} == other | {"edit": ""}, "what exists and what does not must look alike"
    county.clock.pass_ms(HOUR_MS)
    assign(sun, fence, f"person:{chen.person}")
    chen.catch_up()
    assert chen.all("held")[late]["result"] == "held", "it was made while the case was not theirs"


def test_it_comes_to_everyone_of_a_committee(county: County, sun: Device, chen: Device, fence: str) -> None:
    committee = str(administration.add_body(county.center, "柳沟调解委员会", VILLAGE)["id"])
    administration.join(county.center, committee, chen.person)
    zhou = county.worker("周正", VILLAGE, "mediator")
    administration.join(county.center, committee, zhou.person)
    chen.catch_up()
    assign(sun, fence, f"body:{committee}")
    for device in (chen, zhou):
        device.catch_up()
        assert everything(device, fence) == ["conflict", "dispute", "entry", "entry"]
        assert device.rows["dispute", fence]["keys"] == [f"body:{committee}"]
    county.clock.pass_ms(HOUR_MS)
    page = zhou.create("entry", dispute=fence, kind="session")
    county.clock.pass_ms(HOUR_MS)
    administration.leave(county.center, committee, zhou.person)
    county.clock.pass_ms(HOUR_MS)
    late = zhou.create("entry", dispute=fence, kind="session")
    answer = zhou.sync()
    assert answer.lost == (f"body:{committee}",)
    assert answer.outcome(page)["result"] == "applied"
    assert answer.outcome(late)["result"] == "held"
    assert {kind for kind, _ in zhou.rows} == {"held"}
    chen.catch_up()
    assert chen.sees(page)


def test_who_joins_the_committee_gets_its_cases(county: County, sun: Device, chen: Device, fence: str) -> None:
    committee = str(administration.add_body(county.center, "柳沟调解委员会", VILLAGE)["id"])
    assign(sun, fence, f"body:{committee}")
    chen.catch_up()
    assert not chen.rows
    administration.join(county.center, committee, chen.person)
    chen.want = 1
    chen.catch_up()
    assert everything(chen, fence) == ["conflict", "dispute", "entry", "entry"]


def test_one_who_has_it_by_grid_and_by_name_keeps_it(county: County, sun: Device, wang: Device, fence: str) -> None:
    assign(sun, fence, f"person:{wang.person}")
    wang.catch_up()
    assert wang.rows["dispute", fence]["keys"] == [f"person:{wang.person}", f"unit:{GRID}"]
    assign(sun, fence, None)
    answer = wang.sync()
    assert not answer.gone
    assert wang.rows["dispute", fence]["keys"] == [f"unit:{GRID}"]
    assert everything(wang, fence) == ["conflict", "dispute", "entry", "entry"]


def test_a_new_entry_comes_to_both(county: County, sun: Device, chen: Device, wang: Device, fence: str) -> None:
    assign(sun, fence, f"person:{chen.person}")
    chen.sync()
    page = chen.create("entry", dispute=fence)
    chen.sync()
    wang.sync()
    assert wang.sees(page)
    other = wang.create("entry", dispute=fence)
    wang.sync()
    chen.sync()
    assert chen.sees(other)


def test_a_conflict_that_is_settled_and_one_that_is_withdrawn(
    county: County, sun: Device, chen: Device, fence: str
) -> None:
    assign(sun, fence, f"person:{chen.person}")
    chen.sync()
    settled = chen.change("dispute", fence, title="围墙", settles=["title"])
    assert chen.sync().outcome(settled)["result"] == "applied"
    (conflict,) = chen.all("conflict").values()
    assert conflict["status"] == "settled"
    assert [each["by"] for each in conflict["settlements"]] == [chen.person]
    sun.sync()
    assert [each["status"] for each in sun.all("conflict").values()] == ["settled"]
