"""What the server itself writes of a dispute: its number, its deadlines, what staff are to look at."""

from datetime import date
from typing import Any

import pytest

from server import administration
from server.status import deadlines
from tests.support.clock import DAY_MS, HOUR_MS
from tests.support.county import GRID, VILLAGE, County
from tests.support.device import Device


def moved(device: Device, dispute: str, **now: Any) -> dict[str, object]:
    """The dispute after a step, as the author sees it."""
    device.catch_up()
    edit = device.change("dispute", dispute, **now)
    assert device.sync().outcome(edit)["result"] == "applied"
    device.catch_up()
    return device.all("dispute")[dispute]


def test_an_accepted_dispute_gets_its_number_and_deadlines(county: County, wang: Device, sun: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    assert "case_no" not in wang.all("dispute")[fence], "offline it has none"
    accepted = moved(sun, fence, status="accepted")
    assert accepted["case_no"] == "(2026)人调字第1号"
    assert accepted["accepted_at"] == "2026-11-21T08:33:20.000Z"
    # A Saturday; the village has two working days, each to its end in the county's time.
    assert accepted["due_at"] == "2026-11-24T15:59:59Z"
    assert accepted["statutory_due_at"] == "2026-12-21T15:59:59Z"
    assert "flags" not in accepted


def test_numbers_follow_one_another_and_begin_anew_each_year(county: County, wang: Device, sun: Device) -> None:
    disputes = [wang.create("dispute", unit=GRID) for _ in range(3)]
    wang.sync()
    sun.catch_up()
    for dispute in disputes[:2]:
        sun.change("dispute", dispute, status="accepted")
    sun.sync()
    sun.catch_up()
    assert {sun.all("dispute")[each]["case_no"] for each in disputes[:2]} == {"(2026)人调字第1号", "(2026)人调字第2号"}
    county.clock.pass_ms(60 * DAY_MS)
    assert moved(sun, disputes[2], status="accepted")["case_no"] == "(2027)人调字第1号"


def test_work_that_comes_late_gets_its_deadlines_from_the_servers_clock(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    county.clock.pass_ms(5 * DAY_MS)
    wang.sync()
    wang.catch_up()
    assert wang.all("dispute")[fence]["accepted_at"] == "2026-11-26T08:33:20.000Z"
    assert wang.all("dispute")[fence]["due_at"] == "2026-11-30T15:59:59Z", "a weekend lies between"


def test_each_tier_has_its_own_clock(county: County, wang: Device, sun: Device, tang: Device) -> None:
    fence = wang.create("dispute", unit=GRID, tier="grid")
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    wang.catch_up()
    assert wang.all("dispute")[fence]["due_at"] == "2026-11-23T15:59:59Z", "one working day in the grid"
    county.clock.pass_ms(3 * DAY_MS)
    escalated = moved(wang, fence, status="reported", tier="village")
    assert escalated["due_at"] == "2026-11-26T15:59:59Z"
    accepted = moved(sun, fence, status="accepted")
    assert (accepted["due_at"], accepted["case_no"]) == (escalated["due_at"], "(2026)人调字第1号")


def test_a_reopened_case_gets_its_tiers_days_anew(county: County, wang: Device, tang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    for status in ("accepted", "mediating", "failed"):
        wang.change("dispute", fence, status=status, routes_told=True)
    wang.sync()
    county.clock.pass_ms(20 * DAY_MS)
    reopened = moved(tang, fence, status="mediating")
    assert reopened["due_at"] == "2026-12-15T15:59:59Z", "two working days from the Friday on which it came back"
    assert reopened["statutory_due_at"] == "2026-12-21T15:59:59Z", "that of the statute runs from acceptance"
    county.clock.pass_ms(DAY_MS)
    assert moved(tang, fence, status="suspended")["due_at"] == reopened["due_at"], "once"


def test_nobody_but_the_server_writes_them(county: County, wang: Device, sun: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    sun.catch_up()
    edit = sun.put(
        do="change", type="dispute", id=fence, over={"case_no": [fence]}, now={"case_no": "(2026)人调字第9号"}
    )
    answer = sun.sync()
    assert (answer.outcome(edit)["result"], answer.outcome(edit)["code"]) == ("refused", "not-allowed")


def test_a_close_without_a_follow_up_is_flagged_until_there_is_one(county: County, wang: Device, sun: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    for status in ("accepted", "mediating", "agreed", "performed", "closed"):
        wang.change("dispute", fence, status=status)
    wang.sync()
    sun.catch_up()
    assert sun.all("dispute")[fence]["flags"] == ["closed_without_follow_up"]
    county.clock.pass_ms(HOUR_MS)
    wang.create("entry", dispute=fence, kind="follow_up")
    wang.sync()
    sun.catch_up()
    assert "flags" not in sun.all("dispute")[fence] or sun.all("dispute")[fence]["flags"] == []


def test_a_failure_without_other_routes_told_is_flagged(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    for status in ("accepted", "mediating", "failed"):
        wang.change("dispute", fence, status=status)
    wang.sync()
    wang.catch_up()
    assert wang.all("dispute")[fence]["flags"] == ["failed_without_routes_told"]
    wang.change("dispute", fence, routes_told=True)
    wang.sync()
    wang.catch_up()
    assert not wang.all("dispute")[fence].get("flags")


@pytest.mark.parametrize(
    ("status", "flag", "mended"),
    [
        ("declined", "declined_without_reason", {"close_reason": "不属人民调解范围"}),
        ("merged", "merged_without_duplicate_of", {"duplicate_of": None}),
    ],
)
def test_a_way_out_that_does_not_say_what_it_must_is_flagged_until_it_does(
    county: County, wang: Device, sun: Device, status: str, flag: str, mended: dict[str, Any]
) -> None:
    other, fence = (wang.create("dispute", unit=GRID) for _ in range(2))
    wang.sync()
    assert moved(sun, fence, status=status)["flags"] == [flag]
    assert moved(sun, fence, **{name: value or other for name, value in mended.items()})["flags"] == []
    assert "flags" not in moved(sun, other, status=status, **{name: value or fence for name, value in mended.items()})


def test_a_deadline_in_a_year_of_unknown_holidays_is_flagged(county: County, wang: Device) -> None:
    county.clock.pass_ms(20 * 365 * DAY_MS)
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    wang.catch_up()
    assert wang.all("dispute")[fence]["flags"] == ["deadline_may_shift"]


def test_a_deadline_shifts_with_the_cases_next_change_once_the_holidays_are_announced(
    county: County, wang: Device, sun: Device, tang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    county.clock.pass_ms(40 * DAY_MS)
    fence, over = (wang.create("dispute", unit=GRID) for _ in range(2))
    wang.sync()
    accepted = moved(sun, fence, status="accepted")
    assert (accepted["due_at"], accepted["flags"]) == ("2027-01-05T15:59:59Z", ["deadline_may_shift"])
    moved(sun, over, status="accepted")
    county.clock.pass_ms(DAY_MS)
    assert moved(sun, over, status="withdrawn")["flags"] == ["deadline_may_shift"]
    assert moved(sun, fence, satisfaction=4)["due_at"] == accepted["due_at"], "nothing is known yet"

    first_weekend = {date(2027, 1, 2), date(2027, 1, 3)}
    monkeypatch.setattr(deadlines, "is_published", lambda day: day.year <= 2027)
    monkeypatch.setattr(deadlines, "is_working_day", lambda day, _: day in first_weekend)
    shifted = moved(sun, fence, status="mediating")
    assert (shifted["due_at"], shifted["flags"]) == ("2027-01-03T15:59:59Z", []), "from the day on which it was set"
    ended = moved(sun, over, satisfaction=4)
    assert (ended["due_at"], ended["flags"]) == (accepted["due_at"], []), "what is over was in time or not"


def test_a_case_given_to_nobody_is_flagged(county: County, wang: Device, sun: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    given = moved(sun, fence, status="accepted", assignee="person:nobody")
    assert given["flags"] == ["assignee_unknown"]
    assert moved(sun, fence, assignee=f"person:{sun.person}")["flags"] == []


def test_a_case_of_somebody_who_left_is_not_given_to_nobody(county: County, wang: Device, sun: Device) -> None:
    chen = county.hire("陈和", "mediator", VILLAGE)
    fence, ditch, gate = (wang.create("dispute", unit=GRID) for _ in range(3))
    wang.sync()
    moved(sun, fence, status="accepted", assignee=f"person:{chen}")
    sun.change("dispute", ditch, status="accepted", assignee=f"person:{chen}")
    county.clock.pass_ms(DAY_MS)
    administration.disable(county.center, chen)
    county.clock.pass_ms(DAY_MS)
    sun.create("entry", dispute=fence, kind="follow_up")
    sun.sync()
    sun.catch_up()
    assert not sun.all("dispute")[fence].get("flags"), "it was hers while she worked here"
    assert not sun.all("dispute")[ditch].get("flags"), "whenever the center hears of it"
    assert moved(sun, gate, status="accepted", assignee=f"person:{chen}")["flags"] == ["assignee_unknown"]
    assert moved(sun, fence, status="mediating")["flags"] == ["assignee_unknown"], "still hers, and nobody's"


def test_a_repeated_request_takes_no_second_number(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    lines = list(wang.outbox.values())
    wang.push(lines)
    wang.push(lines)
    wang.catch_up()
    assert wang.all("dispute")[fence]["case_no"] == "(2026)人调字第1号"
    other = wang.create("dispute", unit=GRID)
    wang.change("dispute", other, status="accepted")
    wang.sync()
    wang.catch_up()
    assert wang.all("dispute")[other]["case_no"] == "(2026)人调字第2号"


@pytest.mark.parametrize("status", ["declined", "merged", "withdrawn"])
def test_what_is_never_accepted_gets_no_number(county: County, wang: Device, sun: Device, status: str) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    assert "case_no" not in moved(sun, fence, status=status)
