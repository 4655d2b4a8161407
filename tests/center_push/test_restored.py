"""A county is put back to an earlier state: whoever it pushes to has its figures again, and none of a time that is no
more."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from server.center_push import targets
from server.center_push.worker import Passed
from server.keeping.backup import back_up
from server.keeping.restore import restore
from server.store import center_anew, dialect
from server.store.center_tables import center_outbox, center_target
from server.store.tables import counted_day, counter, county
from tests.center_push.pair import TODAY, URL, Pair, answers, message
from tests.support.clock import DAY_MS
from tests.support.county import FAR_GRID, GRID, NEXT_GRID

YESTERDAY = "2026-11-20"
LONG_AGO = "2026-03-01"
PutBack = Callable[[], None]


def copied(pair: Pair) -> PutBack:
    """What puts the county back to where it is now, as a copy of its database does: nothing of Doorstep's is asked."""
    every = (counter, counted_day, county, center_target, center_outbox)
    with dialect.reading(pair.lower.center.engine) as connection:
        kept = {table: [dict(row) for row in connection.execute(sa.select(table)).mappings()] for table in every}

    def put_back() -> None:
        with dialect.writing(pair.lower.center.engine) as connection:
            for table, rows in kept.items():
                connection.execute(sa.delete(table))
                if rows:
                    connection.execute(sa.insert(table), rows)

    return put_back


def test_a_day_that_the_center_above_has_newer_arrives_at_once(pair: Pair) -> None:
    pair.count(day=LONG_AGO, visits=7)
    pair.push()
    put_back = copied(pair)
    for _ in range(5):
        pair.count(day=YESTERDAY, visits=3)
        pair.count(day=TODAY, unit=FAR_GRID, visits=1)
    pair.push()
    put_back()
    pair.count(day=YESTERDAY, visits=1)
    pair.push()
    assert pair.target()["last_result"] == "older"
    pair.push()
    pair.count(day=TODAY, visits=1)
    pair.push()
    assert pair.way.answers[-1]["result"] == "taken"
    assert pair.sums(LONG_AGO, LONG_AGO)[GRID] == {"visits": 7}
    assert pair.sums(YESTERDAY, YESTERDAY)[GRID] == {"visits": 1}
    assert pair.sums(TODAY, TODAY)[GRID] == {"visits": 1}


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
def test_a_day_of_the_same_version_that_differs_arrives(pair: Pair, before: int, after: int) -> None:
    put_back = copied(pair)
    first = pair.count(visits=before)
    pair.push()
    put_back()
    assert pair.count(visits=after) == first
    pair.push()
    pair.push()
    assert pair.sums()[GRID] == {"visits": after}


def test_two_of_one_version_leave_the_same_whichever_comes_first(pair: Pair) -> None:
    bodies = [message(counters=[{"unit": GRID, "measures": {"visits": visits}}]) for visits in (1, 3)]
    said, kept = list[str](), list[object]()
    for day, (first, second) in ((TODAY, bodies), (YESTERDAY, bodies[::-1])):
        for body in (first, second, first, second):
            said.append(pair.post(body.replace(TODAY.encode(), day.encode())).json()["result"])
        kept.append(pair.sums(day, day)[GRID])
    assert kept == [{"visits": 3}] * 2
    assert said == ["taken", "taken", "older", "known", "taken", "older", "known", "older"]


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_restore_sends_everything_anew(pair: Pair, tmp_path: Path, is_damaged: bool) -> None:
    """Also the days that the backup does not know: all that the database had, or where that is lost those since."""
    at_work = pair.lower.worker("王芳", NEXT_GRID)
    at_work.create("household", unit=NEXT_GRID)
    at_work.sync()
    pair.count(day=LONG_AGO, visits=7)
    pair.push()
    file = tmp_path / "backup"
    back_up(pair.lower.center, file)
    before = pair.sums()
    pair.pass_s(3 * DAY_MS / 1000)
    for _ in range(5):
        pair.count_days([LONG_AGO, "2026-11-22", "2026-11-23"], visits=3)
    if not is_damaged:
        pair.count(day="2026-03-02", visits=5)
    pair.push()
    if is_damaged:
        with dialect.writing(pair.lower.center.engine) as connection:
            connection.execute(sa.schema.DropTable(counted_day))
    restore(pair.lower.center, file, force=True)
    pair.lower.restart()
    pair.push()
    assert {each["result"] for each in pair.way.answers} == {"taken"}, "versions are above all that were sent"
    assert pair.sums() == before
    pair.count(day=YESTERDAY, visits=1)
    assert pair.push() == Passed(taken=1, delivered=1)
    assert pair.sums(YESTERDAY, YESTERDAY)[GRID]["visits"] == 1


def test_a_center_that_always_has_something_newer_gets_all_once_an_hour(pair: Pair) -> None:
    pair.count_days([LONG_AGO, YESTERDAY, TODAY], visits=1)
    pair.way.fault = lambda request: httpx.Response(200, json={"result": "older"}, request=request)
    assert pair.push() == Passed(taken=3, delivered=1)
    assert pair.push() == Passed(taken=3, delivered=3)
    assert pair.push() == Passed()
    pair.pass_s(center_anew.AT_MOST_EVERY_MS / 1000)
    pair.count(visits=1)
    assert pair.push() == Passed(taken=1, delivered=1)
    assert pair.push() == Passed(taken=3, delivered=3)


def test_a_message_that_comes_after_a_newer_one_of_its_day_is_no_sign(pair: Pair) -> None:
    """It was set aside meanwhile."""
    pair.count(visits=1)
    pair.way.fault = answers(422)
    assert pair.push().failed == 1
    pair.way.fault = None
    pair.count(visits=1)
    pair.push()
    targets.retry(pair.lower.center, URL)
    pair.push()
    assert pair.way.answers[-1]["result"] == "older"
    assert pair.push() == Passed()
