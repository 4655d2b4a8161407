"""What one record adds to the counters: a pure function of its values, its life, and the days on which it was attended.

A counter changes by the difference of what a record adds after a transaction and what it added before. A recount is the
sum over all records.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from schemas.periods import Periods
from server.status.life import Step

Days = defaultdict[tuple[str, str], int]
"""What is counted, by local day and measure. (A Counter is made in Python, which takes four times as long.)"""

DayOf = Callable[[str], str]
"""The county's local day of a stamp or an instant."""

_WAYS_OUT = {
    "performed": "settled",
    "closed": "settled",
    "failed": "failed",
    "withdrawn": "withdrawn",
    "declined": "declined",
    "merged": "merged",
}
"""How a status takes a dispute off the books, and how that is counted."""
_AT_THE_DOOR = frozenset({"grid", "village"})
_REPORTED = "reported"
_SATISFIED_FROM = 4
_SPANS_KEPT = 1024


def counted(
    kind: str,
    values: Mapping[str, object],
    made_at: str,
    attended: Sequence[str],
    life: Sequence[Step],
    day_of: DayOf,
    periods: Periods,
) -> Days:
    """What a record of any type adds. `attended`: the local days of a household's visits, or a dispute's follow-ups;
    `life`: of a dispute."""
    match kind:
        case "visit":
            return visit(values, made_at, day_of, periods)
        case "household":
            return household(values, made_at, attended, day_of, periods)
        case "dispute":
            return dispute(values, life, attended, day_of)
        case _:
            return Days(int)


def visit(values: Mapping[str, object], made_at: str, day_of: DayOf, periods: Periods) -> Days:
    """Of a visit, under the day on which it was recorded."""
    if values.get("removed"):
        return Days(int)
    day = day_of(made_at)
    return Days(int, {(day, "visits"): 1, (day, "visits_met"): int(is_valid(values, periods))})


def is_valid(values: Mapping[str, object], periods: Periods) -> bool:
    """Whether a visit counts for its household's interval."""
    return values.get("result") in periods.valid_visit_results and not values.get("removed")


def household(
    values: Mapping[str, object], made_at: str, visited: Sequence[str], day_of: DayOf, periods: Periods
) -> Days:
    """Of a household: that it is there, and the spans of days that valid visits cover. `visited`: their local days."""
    if values.get("removed"):
        return Days(int)
    counted = Days(int, {(day_of(made_at), "households"): 1})
    for first, end in _spans(tuple(sorted(set(visited))), periods.visit_interval(values)):
        counted[first, "covered"] += 1
        counted[end, "covered"] -= 1
    return counted


@lru_cache(_SPANS_KEPT)
def _spans(visited: tuple[str, ...], interval_days: int) -> Sequence[tuple[str, str]]:
    """The spans that visits cover, from the day of the first to the day after the last, none overlapping. `visited`:
    the days in order, each once. (Most households of an evening were visited on the same ones.)"""
    spans: list[tuple[date, date]] = []
    for day in map(date.fromisoformat, visited):
        end = day + timedelta(days=interval_days)
        if spans and day <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((day, end))
    return [(first.isoformat(), end.isoformat()) for first, end in spans]


def dispute(values: Mapping[str, object], life: Sequence[Step], followed_up: Sequence[str], day_of: DayOf) -> Days:
    """Of a dispute: each step on and off the books on its day, and how its last way out went.

    It is received once, with its first acceptance, however often it is escalated; what is reopened is on the books
    again. `followed_up`: the local days of its follow-ups."""
    if values.get("removed") or not life:
        return Days(int)
    counted = Days(int, {(day_of(life[0].at), "reported"): 1})
    is_received, out, on = False, None, ""
    for step in life:
        way = _WAYS_OUT.get(step.status)
        day = day_of(step.at)
        if not is_received:
            if way is None and step.status != _REPORTED:
                counted[day, "received"] += 1
                is_received, on = True, day
            continue
        if out is not None and way != _WAYS_OUT[out.status]:
            counted[day, "reopened"] += 1
            out, on = None, day
        if way is not None and out is None:
            counted[day, way] += 1
            out = step
    if out is not None:
        _count_outcome(counted, values, out, followed_up, day_of)
    elif is_received and isinstance(due := values.get("due_at"), str):
        # Not while it was off the books: it would be overdue among cases that are none.
        counted[max(_next_day(day_of(due)), on), "overdue"] += 1
    return counted


def is_received(life: Sequence[Step]) -> bool:
    """Whether a dispute was ever accepted."""
    return any(step.status != _REPORTED and step.status not in _WAYS_OUT for step in life)


def is_open(life: Sequence[Step]) -> bool:
    return bool(life) and life[-1].status not in _WAYS_OUT


def times_reopened(life: Sequence[Step]) -> int:
    """How often a dispute came back after a way out."""
    return sum(out.status in _WAYS_OUT and back.status not in _WAYS_OUT for out, back in pairwise(life))


def _count_outcome(
    counted: Days, values: Mapping[str, object], out: Step, followed_up: Sequence[str], day_of: DayOf
) -> None:
    """Adds the way out that stands, under its day."""
    day, due = day_of(out.at), values.get("due_at")
    if isinstance(due, str):
        counted[day, "on_time" if out.at[: len(due) - 1] <= due[:-1] else "late"] += 1
    if _WAYS_OUT[out.status] == "settled":
        satisfaction = values.get("satisfaction")
        counted[day, "settled_at_the_door"] += int(out.tier in _AT_THE_DOOR)
        counted[day, "followed_up"] += int(bool(followed_up))
        counted[day, "answered"] += int(isinstance(satisfaction, int))
        counted[day, "satisfied"] += int(isinstance(satisfaction, int) and satisfaction >= _SATISFIED_FROM)


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
