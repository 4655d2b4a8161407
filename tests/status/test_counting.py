"""What a record adds to the counters is a function of its values and its life alone."""

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.periods import PERIODS
from schemas.status import BOOKS
from schemas.workflow import WORKFLOW
from server.status import counting, deadlines
from server.status.days import days_in
from server.status.life import Move, Step, life

DAY_OF = days_in("Asia/Shanghai")
MADE = "2026-11-01T01:00:00.000Z-0000"


def at(day: int) -> str:
    return f"2026-11-{day:02d}T04:00:00.000Z-0000"


def lived(*steps: tuple[str, int]) -> list[Step]:
    return [Step(status, "village", at(day)) for status, day in steps]


def counted(steps: list[Step], follow_ups: tuple[str, ...] = (), **values: object) -> dict[tuple[str, str], int]:
    found = counting.dispute({"unit": "g", **values}, steps, follow_ups, DAY_OF)
    return {key: value for key, value in found.items() if value}


def test_an_agreement_that_was_performed_is_settled_once() -> None:
    steps = lived(("reported", 1), ("accepted", 2), ("mediating", 3), ("agreed", 4), ("performed", 5), ("closed", 6))
    assert counted(steps, due_at="2026-11-05T15:59:59Z", satisfaction=4) == {
        ("2026-11-01", "reported"): 1,
        ("2026-11-02", "received"): 1,
        ("2026-11-05", "settled"): 1,
        ("2026-11-05", "on_time"): 1,
        ("2026-11-05", "settled_at_the_door"): 1,
        ("2026-11-05", "answered"): 1,
        ("2026-11-05", "satisfied"): 1,
    }


def test_an_escalated_dispute_is_received_once() -> None:
    steps = [
        *lived(("reported", 1), ("accepted", 2)),
        Step("reported", "township", at(3)),
        Step("accepted", "township", at(4)),
    ]
    assert counted(steps) == {("2026-11-01", "reported"): 1, ("2026-11-02", "received"): 1}


def test_a_reopened_dispute_is_on_the_books_again() -> None:
    steps = lived(("reported", 1), ("accepted", 2), ("mediating", 3), ("failed", 4), ("mediating", 9))
    assert counted(steps) == {
        ("2026-11-01", "reported"): 1,
        ("2026-11-02", "received"): 1,
        ("2026-11-04", "failed"): 1,
        ("2026-11-09", "reopened"): 1,
    }


def test_what_is_turned_away_was_never_received() -> None:
    assert counted(lived(("reported", 1), ("declined", 2))) == {("2026-11-01", "reported"): 1}


def test_an_open_dispute_is_overdue_from_the_day_after() -> None:
    steps = lived(("reported", 1), ("accepted", 2))
    assert counted(steps, due_at="2026-11-04T15:59:59Z")["2026-11-05", "overdue"] == 1


def test_a_reopened_dispute_is_overdue_from_when_it_is_open_again() -> None:
    steps = lived(("reported", 1), ("accepted", 2), ("mediating", 3), ("failed", 4), ("mediating", 20))
    found = counted(steps, due_at="2026-11-05T15:59:59Z")
    assert [day for day, measure in found if measure == "overdue"] == ["2026-11-20"]
    assert counted(steps, due_at="2026-11-20T15:59:59Z")["2026-11-21", "overdue"] == 1


def test_one_that_was_removed_adds_nothing() -> None:
    assert counted(lived(("reported", 1), ("accepted", 2)), removed="登记错误") == {}


@given(st.lists(st.sampled_from(sorted(WORKFLOW.ranks)), min_size=1, max_size=12))
def test_what_is_received_is_on_the_books_or_went_out_one_way(statuses: list[str]) -> None:
    """Carried in and received and reopened is carried out and each way out: for every dispute, whatever its life."""
    steps = [Step(status, "village", at(day)) for day, status in enumerate(statuses, 1)]
    totals = Counter[str]()
    for (_, measure), value in counting.dispute({"unit": "g"}, steps, (), DAY_OF).items():
        totals[measure] += value
    out = sum(totals[way] for way, change in BOOKS.items() if change < 0)
    assert totals["received"] == counting.is_received(steps)
    assert totals["received"] + totals["reopened"] - out == (counting.is_received(steps) and counting.is_open(steps))


