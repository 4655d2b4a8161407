"""What is counted in one center stands in the other, at every level and for every day."""

from collections import Counter
from datetime import date
from itertools import product

import pytest
import sqlalchemy as sa

from server import administration
from server.center_push import targets
from server.center_push.worker import Passed
from server.store import bulk, center_outbox, dialect, tables
from sync.limits import STATUS_DAYS_MAX
from tests.center_push.pair import TODAY, URL, Pair
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE

WEEK = [f"2026-11-{day}" for day in range(14, 21)]


def test_a_day_goes_up_and_is_summed_at_every_level(pair: Pair) -> None:
    pair.count(visits=3, received=1)
    pair.count(unit=NEXT_GRID, visits=2)
    pair.count(unit=FAR_GRID, visits=10)
    assert pair.push() == Passed(taken=1, delivered=1)
    received = {"carried_out": 1, "received": 1}
    assert pair.sums() == {
        COUNTY: {**received, "visits": 15},
        TOWNSHIP: {**received, "visits": 15},
        VILLAGE: {**received, "visits": 5},
        OTHER_VILLAGE: {"visits": 10},
        GRID: {**received, "visits": 3},
        NEXT_GRID: {"visits": 2},
        FAR_GRID: {"visits": 10},
    }


def test_every_span_of_days_is_told_as_the_county_tells_it(pair: Pair) -> None:
    """Flows within it, balances and books at its end: from the first day on, by days and by whole months."""
    days = ["2025-12-31", "2026-08-31", "2026-09-01", "2026-09-30", "2026-10-15", "2026-11-01", "2026-11-20", TODAY]
    every = (GRID, NEXT_GRID, FAR_GRID)
    for place, day in enumerate([*days, "2026-12-01"], 1):
        counts = {"households": place, "covered": 3 - place, "overdue": 1, "received": place, "failed": 1, "visits": 2}
        pair.count(day=day, unit=every[place % 3], **counts)
    pair.push()
    asker = pair.lower.worker("郑和", COUNTY, "county_staff")
    for first, last in product(days, days):
        if not 0 <= (date.fromisoformat(last) - date.fromisoformat(first)).days < STATUS_DAYS_MAX:
            continue
        asked = {"unit": COUNTY, "from": first, "to": last}
        answer = asker.http.get("/api/v1/status", params=asked, headers={"Authorization": f"Bearer {asker.token}"})
        counts = answer.json()["counts"]
        wanted = {name: value for name, value in counts.items() if value and not name.startswith("tablets")}
        assert pair.sums(first, last)[COUNTY] == wanted


def test_a_move_goes_up_with_all_days_though_nothing_is_counted(pair: Pair) -> None:
    pair.count_days(["2026-09-01", "2026-10-31", "2026-11-01"], visits=1)
    pair.count(unit=FAR_GRID, visits=1)
    pair.count(day="2026-11-20", visits=1)
    pair.count(day="2026-11-20", visits=-1)
    pair.push()
    administration.move_unit(pair.lower.center, GRID, OTHER_VILLAGE)
    assert pair.push() == Passed(taken=1, delivered=1)
    assert pair.way.answers[-1]["day"] == "2026-11-01"
    for first in ("2026-09-01", "2026-11-01"):
        told = {each["unit"]: each["parent"] for each in pair.ask(first, first).json()["units"]}
        assert told == {COUNTY: None, TOWNSHIP: COUNTY, OTHER_VILLAGE: TOWNSHIP, GRID: OTHER_VILLAGE}
    administration.move_unit(pair.lower.center, NEXT_GRID, OTHER_VILLAGE)
    assert pair.push() == Passed(), "it counted nothing, and nobody up there knows it"


def test_only_what_changed_is_sent_and_as_it_is_now(pair: Pair) -> None:
    first = pair.count(visits=3)
    pair.push()
    assert pair.kept() == {TODAY: first}
    assert pair.push() == Passed()
    second = pair.count(visits=-1)
    pair.count_days(["2026-11-20"], visits=5)
    assert pair.push() == Passed(taken=2, delivered=2)
    assert pair.kept() == {TODAY: second + 1, "2026-11-20": second + 1}
    assert pair.sums(TODAY, TODAY)[GRID] == {"visits": 2}


def test_days_that_changed_in_one_transaction_all_go_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the worker ends between them."""
    pair.count_days(WEEK, visits=1)
    put, days = center_outbox.put, list[str]()

    def ending(connection: sa.Connection, county: str, url: str, place: int, message: center_outbox.Message) -> None:
        if len(days) == 3:
            raise KeyboardInterrupt
        days.append(message.day)
        put(connection, county, url, place, message)

    with monkeypatch.context() as patched:
        patched.setattr(center_outbox, "put", ending)
        with pytest.raises(KeyboardInterrupt):
            pair.push()
    assert pair.outbox("day") == WEEK[:3]
    assert pair.push() == Passed(taken=4, delivered=7)
    assert list(pair.kept()) == WEEK


def test_a_new_center_gets_every_day_that_was_counted(pair: Pair) -> None:
    pair.count_days(WEEK, visits=1)
    pair.push()
    targets.remove(pair.lower.center, URL)
    pair.join()
    assert pair.push() == Passed(taken=7, delivered=7)
    assert {each["result"] for each in pair.way.answers[7:]} == {"known"}


def test_the_largest_day_of_a_county_fits(pair: Pair) -> None:
    """1,580 grids that count twenty measures each, all on one day."""
    rows = [{"county": COUNTY, "code": f"{VILLAGE}{n:04d}", "name": f"柳沟第{n}网格"} for n in range(1580)]
    parents = [{"county": COUNTY, "unit": row["code"], "since": "", "parent": VILLAGE} for row in rows]
    with dialect.writing(pair.lower.center.engine) as connection:
        bulk.insert(connection, tables.unit, rows)
        bulk.insert(connection, tables.unit_parent, parents)
    pair.lower.restart()
    pair.count_all(Counter({(row["code"], TODAY, f"measure_{n}"): n + 1 for row in rows for n in range(20)}))
    assert pair.push() == Passed(taken=1, delivered=1)
    assert pair.sums()[COUNTY]["measure_19"] == 1580 * 20
    assert len(pair.way.answers) == 1
