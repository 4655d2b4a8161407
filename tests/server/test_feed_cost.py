"""What a pull reads is what changed under the caller's keys, however much is stored above the cursor for others."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from server.store import directory, feed, tables
from server.store.feed import Reading
from server.store.flight import ask
from sync.scope import Scope, scope
from sync.stamps import stamp
from tests.support.cost import Statement, asked, rows_of, scanned, sqlite_plan
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, TOWNSHIP, VILLAGE, County, county_on
from tests.support.databases import Databases

OTHERS = 200_000
"""Records of other grids, all of them newer than the caller's cursor."""
OWN = 8
READ_PER_ROW_MAX = 8
"""The row itself, its record, its placements, and where the counting of a plan sees one of them twice."""
READ_PER_KEY_MAX = 4

RECORDS = f"""
    INSERT INTO record (county, type, id, revision, document, made_at, made_by)
    SELECT '{COUNTY}', 'household', {{id}}, 1000 + n, '{{{{"unit":"x","address":"东"}}}}', '2026', 'x' FROM {{numbers}}
"""
PLACEMENTS = f"""
    INSERT INTO placement (county, record, type, key, revision, since)
    SELECT '{COUNTY}', {{id}}, 'household', {{key}}, 1000 + n, '' FROM {{numbers}}
"""


def fill(county: County) -> None:
    """Rows straight into the tables: every 25,000th is under the caller's grid, the rest under a thousand others."""
    is_sqlite = county.center.engine.dialect.name == "sqlite"
    numbers = (
        f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {OTHERS}) SELECT n FROM c)"
        if is_sqlite
        else f"(SELECT n FROM generate_series(1, {OTHERS}) AS s(n)) AS c"
    )
    name = (
        "printf('01a1fd3d-1080-7000-8000-%012d', n)"
        if is_sqlite
        else "('01a1fd3d-1080-7000-8000-' || lpad(n::text, 12, '0'))::uuid"
    )
    own = f"CASE WHEN n % {OTHERS // OWN} = 0 THEN 'unit:{GRID}' ELSE 'unit:other' || (n % 1000) END"
    with county.center.engine.begin() as connection:
        connection.execute(sa.text(RECORDS.format(id=name, numbers=numbers).replace(":", r"\:")))
        connection.execute(sa.text(PLACEMENTS.format(id=name, key=own, numbers=numbers).replace(":", r"\:")))
        connection.execute(sa.update(tables.county).values(revision=1000 + OTHERS))


STORES = {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}


@pytest.fixture(scope="module", params=[(store, known) for store in STORES for known in ("filled", "analyzed")])
def county(request: pytest.FixtureRequest) -> Iterator[County]:
    """Before and after the database has looked at its tables: the plan must not depend on it."""
    store, known = request.param
    databases: Databases = request.getfixturevalue(STORES[store])
    with county_on(databases) as found:
        fill(found)
        if known == "analyzed":
            with found.center.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
        yield found


SCOPES = {
    "a grid worker's": ("grid_worker", GRID),
    "a mediator's": ("mediator", VILLAGE),
    "a village's": ("village_staff", VILLAGE),
    "a township's": ("township_staff", TOWNSHIP),
    "an empty grid's": ("grid_worker", FAR_GRID),
}


def held_by(county: County, role: str, unit: str) -> Scope:
    person = county.hire("何来", role, unit, ALWAYS)
    with county.center.engine.connect() as connection:
        found = county.center.county(connection)
        units = county.center.units.units(connection, found)
        return scope(ask(connection, directory.people(COUNTY, [person]))[person], units, stamp(county.clock()))


def asked_page(county: County, reading: Reading, want: int, expected: int) -> Statement:
    return asked(
        county,
        lambda connection: len(ask(connection, feed.page(connection.dialect.name, COUNTY, reading, want)).rows),
        expected,
    )


def rows_read(county: County, reading: Reading, want: int, expected: int) -> int:
    """How many rows the database looked at for a page. In SQLite its plan may scan no table."""
    statement = asked_page(county, reading, want, expected)
    if county.center.engine.dialect.name == "sqlite":
        plan = sqlite_plan(county, statement)
        assert not scans(plan, "placement", "record", "p", "q"), plan
        assert any("placement_feed" in line for line in plan), plan
    return rows_of(county, statement)


def scans(plan: list[str], *tables: str) -> list[str]:
    return [line for line in plan if line.startswith("SCAN") and line.split()[1] in tables]


@pytest.mark.parametrize("who", SCOPES)
def test_steady_keys(county: County, who: str) -> None:
    held = held_by(county, *SCOPES[who])
    own = OWN if f"unit:{GRID}" in held.keys else 0
    found = rows_read(county, Reading(held, 0, (), 0), 1000, own)
    assert found <= own * READ_PER_ROW_MAX + len(held.keys) * READ_PER_KEY_MAX + 4


@pytest.mark.parametrize("who", SCOPES)
def test_keys_that_catch_up(county: County, who: str) -> None:
    held = held_by(county, *SCOPES[who])
    own = OWN if f"unit:{GRID}" in held.keys else 0
    found = rows_read(county, Reading(held, 0, held.covers, 0), 1000, own)
    assert found <= own * READ_PER_ROW_MAX + len(held.keys) * READ_PER_KEY_MAX + 4


def test_a_small_page_reads_a_small_page(county: County) -> None:
    """Of a key with 200 rows, one is wanted."""
    held = Scope(frozenset({"unit:other7", f"unit:{GRID}"}), whole=False)
    assert rows_read(county, Reading(held, 0, (), 0), 1, 1) <= 2 * 2 * READ_PER_ROW_MAX + 4


def test_the_whole_county_reads_by_revision(county: County) -> None:
    held = held_by(county, "county_staff", COUNTY)
    assert held.whole
    found = whole_rows(county, Reading(held, 1000 + OTHERS - 10, (), 0))
    assert found <= 10 * READ_PER_ROW_MAX + 4


def whole_rows(county: County, reading: Reading) -> int:
    if county.center.engine.dialect.name == "postgresql":
        return rows_read(county, reading, 1000, 10)
    plan = sqlite_plan(county, asked_page(county, reading, 1000, 10))
    assert any("record_revision" in line for line in plan), plan
    assert not scans(plan, "h", "r", "record"), plan
    return 0


def test_a_plan_that_is_kept_for_any_parameters(county: County) -> None:
    """PostgreSQL makes one plan for all after five times."""
    if county.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite plans each time")
    held = held_by(county, "village_staff", VILLAGE)
    statement = asked_page(county, Reading(held, 0, (), 0), 1000, OWN)
    parameters, numbered = statement.parameters, statement.text
    assert isinstance(parameters, dict)
    names = list(parameters)
    for number, name in enumerate(names, 1):
        numbered = numbered.replace(f"%({name})s", f"${number}")
    for suffix in ("::VARCHAR", "::INTEGER", "::BIGINT"):
        assert "%(" + suffix not in numbered
    with county.center.engine.connect() as connection:
        connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        connection.exec_driver_sql(f"PREPARE page AS {numbered}")
        values = ", ".join(
            str(v) if isinstance(v, int) else "'" + v.replace("'", "''") + "'" for v in parameters.values()
        )
        explained = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page ({values})").scalar_one()
        connection.exec_driver_sql("DEALLOCATE page")
    plan = explained[0]["Plan"] if not isinstance(explained, str) else json.loads(explained)[0]["Plan"]
    assert scanned(plan) <= OWN * READ_PER_ROW_MAX + len(held.keys) * READ_PER_KEY_MAX + 4
