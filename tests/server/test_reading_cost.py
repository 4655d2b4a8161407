"""What reading costs: statements that do not grow with rows, and rows of the caller's scope or page, whatever a large
county holds beside them."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from server.store import bulk, dialect, history, listing, tables
from server.store.history import Reader
from server.store.listing import Between, Order, Wanted
from sync.scope import Scope
from tests.server.test_feed_cost import OWN, READ_PER_KEY_MAX, fill, held_by
from tests.support.cost import rows_read
from tests.support.county import COUNTY, FAR_GRID, GRID, TOWNSHIP, VILLAGE, County, county_on
from tests.support.device import Device
from tests.support.filling import name
from tests.support.reader import answered
from tests.support.statements import statements

READ_PER_ROW_MAX = 12
"""Its placement, its record when it is found and again when it is sent, what says that it stands under a key; twice
where the counting of a plan sees the inner and the outer side."""
STORES = {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}
EVERYBODY = {
    "a grid worker's": ("grid_worker", GRID),
    "a mediator's": ("mediator", VILLAGE),
    "a village's": ("village_staff", VILLAGE),
    "a township's": ("township_staff", TOWNSHIP),
    "an empty grid's": ("grid_worker", FAR_GRID),
}
QUESTIONS = {
    "all": Wanted("household"),
    "of a unit": Wanted("household", (frozenset({f"unit:{GRID}"}),)),
    "of a value": Wanted("household", members={"unit": ('"x"',)}),
    "of some days": Wanted("household", between=Between(None, "2025", "2027")),
}


LOGGED = 20_000


def fill_log(county: County) -> None:
    """An edit in the log for some of the households."""
    own = {"county": COUNTY, "kind": "edit", "line": b"{}", "digest": b"", "receipt_ms": 0, "head": b"", "author": "x"}
    rows = [
        own | {"revision": 1000 + n, "name": name(n), "record": name(n), "type": "household", "result": "applied"}
        for n in range(10_000, 10_000 + LOGGED)
    ]
    with dialect.writing(county.center.engine) as connection:
        bulk.insert(connection, tables.edit_log, rows)


@pytest.fixture(scope="module", params=[(store, known) for store in STORES for known in ("filled", "analyzed")])
def large(request: pytest.FixtureRequest) -> Iterator[County]:
    """200,000 households, eight of them under the caller's grid, before and after the database looked at its tables."""
    store, known = request.param
    with county_on(request.getfixturevalue(STORES[store])) as found:
        fill(found)
        fill_log(found)
        if known == "analyzed":
            with found.center.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
        yield found


def most(held: Scope) -> int:
    own = OWN if f"unit:{GRID}" in held.keys else 0
    return own * READ_PER_ROW_MAX + len(held.keys) * READ_PER_KEY_MAX + 4


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("order", [Order("rev", descending=True), Order("made_at", descending=False)])
@pytest.mark.parametrize("who", EVERYBODY)
def test_a_page(large: County, who: str, order: Order, question: str) -> None:
    held = held_by(large, *EVERYBODY[who])
    expected = OWN if f"unit:{GRID}" in held.keys else 0

    def ask(connection: sa.Connection) -> int:
        return len(listing.page(connection, COUNTY, held, QUESTIONS[question], order, 101).items)

    assert rows_read(large, ask, expected) <= most(held)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("who", EVERYBODY)
def test_an_export(large: County, who: str, question: str) -> None:
    held = held_by(large, *EVERYBODY[who])
    expected = OWN if f"unit:{GRID}" in held.keys else 0

    def ask(connection: sa.Connection) -> int:
        with listing.everything(connection, COUNTY, held, QUESTIONS[question]) as found:
            return len(list(found))

    assert rows_read(large, ask, expected) <= most(held)


def test_a_page_of_the_whole_county_goes_by_revision(large: County, request: pytest.FixtureRequest) -> None:
    """PostgreSQL weighs by its statistics which is the less to look through: the records of the type, or the newest."""
    if request.node.callspec.params["large"] == ("postgresql", "filled"):
        pytest.skip("PostgreSQL has no statistics before it has looked at its tables, and weighs by them here")
    held = held_by(large, "county_staff", COUNTY)
    for order in (Order("rev", descending=True), Order("rev", descending=False, after=100_000)):

        def ask(connection: sa.Connection, order: Order = order) -> int:
            return len(listing.page(connection, COUNTY, held, Wanted("household"), order, 101).items)

        assert rows_read(large, ask, 101) <= 101 * READ_PER_ROW_MAX


def test_a_unit_of_the_whole_county_is_looked_up_by_its_keys(large: County) -> None:
    held = held_by(large, "county_staff", COUNTY)

    def ask(connection: sa.Connection) -> int:
        return len(
            listing.page(connection, COUNTY, held, QUESTIONS["of a unit"], Order("rev", descending=True), 101).items
        )

    assert rows_read(large, ask, OWN) <= OWN * READ_PER_ROW_MAX + READ_PER_KEY_MAX


def test_one_record_and_its_history(large: County) -> None:
    held = held_by(large, "village_staff", VILLAGE)
    mine, theirs = name(25_000), name(25_001)
    for identity, expected in ((mine, 1), (theirs, 0)):

        def ask(connection: sa.Connection, identity: str = identity) -> int:
            return int(listing.one(connection, COUNTY, held, "household", identity) is not None)

        assert rows_read(large, ask, expected) <= READ_PER_ROW_MAX

    def told(connection: sa.Connection) -> int:
        return len(history.of_record(connection, COUNTY, Reader("x", held), "household", mine, 0, 101))

    assert rows_read(large, told, 1) <= READ_PER_ROW_MAX


PATHS = (
    "records/household", "records/household?sort=made_at", f"records/household?unit={GRID}", "held",
    "export/household.csv", "export/household.xlsx", "export/household.geojson", "feed",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_statements_do_not_grow_with_rows(county: County, wang: Device, path: str) -> None:
    counts = []
    for count in (3, 60):
        homes = [wang.create("household", unit=GRID) for _ in range(count)]
        for home in homes:
            wang.change("entry", home, over={}, text="x")
            wang.change("household", "01a1fe00-0000-7000-8000-000000000001", over={}, door_no="7")
        wang.sync()
        answered(wang, "feed")  # Its key set is remembered already.
        with statements(county.center.engine) as said:
            answered(wang, path)
        counts.append(len(said))
    assert counts[0] == counts[1] < 12
