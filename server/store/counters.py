"""The counters of the aggregated status: per grid and local day, and their sums by month.

They are written under the county's lock, in the transaction that changes what they count.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.store import bulk, dialect
from server.store.flight import Question, Sender
from server.store.tables import attendance, case_number, counted_day, counter, edit_log
from sync.codes import ADMITTED

DAY, MONTH = "day", "month"
"""What a counter spans."""
MONTH_CHARS = len("YYYY-MM")

Tally = Counter[tuple[str, str, str]]
"""What is counted, by grid, local day and measure."""


def add(sender: Sender, county: str, changes: Tally, revision: int) -> None:
    """Adds to the counters. `revision`: of the transaction that does it."""
    rows: Counter[tuple[str, str, str, str]] = Counter()
    for (unit, day, measure), value in changes.items():
        if value:
            rows[DAY, unit, day, measure] += value
            rows[MONTH, unit, day[:MONTH_CHARS], measure] += value
    names = ("span", "unit", "period", "measure")
    added = [
        {"county": county, **dict(zip(names, key, strict=True)), "value": value} for key, value in sorted(rows.items())
    ]
    bulk.add(sender, counter, added)
    _note_changed(sender, county, {day for (_, day, _), value in changes.items() if value}, revision)


def touch(connection: sa.Connection, county: str, units: Iterable[str], revision: int) -> None:
    """Notes the newest day on which one of these units counted something as changed, so that whoever takes changed days
    hears of the units. `revision`: of the transaction that changes them."""
    row, day = counter.c, counted_day.c

    def newest(span: str, *within: sa.ColumnElement[bool]) -> sa.ScalarSelect[str]:
        mine = (row.county == county, row.span == span, bulk.among(row.unit, sorted(units)), row.value != 0)
        return sa.select(sa.func.max(row.period)).where(*mine, *within).scalar_subquery()

    # Of the days only those of one month are read.
    month = newest(MONTH)
    last = newest(DAY, row.period.between(month + "-01", month + "-31"))
    connection.execute(sa.update(counted_day).where(day.county == county, day.day == last).values(revision=revision))


Counted = dict[tuple[str, str, str, str], int]
"""Counters by span, grid, period and measure."""


def everything(connection: sa.Connection, county: str) -> Counted:
    """Every counter."""
    rows = sa.select(counter.c.span, counter.c.unit, counter.c.period, counter.c.measure, counter.c.value)
    found = connection.execute(rows.where(counter.c.county == county))
    return {(row[0], row[1], row[2], row[3]): row[4] for row in found}


def put(sender: Sender, county: str, counted: Counted, revision: int) -> None:
    """Writes these counters as they are to be. `revision`: of the transaction that does it."""
    names = ("span", "unit", "period", "measure")
    rows = [{"county": county, **dict(zip(names, key, strict=True)), "value": counted[key]} for key in sorted(counted)]
    bulk.upsert(sender, counter, rows)
    _note_changed(sender, county, {period for span, _, period, _ in counted if span == DAY}, revision)


def _note_changed(sender: Sender, county: str, days: Iterable[str], revision: int) -> None:
    bulk.upsert(sender, counted_day, [{"county": county, "day": day, "revision": revision} for day in sorted(days)])


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one grid and measure: what was counted before a span of days, and within it. Several of them add up."""

    unit: str
    measure: str
    before: int
    within: int


def sums(connection: sa.Connection, county: str, units: Iterable[str], first: str, last: str) -> list[Sums]:
    """The sums of these grids for the days from `first` to `last`. One statement: of each grid it reads the months till
    then, and the days of the months in which the span begins and ends, however many records there are."""
    first_month, last_month = first[:MONTH_CHARS], last[:MONTH_CHARS]
    period, value = counter.c.period, counter.c.value

    def part(
        span: str, since: str, until: str, before: sa.ColumnElement[bool], within: sa.ColumnElement[bool]
    ) -> sa.Select[Any]:
        return (
            sa.select(
                counter.c.unit,
                counter.c.measure,
                sa.func.sum(sa.case((before, value), else_=0)),
                sa.func.sum(sa.case((within, value), else_=0)),
            )
            .where(
                counter.c.county == county,
                counter.c.span == span,
                bulk.among(counter.c.unit, sorted(units)),
                period.between(since, until),
            )
            .group_by(counter.c.unit, counter.c.measure)
        )

    # Whole months by their own rows, those at the edges by their days.
    months = part(MONTH, "", last_month, period < first_month, sa.and_(period > first_month, period < last_month))
    edges = [
        part(DAY, f"{month}-01", f"{month}-31", period < first, period.between(first, last))
        for month in sorted({first_month, last_month})
    ]
    rows = connection.execute(sa.union_all(months, *edges))
    return [Sums(row[0], row[1], int(row[2]), int(row[3])) for row in rows]


# -- what counting needs to know of other records


def attendances(county: str, records: Iterable[str]) -> Question[dict[str, list[str]]]:
    """The local days on which households were validly visited and disputes followed up, in order, by record."""
    wanted = sorted(set(records))
    if not wanted:
        return {}
    rows = yield _ATTENDANCES, {"county": county, "records": wanted}
    return {record: json.loads(days) for record, days in rows}


_ATTENDANCES = sa.select(attendance.c.record, attendance.c.days).where(
    attendance.c.county == sa.bindparam("county"), bulk.among(attendance.c.record, "records")
)


def every_attendance(connection: sa.Connection, county: str) -> dict[str, list[str]]:
    """All that `attendances` could give."""
    rows = connection.execute(sa.select(attendance.c.record, attendance.c.days).where(attendance.c.county == county))
    return {record: json.loads(days) for record, days in rows}


def attend(sender: Sender, county: str, days: Mapping[str, list[str]]) -> None:
    """Writes the days of these records anew."""
    rows = [{"county": county, "record": record, "days": json.dumps(each)} for record, each in sorted(days.items())]
    bulk.upsert(sender, attendance, rows)


def admitted_with(
    connection: sa.Connection, county: str, records: Iterable[str], mark: bytes
) -> list[tuple[str, bytes, str]]:
    """The admitted edits of these records whose lines hold a mark, as the log has them: record, line, stamp."""
    rows = connection.execute(
        sa.select(edit_log.c.record, edit_log.c.line, edit_log.c.stamp).where(
            edit_log.c.county == county,
            bulk.among(edit_log.c.record, sorted(records)),
            edit_log.c.result.in_(sorted(ADMITTED)),
            dialect.holds(connection, edit_log.c.line, mark),
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def next_case_numbers(connection: sa.Connection, county: str, year: int, count: int) -> list[int]:
    """Takes the next numbers of a year. Under the county's lock nobody else takes them."""
    same = (case_number.c.county == county, case_number.c.year == year)
    last = connection.scalar(sa.select(case_number.c.last).where(*same)) or 0
    bulk.upsert(connection, case_number, [{"county": county, "year": year, "last": last + count}])
    return list(range(last + 1, last + count + 1))
