"""A tablet's clock may be wrong by years: work is kept, stamps are moved or capped, and nobody backdates."""

from datetime import date

import pytest

from server import administration, holding
from server.administration import Period
from sync.limits import DRIFT_MS_MAX
from sync.stamps import stamp
from tests.support.clock import DAY_MS, HOUR_MS, MINUTE_MS, MORNING_MS, TestClock
from tests.support.county import GRID, County
from tests.support.device import Device

YEAR_MS = 365 * DAY_MS


def beside(county: County, ahead_ms: int) -> Device:
    """A tablet whose clock is ahead by so much."""
    person = county.hire("何来", "grid_worker", GRID)
    return county.device(person, lambda: county.clock.now_ms + ahead_ms)


def test_every_answer_says_the_time(county: County, wang: Device) -> None:
    county.clock.pass_ms(MINUTE_MS)
    assert wang.sync().head["clock"] == stamp(MORNING_MS + MINUTE_MS)


@pytest.mark.parametrize("ahead_ms", [HOUR_MS, YEAR_MS, 100 * YEAR_MS])
def test_stamps_of_a_fast_clock_are_moved_back(county: County, li: Device, ahead_ms: int) -> None:
    guest = beside(county, ahead_ms)
    county.clock.pass_ms(HOUR_MS)
    home = guest.create("household", unit=GRID, head_name="甲某")
    county.clock.pass_ms(10 * MINUTE_MS)
    answer = guest.sync()
    made = answer.outcome(home)
    assert (made["result"], made["at"]) == ("applied", stamp(MORNING_MS + HOUR_MS))
    assert guest.push(list(guest.sent.values())).outcome(home) == made, "the stamp taken is told again"
    county.clock.pass_ms(MINUTE_MS)
    li.sync()
    li.change("household", home, address="新路 1 号")
    li.sync()
    guest.sync()
    assert guest.all("household")[home]["address"] == "新路 1 号", "what was written later is shown"


def test_moved_stamps_stop_at_the_enrolment(county: County) -> None:
    """A clock that jumped ahead just before the sync would move older stamps too far back."""
    clock = TestClock(MORNING_MS)
    guest = county.device(county.hire("何来", "grid_worker", GRID), clock)
    clock.now_ms += YEAR_MS
    early = guest.create("household", unit=GRID)
    clock.now_ms += YEAR_MS
    county.clock.pass_ms(HOUR_MS)
    answer = guest.sync()
    assert answer.outcome(early)["at"] == stamp(MORNING_MS)
    assert guest.sees(early)


@pytest.mark.parametrize("ahead_ms", [1, DRIFT_MS_MAX])
def test_a_few_minutes_are_nobodys_fault(county: County, ahead_ms: int) -> None:
    guest = beside(county, ahead_ms)
    home = guest.create("household", unit=GRID)
    assert guest.sync().outcomes == []
    assert guest.sees(home)


def test_what_is_still_ahead_is_capped(county: County, wang: Device) -> None:
    """The clock was put right between the work and the sync."""
    name, line = dated(wang, MORNING_MS + DAY_MS)
    outcome = wang.push([line]).outcome(name)
    assert (outcome["result"], outcome["at"]) == ("applied", stamp(MORNING_MS + DRIFT_MS_MAX))


def test_a_slow_clock_is_believed(county: County, wang: Device) -> None:
    """Its stamps lie in the past and order nothing but what is concurrent."""
    guest = beside(county, -30 * DAY_MS)
    home = guest.create("household", unit=GRID)
    assert guest.sync().outcomes == []
    assert guest.sees(home)
    again = guest.create("household", unit=GRID)
    assert guest.sync().outcome(again)["result"] == "applied"


def test_a_clock_before_all_time(county: County, wang: Device) -> None:
    guest = county.device(wang.person, lambda: 0)
    home = guest.create("household", unit=GRID)
    answer = guest.sync()
    assert answer.outcome(home)["result"] == "applied"