def covered(household: dict[str, object], *visited: str) -> Counter[str]:
    found = counting.household(household, MADE, visited, DAY_OF, PERIODS)
    return Counter({day: value for (day, measure), value in found.items() if measure == "covered" and value})


def test_a_visit_covers_a_household_for_its_interval() -> None:
    assert covered({}, "2026-11-01") == {"2026-11-01": 1, "2027-04-30": -1}
    assert covered({"service_needs": ["hardship"]}, "2026-11-01") == {"2026-11-01": 1, "2026-12-01": -1}


def test_visits_one_after_the_other_cover_it_once() -> None:
    in_need: dict[str, object] = {"service_needs": ["hardship"]}
    assert covered(in_need, "2026-11-20", "2026-11-01", "2026-11-20") == {"2026-11-01": 1, "2026-12-20": -1}
    assert covered(in_need, "2026-11-01", "2027-01-01") == {
        "2026-11-01": 1,
        "2026-12-01": -1,
        "2027-01-01": 1,
        "2027-01-31": -1,
    }


def test_the_life_goes_back_along_what_each_author_saw() -> None:
    moves = [
        Move("a", Step("reported", "village", at(1)), (), is_creation=True),
        Move("b", Step("accepted", "village", at(2)), ("a",), is_creation=False),
        Move("c", Step("accepted", "village", at(3)), ("a",), is_creation=False),
        Move("d", Step("mediating", "village", at(4)), ("b", "c"), is_creation=False),
        Move("e", Step("failed", "village", at(5)), ("d",), is_creation=False),
        Move("f", Step("agreed", "village", at(6)), ("d",), is_creation=False),
        Move("g", Step("agreed", "village", at(7)), ("e", "f"), is_creation=False),
    ]
    steps = life(["g"], {move.name: move for move in moves}, WORKFLOW.rank)
    assert [(step.status, step.at) for step in steps] == [
        ("reported", at(1)),
        ("accepted", at(2)),
        ("mediating", at(4)),
        ("agreed", at(6)),
        ("agreed", at(7)),
    ], "of two who accepted the first; what was settled against is no part of it"


def test_working_days_know_holidays_and_make_up_days() -> None:
    assert deadlines.working_day_after(date(2026, 9, 30), 2, PERIODS) == date(2026, 10, 9), (
        "after the National Day week"
    )
    assert deadlines.is_working_day(date(2026, 10, 10), PERIODS), "a Saturday that is worked"


def test_a_step_counts_no_earlier_than_the_one_before_it() -> None:
    known = {
        each.name: each
        for each in (
            Move("a", Step("reported", "village", at(5)), (), is_creation=True),
            Move("b", Step("accepted", "village", at(9)), ("a",), is_creation=False),
            Move("c", Step("withdrawn", "village", at(2)), ("b",), is_creation=False),
        )
    }
    found = life(["c"], known, WORKFLOW.rank)
    assert [each.at for each in found] == [at(5), at(9), at(9)]
    assert counted(found) == {
        ("2026-11-05", "reported"): 1,
        ("2026-11-09", "received"): 1,
        ("2026-11-09", "withdrawn"): 1,
    }


@pytest.mark.parametrize(
    ("timezone", "day", "end"),
    [
        ("Asia/Shanghai", date(2026, 11, 24), "2026-11-24T15:59:59Z"),
        ("America/New_York", date(2026, 12, 31), "2027-01-01T04:59:59Z"),
        ("Africa/Cairo", date(2026, 10, 29), "2026-10-29T21:59:59Z"),
    ],
)
def test_a_deadline_is_the_last_second_of_a_local_day(timezone: str, day: date, end: str) -> None:
    """In Cairo the clock is set back at midnight: the last hour of the day comes twice."""
    assert deadlines.end_of(day, timezone) == end
    assert days_in(timezone)(end) == day.isoformat()
