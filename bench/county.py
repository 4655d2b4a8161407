"""The county that is measured: grids, their workers with tablets, and households, made as quickly as they can be."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.records import Records, Visit
from server import administration
from server.center import Center
from server.exchange import exchange
from server.settings import Settings
from server.store import bulk, dialect, tables
from server.store.tablets import hashed
from sync import lines, stamps
from sync.frames import RequestHead, request
from sync.limits import EDITS_PER_REQUEST_MAX
from tests.support.filling import fill_units

COUNTY = "990101"
STAFF = "county-1"
GRIDS_PER_VILLAGE = 100
ROWS_AT_ONCE = 5_000
HOUSEHOLDS_SEED = 7


@dataclass(frozen=True, slots=True)
class Worker:
    """A grid worker with an enrolled tablet, and the households of the grid."""

    person: str
    token: str
    grid: str
    households: tuple[str, ...]

    def visits(self, records: Records, count: int) -> list[Visit]:
        """So many visits, to one household after another."""
        homes = self.households
        return [records.visit(self.person, self.grid, homes[number % len(homes)]) for number in range(count)]


_WARM_MS = 1_790_000_000_000
WARMER = Worker("warmer", "token-of-warmer", f"{COUNTY}999999001", (Records(_WARM_MS).name(_WARM_MS),))
"""Whose few syncs bring a server to its pace before it is measured, in a grid of its own."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def settle(url: str, grids: int, workers: int, households: int) -> list[Worker]:
    """Makes the county in the empty database at `url`. Units, people and tablets go straight into the tables;
    households come as edits, so that the log explains them."""
    center = Center.of(Settings(url))
    administration.init(center, COUNTY, "清河县")
    named = [f"{COUNTY}{1 + n // GRIDS_PER_VILLAGE:06d}{n % GRIDS_PER_VILLAGE:03d}" for n in range(grids)]
    every = [*named, WARMER.grid]
    villages = sorted({grid[:-3] for grid in every})
    fill_units(center.engine, COUNTY, dict.fromkeys(villages, COUNTY) | {grid: grid[:-3] for grid in every})
    homes = _with_households(center, named, households)
    homes[WARMER.grid] = _with_warmer()
    staff = Worker(STAFF, f"token-of-{STAFF}", COUNTY, ())
    hired = [
        Worker(f"grid-{number}-{each}", f"token-of-{number}-{each}", grid, homes[grid][1])
        for number, grid in enumerate(named)
        for each in range(workers)
    ]
    _hire(center, [(staff, "county_staff"), *((worker, "grid_worker") for worker in [*hired, WARMER])])
    for part in _parts([line for grid in every for line in homes[grid][0]], EDITS_PER_REQUEST_MAX):
        head = RequestHead(None, None, 0, stamps.stamp(now_ms()), want=1)
        for _ in exchange(center, staff.token, partial(request, head, part)):
            pass
    analyze(center)
    center.engine.dispose()
    return hired


def analyze(center: Center) -> None:
    """What autovacuum does within a minute."""
    with center.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _with_households(
    center: Center, grids: Sequence[str], count: int
) -> dict[str, tuple[list[bytes], tuple[str, ...]]]:
    """By grid, the lines that create its households, and their names."""
    records = Records(center.clock(), HOUSEHOLDS_SEED)
    made: dict[str, tuple[list[bytes], tuple[str, ...]]] = {}
    for grid in grids:
        edits, names = [], []
        for number in range(1, count + 1):
            moment = records.moment()
            names.append(records.name(moment))
            edits.append(_household(names[-1], moment, records.household(grid, number)))
        made[grid] = edits, tuple(names)
    return made


def _with_warmer() -> tuple[list[bytes], tuple[str, ...]]:
    names = WARMER.households
    return [_household(each, _WARM_MS, Records(_WARM_MS).household(WARMER.grid, 1)) for each in names], names


def _household(name: str, moment_ms: int, values: dict[str, Any]) -> bytes:
    said = {"edit": name, "schema": 1, "by": STAFF, "do": "create", "type": "household"}
    return lines.write(said | {"at": stamps.stamp(moment_ms), "now": values})


def _hire(center: Center, everyone: Sequence[tuple[Worker, str]]) -> None:
    """Writes people, their assignments and their tablets straight into the tables."""
    since = stamps.stamp(0)
    with dialect.writing(center.engine) as connection:
        for part in _parts(everyone, ROWS_AT_ONCE):
            people = [{"county": COUNTY, "id": who.person, "name": "周全"} for who, _ in part]
            spans = [
                {"county": COUNTY, "person": who.person, "unit": who.grid, "role": role, "since": since, "until": None}
                for who, role in part
            ]
            tablets = [
                {"county": COUNTY, "id": f"of-{who.person}", "person": who.person, "name": "平板"}
                | {"token_hash": hashed(who.token), "enrolled_at": since}
                for who, _ in part
            ]
            bulk.insert(connection, tables.person, people)
            bulk.insert(connection, tables.assignment, spans)
            bulk.insert(connection, tables.tablet, tablets)


def fill(url: str, rows: Iterable[tuple[str, str, Any, str]]) -> int:
    """Puts records straight into the tables: type, id, values, author of each. Gives the county's revision then.

    Nothing of it is in the log, so `doorstep verify` would object; it is for what is only read."""
    center = Center.of(Settings(url))
    with dialect.writing(center.engine) as connection:
        revision = center.county(connection).revision
        for part in _parts(list(rows), ROWS_AT_ONCE):
            records, placements = [], []
            for kind, name, values, author in part:
                revision += 1
                own = {"county": COUNTY, "type": kind, "revision": revision, "gone": None}
                document = lines.write(values).decode()
                made = {"document": document, "made_at": stamps.stamp(now_ms()), "made_by": author}
                records.append(own | made | {"id": name})
                placements.append(own | {"record": name, "key": f"unit:{values['unit']}", "since": ""})
            bulk.insert(connection, tables.record, records)
            bulk.insert(connection, tables.placement, placements)
        connection.execute(tables.county.update().values(revision=revision))
    analyze(center)
    center.engine.dispose()
    return revision


def _parts(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]
