"""The server is put back to an earlier moment: tablets are told by mark or cursor, and heal it."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from server import administration
from server.administration import Period
from server.store import tables
from tests.support.clock import HOUR_MS
from tests.support.county import GRID, NEXT_GRID, County
from tests.support.databases import Databases
from tests.support.device import Device

PutBack = Callable[[], None]


@pytest.fixture
def backup(county: County, databases: Databases) -> Iterator[Callable[[], PutBack]]:
    """Keeps the database as it is now; what is given puts it back."""
    made: list[str] = []

    def copied(url: str) -> str:
        county.stop()
        made.append(databases.create_database(url))
        return made[-1]

    def keep() -> PutBack:
        kept = copied(county.url)
        county.start()

        def put_back() -> None:
            county.url = copied(kept)
            county.start()

        return put_back

    yield keep
    assert county.differences() == []
    county.is_checked = False
    county.stop()
    for url in made:
        databases.drop_database(url)


def reach(county: County, *devices: Device) -> None:
    """The tablets find the server that came back."""
    for device in devices:
        device.http = county.http


@pytest.mark.parametrize("told_by", ["mark", "cursor", "both"])
@pytest.mark.parametrize("goes_on", [False, True], ids=["nothing since", "others went on"])
def test_tablets_heal_the_server(
    county: County, wang: Device, li: Device, backup: Callable[[], PutBack], told_by: str, goes_on: bool
) -> None:
    old = wang.create("household", unit=GRID)
    wang.sync()
    li.sync()
    put_back = backup()
    reach(county, wang, li)
    lost = wang.create("household", unit=GRID)
    wang.change("household", old, head_name="甲某")
    wang.sync()
    county.clock.pass_ms(HOUR_MS)
    put_back()
    reach(county, wang, li)
    if goes_on:
        for _ in range(5):
            li.create("household", unit=GRID)
        li.sync()
    if told_by == "mark":
        wang.cursor = None
    elif told_by == "cursor":
        wang.mark = None
    answer = wang.sync()
    assert answer.head["replay"] is True
    assert not wang.sees(lost), "it takes its keys from the start"
    assert wang.sees(old)
    wang.restored()
    assert wang.sync().head["replay"] is False
    li.catch_up()
    wang.catch_up()
    assert li.sees(lost)
    assert li.all("household") == wang.all("household")
    assert li.all("household")[old]["head_name"] == "甲某"


def test_a_request_told_of_a_restore_is_no_word_on_what_is_owed(
    county: County, wang: Device, backup: Callable[[], PutBack]
) -> None:
    wang.sync()
    put_back = backup()
    reach(county, wang)
    wang.create("household", unit=GRID)
    wang.sync()
    put_back()
    reach(county, wang)
    before = said(county, wang)
    county.clock.pass_ms(HOUR_MS)
    assert wang.sync().head["replay"] is True
    assert said(county, wang) == before
    wang.restored()
    wang.sync()
    assert said(county, wang) != before


def said(county: County, device: Device) -> tuple[object, ...]:
    tablet = tables.tablet.c
    with county.center.engine.connect() as connection:
        asked = sa.select(tablet.last_now, tablet.announced, tablet.owed_nothing_at).where(tablet.id == device.tablet)
        return tuple(connection.execute(asked).one())


def test_a_tablet_enrolled_since_enrols_again(county: County, wang: Device, backup: Callable[[], PutBack]) -> None:
    put_back = backup()
    reach(county, wang)
    new = county.device(wang.person)
    made = new.create("household", unit=GRID)
    new.sync()
    put_back()
    reach(county, wang, new)
    assert new.post(new.body()).json()["code"] == "token-unknown"
    new.enroll(county.code(wang.person))
    assert new.sync().head["replay"] is True
    new.restored()
    new.catch_up()
    wang.sync()
    assert wang.sees(made)


def test_a_key_set_that_nobody_remembers_is_read_from_the_start(county: County, wang: Device) -> None:
    made = wang.create("household", unit=GRID)
    wang.sync()
    county.worker("何来")
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.scope_set))
    administration.assign(county.center, wang.person, NEXT_GRID, None, Period())
    answer = wang.sync()
    assert answer.head["replay"] is True
    assert wang.sees(made)
    assert wang.sync().head["replay"] is False


def test_marks_go_on_while_nothing_is_restored(county: County, wang: Device, li: Device) -> None:
    for _ in range(3):
        wang.create("household", unit=GRID)
        li.create("household", unit=GRID)
        for device in (wang, li, wang):
            assert device.sync().head["replay"] is False
