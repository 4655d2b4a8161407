"""A county's worth of visits straight into the tables, for what must be measured and takes too long to push."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from server.store import bulk, dialect, tables
from sync.stamps import BEGINNING, instant, stamp

ROWS_AT_ONCE = 5_000
BEGAN_MS = 1_760_000_000_000
EVERY_MS = 60_000
NOTES = "家中有老人和孩子，门前水渠已清理。提醒冬季用火用电安全，核对了联系电话，近期没有矛盾纠纷。"


def name(number: int) -> str:
    return f"01a1fd3d-1080-7000-8000-{number:012d}"


def visit(number: int, unit: str) -> dict[str, Any]:
    """A visit as a worker leaves it, with notes and a point."""
    return {
        "household": name(number % 90_000),
        "unit": unit,
        "visited_at": instant(BEGAN_MS + number * EVERY_MS),
        "visitor": f"worker-{unit}",
        "mode": "door",
        "result": "met",
        "purposes": ["check_details", "safety_reminder"],
        "people_met": "户主",
        "notes": NOTES,
        "satisfaction": 5,
        "location": {"lat": f"25.{number % 1_000_000:06d}", "lon": f"102.{number % 999_983:06d}", "accuracy_m": 8},
    }


def fill_units(engine: sa.Engine, county: str, parents: Mapping[str, str]) -> None:
    """Adds units under their parents, since ever. One by one, each would read the tree of all before it."""
    with dialect.writing(engine) as connection:
        bulk.insert(connection, tables.unit, [{"county": county, "code": unit, "name": unit} for unit in parents])
        spans = [
            {"county": county, "unit": unit, "since": BEGINNING, "parent": parent, "until": None}
            for unit, parent in parents.items()
        ]
        bulk.insert(connection, tables.unit_parent, spans)
        moved_on = tables.county.c.directory_revision + 1
        connection.execute(sa.update(tables.county).values(directory_revision=moved_on))


def fill_visits(engine: sa.Engine, county: str, units: list[str], count: int) -> None:
    """Adds visits, one unit after another in turn, with the county's revision moved on. Nothing is in the log."""
    with dialect.writing(engine) as connection:
        revision = connection.scalar(sa.select(tables.county.c.revision).where(tables.county.c.code == county)) or 0
        for numbers in _parts(count):
            records, placements = [], []
            for number in numbers:
                unit = units[number % len(units)]
                own = {"county": county, "type": "visit", "revision": revision + number + 1, "gone": None}
                made_at = stamp(BEGAN_MS + number * EVERY_MS)
                records.append(
                    own
                    | {
                        "id": name(number),
                        "document": json.dumps(visit(number, unit), ensure_ascii=False, separators=(",", ":")),
                        "made_at": made_at,
                        "made_by": f"worker-{unit}",
                    }
                )
                placements.append(own | {"record": name(number), "key": f"unit:{unit}", "since": ""})
            bulk.insert(connection, tables.record, records)
            bulk.insert(connection, tables.placement, placements)
        connection.execute(sa.update(tables.county).values(revision=revision + count))


def _parts(count: int) -> Iterator[range]:
    for first in range(0, count, ROWS_AT_ONCE):
        yield range(first, min(count, first + ROWS_AT_ONCE))
