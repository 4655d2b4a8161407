"""The months of what another county pushed: the sums of its days as they are kept, in few rows however many days there
are."""

import random
from functools import partial

import sqlalchemy as sa
from alembic import command

from server.center_push import sources
from server.store import center_month, dialect, schema
from server.store.center_month import Month
from server.store.center_tables import center_month as months
from server.store.center_tables import center_status as days
from tests.center_push.pair import UPPER, Pair, message
from tests.support.county import COUNTY, GRID, VILLAGE
from tests.support.meetings import at_once


def kept(pair: Pair) -> dict[str, Month]:
    with dialect.reading(pair.upper.center.engine) as connection:
        rows = connection.execute(sa.select(months.c.month, months.c.units, months.c.counters))
        return {row.month: Month.read(row.units, row.counters) for row in rows}


def snapshot(day: str, version: int, **measures: int) -> bytes:
    """The village's name says the version."""
    units = [
        {"unit": COUNTY, "name": "清河县", "parent": None},
        {"unit": VILLAGE, "name": str(version), "parent": COUNTY},
        {"unit": GRID, "name": "柳沟一组", "parent": VILLAGE},
    ]
    return message(day=day, version=version, units=units, counters=[{"unit": GRID, "measures": measures}])


def test_a_month_is_what_its_days_add_up_to_in_whatever_order_they_come(pair: Pair) -> None:
    sent = [
        (f"2026-{month}-{day:02}", version, version * day)
        for month in ("10", "11") for day in (1, 2, 30) for version in (3, 4, 5)
    ]  # fmt: skip
    random.Random(7).shuffle(sent)
    for day, version, visits in sent:
        pair.post(snapshot(day, version, visits=visits, **{f"v{version}": 1}))
    for month in kept(pair).values():
        assert month.counters == {GRID: {"visits": 5 * 33, "v5": 3}}
        assert (month.units[VILLAGE].name, month.units[VILLAGE].version) == ("5", 5)
    assert sorted(kept(pair)) == ["2026-10", "2026-11"]


def test_days_of_one_month_that_come_at_once_are_all_in_it(pair: Pair) -> None:
    bodies = [snapshot(f"2026-11-{day:02}", 7, visits=1) for day in range(1, 7)]
    assert {each.json()["result"] for each in at_once([partial(pair.post, body) for body in bodies])} == {"taken"}
    assert kept(pair)["2026-11"].counters == {GRID: {"visits": 6}}


def test_they_go_with_the_days(pair: Pair) -> None:
    pair.post(snapshot("2026-11-01", 1, visits=1))
    sources.forget(pair.upper.center, COUNTY, with_days=False)
    assert list(kept(pair)) == ["2026-11"]
    sources.forget(pair.upper.center, COUNTY, with_days=True)
    assert kept(pair) == {}


def test_a_question_reads_months_and_the_days_at_its_edges(pair: Pair) -> None:
    for month in range(1, 13):
        for day in (1, 5, 9):
            pair.post(snapshot(f"2025-{month:02}-{day:02}", 1, households=1))
    with dialect.reading(pair.upper.center.engine) as connection:
        for first, last, months_read, days_read in (
            ("2025-12-05", "2025-12-05", 11, 2),
            ("2025-03-05", "2025-12-05", 10, 5),
            ("2025-12-05", "2026-12-31", 11, 3),
            ("2026-01-01", "2026-01-01", 12, 0),
        ):
            parts = list(center_month.counters(connection, UPPER, COUNTY, first, last))
            assert len(parts) == months_read + days_read
            assert sum(part[GRID]["households"] for _, part in parts) == sum(
                f"2025-{month:02}-{day:02}" <= last for month in range(1, 13) for day in (1, 5, 9)
            )


def test_an_upgrade_adds_up_what_was_there_before(pair: Pair) -> None:
    for day, version in (("2026-10-31", 3), ("2026-11-01", 9), ("2026-11-02", 8)):
        pair.post(snapshot(day, version, visits=version))
    before = kept(pair)
    with dialect.writing(pair.upper.center.engine) as connection:
        months.drop(connection)
        command.stamp(schema.config(connection), "0005")
        command.upgrade(schema.config(connection), "0006")
        assert connection.scalar(sa.select(sa.func.count()).select_from(days)) == 3
    assert kept(pair) == before
    assert before["2026-11"].units[VILLAGE].version == 9
