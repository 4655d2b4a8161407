"""What a request reads belongs together, also where others write between its statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.catalog import CATALOG
from server import administration, asked, holding, loading, push
from server.administration import Period
from server.store import decisions, dialect
from tests.support.county import COUNTY, GRID, County
from tests.support.device import Device
from tests.support.reader import answered

ADDED = "990101998"


@pytest.fixture
def another(county: County) -> Iterator[County]:
    """Another process of the same server."""
    found = County(county.url, clock=county.clock)
    yield found
    found.stop()


@contextmanager
def first(county: County, mark: str, work: Callable[[], object]) -> Iterator[None]:
    """Does `work` before the first statement that has `mark` in it."""
    waiting = [work]

    def _before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if mark in statement and waiting:
            waiting.pop()()

    engine = county.center.engine
    sa.event.listen(engine, "before_cursor_execute", _before)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", _before)
    assert not waiting, f"no statement has {mark}"


def test_a_page_shows_nothing_that_was_written_after_the_caller_had_left(
    county: County, another: County, wang: Device, li: Device
) -> None:
    wang.sync()
    li.sync()
    li.http = another.http
    written: list[str] = []

    def leave_and_write() -> None:
        administration.unassign(another.center, wang.person, GRID, Period())
        written.append(li.create("household", unit=GRID))
        li.sync()

    with first(county, "up_to_here", leave_and_write):
        wang.sync()
    assert not wang.sees(written[0])
    assert li.sees(written[0])


def test_a_unit_that_is_added_while_the_tree_is_read(county: County, another: County, wang: Device) -> None:
    wang.sync()
    administration.add_unit(another.center, "990101999", "北口镇", COUNTY)
    with first(county, "unit_parent", lambda: administration.add_unit(another.center, ADDED, "南口镇", COUNTY)):
        answered(wang, "feed")
    wang.create("household", unit=GRID)
    assert wang.sync().outcomes == []


def test_no_statement_is_spent_on_the_snapshot(county: County) -> None:
    found: list[str] = []
    sa.event.listen(county.center.engine, "before_cursor_execute", lambda *said: found.append(said[2]))
    with dialect.reading(county.center.engine, one_snapshot=True) as connection:
        county.center.county(connection)
    assert [each for each in found if "TRANSACTION" in each] == []


def newer_line(device: Device) -> tuple[str, bytes]:
    return device.line(do="create", type="household", schema=2, now={"unit": GRID, "address": "东"})


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on this process speaks the next schema."""

    def upgraded() -> None:
        for module in (loading, asked, push):
            monkeypatch.setattr(module, "CATALOG", replace(CATALOG, version=2))

    monkeypatch.setattr(holding, "release", lambda: "9.9")
    return upgraded


def test_a_line_that_the_old_release_held_after_the_new_one_was_taken_up(
    county: County, wang: Device, upgrade: Callable[[], None]
) -> None:
    """While processes are replaced one by one, an old one still answers."""
    county.is_checked = False  # What is judged by another schema is not to be judged again by this one.
    assert holding.take_up_release(county.center)
    name, line = newer_line(wang)
    assert wang.push([line]).outcome(name)["result"] == "held"
    upgrade()
    assert not holding.take_up_release(county.center), "the release is not new"
    wang.catch_up()
    assert wang.sees(name)


def test_a_line_that_cannot_be_taken_up_holds_up_no_other(
    county: County,
    wang: Device,
    upgrade: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    county.is_checked = False  # As above.
    (bad, bad_line), (good, good_line) = newer_line(wang), newer_line(wang)
    wang.push([bad_line, good_line])
    upgrade()
    append = decisions.append_decision

    def failing(book: Any, decision: Any, author: Any) -> None:
        if decision.arrival.name == bad:
            raise RuntimeError("a bug")
        append(book, decision, author)

    monkeypatch.setattr(decisions, "append_decision", failing)
    assert holding.take_up_release(county.center)
    assert "take_up_line_failed" in caplog.text
    wang.catch_up()
    assert wang.all("household").keys() == {good}
    assert wang.all("held")[bad]["result"] == "held"
