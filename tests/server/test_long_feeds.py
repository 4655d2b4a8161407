"""Feeds of many keys and of long documents: what an answer costs the server, and a cursor the tablet, stays bounded."""

import pytest
import sqlalchemy as sa

from schemas.limits import NAME_CHARS_MAX
from server import administration, pages
from server.store import feed, tables
from server.store.feed import Page, Reading
from server.store.flight import Question
from sync.cursor import CURSOR_BYTES_MAX, cursor
from sync.limits import CATCHING_UP_KEYS_PER_PAGE_MAX
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, OTHER_VILLAGE, VILLAGE, County
from tests.support.device import Device

UNITS = [f"{GRID}{number:0{NAME_CHARS_MAX - len(GRID)}}" for number in range(2 * CATCHING_UP_KEYS_PER_PAGE_MAX)]


def split(county: County) -> None:
    """The grid into a good many, with the longest codes that there are."""
    with county.center.engine.begin() as connection:
        parents = [{"county": COUNTY, "unit": code, "parent": GRID, "since": ""} for code in UNITS]
        connection.execute(sa.insert(tables.unit), [{"county": COUNTY, "code": code, "name": code} for code in UNITS])
        connection.execute(sa.insert(tables.unit_parent), parents)
        raised = tables.county.c.directory_revision + 1
        connection.execute(sa.update(tables.county).values(directory_revision=raised))


def homes(county: County) -> list[str]:
    """A household in the first of the grids and in the last, and in the other village."""
    township = county.worker("孙立", unit="990101101", role="township_staff")
    made = [township.create("household", unit=unit) for unit in (UNITS[0], UNITS[-1], FAR_GRID)]
    township.sync()
    return made


def page(device: Device) -> bool:
    """The next page; whether there is more."""
    more: bool = device.sync().last["more"]
    assert len(device.cursor or "") <= CURSOR_BYTES_MAX
    return more


def test_a_cursor_is_bounded_however_many_keys_catch_up(county: County) -> None:
    split(county)
    found = homes(county)
    staff = county.worker("周宁", unit=VILLAGE, role="village_staff")
    assert page(staff)
    assert cursor(staff.cursor or "").later == cursor(staff.cursor or "").covers
    while page(staff):
        pass
    assert [staff.sees(each) for each in found] == [True, True, False]


def test_keys_that_come_and_go_while_many_catch_up_lose_nothing(county: County) -> None:
    split(county)
    found = homes(county)
    person = county.hire("周宁", "village_staff", VILLAGE)
    staff = county.device(person)
    assert page(staff)
    administration.assign(county.center, person, OTHER_VILLAGE, "village_staff", ALWAYS)
    assert page(staff)
    position = cursor(staff.cursor or "")
    assert position.later not in ("", position.covers)
    while page(staff):
        pass
    assert all(map(staff.sees, found))


def test_a_page_reads_no_more_documents_than_fill_it(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_bytes, long = 100_000, "字" * 10_000
    for module in (feed, pages):
        monkeypatch.setattr(module, "PAGE_BYTES_MAX", room_bytes)
    made = [wang.create("dispute", unit=GRID, summary=long) for _ in range(12)]
    made += [wang.create("household", unit=GRID) for _ in range(12)]
    read: list[int] = []
    page_of = feed.page

    def counted(database: str, code: str, reading: Reading, want: int) -> Question[Page]:
        found = yield from page_of(database, code, reading, want)
        read.append(sum(len((row.line or "").encode()) for row in found.rows))
        return found

    monkeypatch.setattr(feed, "page", counted)
    wang.catch_up()
    assert all(map(wang.sees, made))
    assert max(read) < room_bytes + 31_000
    assert len(read) == 4
