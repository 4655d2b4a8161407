"""A tablet whose copy has drifted from the center finds out by the digests of its keys, and repairs what differs."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from client_sdk import Tablet, application
from client_sdk.loop import REPAIRS_MAX
from sync.digests import drifted
from tests.support.clock import DAY_MS
from tests.support.county import FAR_GRID, GRID, NEXT_GRID, VILLAGE, County


@pytest.fixture
def officer(county: County, tmp_path: Path) -> Iterator[Tablet]:
    """A village officer's real tablet, with two households in one grid and one in the next."""
    worker = county.worker("王小满")
    neighbour = county.worker("李秋生", NEXT_GRID)
    for device, unit in ((worker, GRID), (worker, GRID), (neighbour, NEXT_GRID)):
        device.create("household", unit=unit)
        device.sync()
    code = county.code(county.hire("周大寒", "village_staff", VILLAGE))
    tablet = Tablet.enroll(
        "http://center.example", code, tmp_path / "zhou.tablet", transport=httpx.WSGITransport(app=county.app),
        clock=county.clock,
    )  # fmt: skip
    with tablet:
        tablet.sync()
        yield tablet


def meddle(tmp_path: Path, statement: str) -> None:
    """What a failing card, or a fault of ours, may do to the store."""
    with sqlite3.connect(tmp_path / "zhou.tablet") as connection:
        connection.execute(statement)
    connection.close()


ONE = f"(SELECT min(id) FROM base WHERE keys LIKE '%{GRID}%')"


@pytest.mark.parametrize(
    "statement",
    [
        f"DELETE FROM base WHERE id = {ONE}",
        f"UPDATE base SET rev = 900000, doc = '{{}}' WHERE id = {ONE}",
        f"UPDATE base SET id = '01a1fe00-0000-7000-8000-000000000009' WHERE id = {ONE}",
    ],
    ids=["a record lost", "a record of no revision of ours", "a record that is not there"],
)
def test_what_differs_is_read_once_more(county: County, officer: Tablet, tmp_path: Path, statement: str) -> None:
    before = {each.id: dict(each.document) for each in officer.households.list()}
    meddle(tmp_path, statement)
    assert officer.sync().received == 0, "within the day nothing is compared"
    county.clock.pass_ms(DAY_MS)
    report = officer.sync()
    assert report.received == 2, "the two of the grid that differs, and not the third"
    assert {each.id: dict(each.document) for each in officer.households.list()} == before
    county.clock.pass_ms(DAY_MS)
    assert officer.sync().received == 0, "all is well"


def test_a_repair_that_takes_many_pages_comes_to_its_end(county: County, officer: Tablet, tmp_path: Path) -> None:
    before = {each.id for each in officer.households.list()}
    meddle(tmp_path, "DELETE FROM base")
    county.clock.pass_ms(DAY_MS)
    officer._loop.rows_max = 1
    assert officer.sync().received == 3
    assert {each.id for each in officer.households.list()} == before


@pytest.mark.parametrize("wrong", [REPAIRS_MAX - 1, REPAIRS_MAX, 9])
def test_what_a_repair_does_not_mend_is_left_for_the_next_sync(
    county: County, officer: Tablet, monkeypatch: pytest.MonkeyPatch, wrong: int
) -> None:
    before = officer.households.list()
    compared: list[object] = []

    def differing(*given: Any) -> list[str]:
        compared.append(given)
        return [f"unit:{GRID}"] if len(compared) <= wrong else drifted(*given)

    monkeypatch.setattr(application, "drifted", differing)
    county.clock.pass_ms(DAY_MS)
    assert officer.sync().received == 2 * min(wrong, REPAIRS_MAX)
    assert len(compared) == REPAIRS_MAX
    assert officer.households.list() == before
    officer.sync()
    assert (len(compared) > REPAIRS_MAX) is (wrong >= REPAIRS_MAX), "found right, it is not asked about again that day"


def test_a_tablet_that_has_not_drifted_reads_nothing_again(county: County, officer: Tablet) -> None:
    county.clock.pass_ms(DAY_MS)
    assert officer.sync().received == 0


def test_digests_are_told_only_when_asked_and_only_at_the_end(county: County) -> None:
    wang = county.worker("王小满")
    for _ in range(3):
        wang.create("household", unit=GRID)
    assert "digests" not in wang.sync().last
    first = county.worker("李秋生")
    assert "digests" not in first.push([], want=1, check=True).last
    told = first.push([], check=True).last["digests"]
    assert set(told) == {f"unit:{GRID}"}
    assert told == county.worker("赵春来").push([], check=True).last["digests"]


def test_keys_of_others_are_not_read_again_for_the_asking(county: County) -> None:
    zhao = county.worker("赵春来", FAR_GRID)
    zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    wang = county.worker("王小满")
    wang.sync()
    assert wang.push([], again=[f"unit:{FAR_GRID}"], cursor=wang.cursor).rows == ()


def test_who_sees_the_county_reads_a_key_again_and_not_the_county(county: County) -> None:
    wang, zhao = county.worker("王小满"), county.worker("赵春来", FAR_GRID)
    home = wang.create("household", unit=GRID)
    zhao.create("household", unit=FAR_GRID)
    wang.sync()
    zhao.sync()
    chief = county.worker("孙立", "990101", "county_staff")
    chief.sync()
    assert [row["id"] for row in chief.push([], again=[f"unit:{GRID}"], cursor=chief.cursor).rows] == [home]