@pytest.mark.parametrize(("year", "moved"), [("0001", None), ("9999", f"{stamp(MORNING_MS)[:-4]}ffff")])
def test_the_ends_of_time(county: County, wang: Device, year: str, moved: str | None) -> None:
    far = f"{year}-12-31T23:59:59.999Z-ffff"
    name, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"}, at=far)
    outcome = wang.push([line], now=far).outcome(name)
    assert (outcome["result"], outcome.get("at")) == ("applied", moved)


def test_the_servers_own_clock_was_a_month_ahead(county: County, wang: Device) -> None:
    """A tablet that said then that it owed nothing is not judged by the rights of that month's end."""
    county.clock.pass_ms(30 * DAY_MS)
    wang.sync()
    county.clock.pass_ms(-30 * DAY_MS)
    administration.unassign(county.center, wang.person, GRID, Period(last=date(2026, 11, 30)))
    home = wang.create("household", unit=GRID)
    assert wang.sync(owes=1).outcome(home)["result"] == "applied"
    beyond = [wang.create("household", unit=GRID) for _ in range(2)]
    answer = wang.sync()
    assert {answer.outcome(each)["result"] for each in beyond} == {"applied"}


# -- who left a grid does not go on by dating work back


@pytest.fixture
def left(county: County, wang: Device) -> Device:
    """A worker who owed nothing a day before the assignment ended, and comes a day after."""
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    administration.unassign(county.center, wang.person, GRID, Period())
    county.clock.pass_ms(DAY_MS)
    return wang


def dated(device: Device, at_ms: int) -> tuple[str, bytes]:
    return device.line(do="create", type="household", now={"unit": GRID, "address": "东"}, at=stamp(at_ms))


def test_work_between_the_last_sync_and_the_end_is_taken(county: County, left: Device) -> None:
    home, line = dated(left, MORNING_MS + HOUR_MS)
    assert left.push([line]).outcome(home)["result"] == "applied"


def test_who_owed_nothing_cannot_date_back_before_that(county: County, left: Device) -> None:
    """They were asked what they owe, after the end, and said nothing."""
    left.sync()
    county.clock.pass_ms(DAY_MS)
    home, line = dated(left, MORNING_MS + HOUR_MS)
    outcome = left.push([line]).outcome(home)
    assert (outcome["result"], outcome["code"]) == ("held", "not-allowed")


def test_what_was_announced_may_come_later(county: County, left: Device) -> None:
    announced = [dated(left, MORNING_MS + HOUR_MS + number) for number in range(3)]
    (first, line), (second, other), (third, last) = announced
    assert left.push([line], owes=1).outcome(first)["result"] == "applied"
    county.clock.pass_ms(HOUR_MS)
    answer = left.push([other, last], owes=0)
    results = [answer.outcome(name)["result"] for name in (second, third)]
    assert results == ["applied", "held"], "one was announced, and two came"


def test_a_request_of_a_restored_server_announces_nothing(county: County, left: Device) -> None:
    home, line = dated(left, MORNING_MS + HOUR_MS)
    answer = left.push([], mark="WzUsIjAwMDAwMDAwMDAwMDAwMDAiXQ", owes=0)
    assert answer.head["replay"] is True
    county.clock.pass_ms(HOUR_MS)
    assert left.push([line]).outcome(home)["result"] == "applied"


def test_held_work_of_a_doubtful_date_is_for_staff(county: County, left: Device, li: Device) -> None:
    left.sync()
    county.clock.pass_ms(DAY_MS)
    home, line = dated(left, MORNING_MS + HOUR_MS)
    left.push([line])
    (listed,) = holding.held(county.center)
    assert (listed["edit"], listed["code"], listed["by"]) == (home, "not-allowed", left.person)
    assert holding.let_go(county.center, home)["result"] == "applied"
    li.sync()
    assert li.sees(home)
