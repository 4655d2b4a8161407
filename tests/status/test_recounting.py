"""`doorstep recount`: figures that are not what the records add up to are put right, and centers hear of it."""

import pytest
import sqlalchemy as sa

from server.administration import NotPossibleError
from server.keeping import erasure, recounting
from server.store import tables
from tests.status.test_status import status
from tests.support.clock import DAY_MS
from tests.support.county import GRID, County
from tests.support.device import Device


def changed_days(county: County) -> dict[str, int]:
    day = tables.counted_day.c
    with county.center.engine.connect() as connection:
        return {row.day: row.revision for row in connection.execute(sa.select(day.day, day.revision))}


@pytest.fixture
def counted(county: County, wang: Device) -> str:
    """A household that was visited, another one that was erased, and a case; gives the day of the visit."""
    home, other = (wang.create("household", unit=GRID) for _ in range(2))
    wang.create("visit", household=home, unit=GRID)
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    erasure.erase(county.center, "household", other, "依申请")
    return "2026-11-21"


def test_figures_of_another_count_are_put_right(county: County, tang: Device, counted: str) -> None:
    whole, days = status(tang), changed_days(county)
    counter, attendance = tables.counter, tables.attendance
    with county.center.engine.begin() as connection:
        connection.execute(sa.update(counter).where(counter.c.measure == "visits").values(value=7))
        connection.execute(sa.delete(counter).where(counter.c.measure == "received"))
        stray = {"county": "990101", "span": "day", "unit": GRID, "period": counted, "measure": "failed", "value": 1}
        connection.execute(sa.insert(counter).values(**stray))
        connection.execute(sa.update(attendance).values(days='["2026-01-01"]'))
    assert len(county.differences()) == 6
    assert recounting.recount(county.center) == {"counters": 5, "attendance": 1}
    assert county.differences() == []
    assert status(tang)["counts"] == whole["counts"]
    changed = {day for day, revision in changed_days(county).items() if revision > days[day]}
    assert changed == {counted}, "it is pushed to centers anew, and no other day"


def test_where_all_is_well_nothing_is_done(county: County, tang: Device, counted: str) -> None:
    before = status(tang)["revision"], changed_days(county)
    assert recounting.recount(county.center) == {"counters": 0, "attendance": 0}
    assert (status(tang)["revision"], changed_days(county)) == before


def test_records_that_are_damaged_are_not_counted(county: County, tang: Device, counted: str) -> None:
    record = tables.record
    of_visits = sa.update(record).where(record.c.type == "visit")
    with county.center.engine.begin() as connection:
        document = connection.scalar(sa.select(record.c.document).where(record.c.type == "visit"))
        connection.execute(of_visits.values(document='{"result":"met"}'))
    with pytest.raises(NotPossibleError):
        recounting.recount(county.center)
    with county.center.engine.begin() as connection:
        connection.execute(of_visits.values(document=document))


def test_the_books_never_owe_a_case(county: County, wang: Device, tang: Device) -> None:
    """The clock of whoever closes it is days behind that of whoever accepted it."""
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    county.clock.pass_ms(5 * DAY_MS)
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    slow = county.device(wang.person, lambda: county.clock.now_ms - 3 * DAY_MS)
    slow.catch_up()
    slow.change("dispute", fence, status="withdrawn")
    slow.sync()
    for day in ("2026-11-23", "2026-11-24", "2026-11-26"):
        assert status(tang, **{"from": "2026-11-20", "to": day})["counts"]["carried_out"] == 0
