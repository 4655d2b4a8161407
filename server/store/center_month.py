"""What the days of a month that another county pushed add up to, so that long spans are short reads.

Written in the transaction that keeps the day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from server.store.center_tables import center_month, center_status
from server.store.counters import MONTH_CHARS

Snapped = Sequence[Mapping[str, Any]]
"""Units or counters as a snapshot gives them."""
Counters = Mapping[str, Mapping[str, int]]
"""Values by unit and measure."""

_ROWS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """What a unit is called and where it stands, as the snapshot of this version says."""

    version: int
    name: str
    parent: str | None


@dataclass(slots=True)
class Month:
    """`units`: as the newest of the month's snapshots that names them says; `counters`: the sums of its days."""

    units: dict[str, NamedUnit] = field(default_factory=dict)
    counters: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, units: str, counters: str) -> "Month":
        return cls(_units(units), orjson.loads(counters))

    def name(self, version: int, units: Snapped) -> None:
        for each in units:
            _name(self.units, each["unit"], NamedUnit(version, each["name"], each.get("parent")))

    def count(self, counters: Snapped, sign: int = 1) -> None:
        """Adds the counters of a day, or takes them away."""
        for each in counters:
            sums = self.counters.setdefault(each["unit"], {})
            for measure, value in each["measures"].items():
                sums[measure] = sums.get(measure, 0) + sign * value

    @property
    def written(self) -> dict[str, str]:
        """As the table keeps it, without what is 0."""
        units = {unit: (each.version, each.name, each.parent) for unit, each in self.units.items()}
        counters = {unit: {name: sums[name] for name in sums if sums[name]} for unit, sums in self.counters.items()}
        counters = {unit: sums for unit, sums in counters.items() if sums}
        return {"units": orjson.dumps(units).decode(), "counters": orjson.dumps(counters).decode()}


def _units(text: str) -> dict[str, NamedUnit]:
    return {unit: NamedUnit(*told) for unit, told in orjson.loads(text).items()}


def _name(units: dict[str, NamedUnit], unit: str, named: NamedUnit) -> None:
    known = units.get(unit)
    if known is None or known.version <= named.version:
        units[unit] = named


def add(
    connection: sa.Connection, county: str, source: str, day: str, version: int, units: Snapped, counters: Snapped,
    former: Snapped,
) -> None:  # fmt: skip
    """Adds a day to its month, in place of the `former` counters of it. Raises IntegrityError where another transaction
    wrote the first day of the month meanwhile."""
    row, period = center_month.c, day[:MONTH_CHARS]
    mine = (row.county == county, row.source == source, row.month == period)
    found = connection.execute(sa.select(row.units, row.counters).where(*mine).with_for_update()).first()
    month = Month() if found is None else Month.read(found.units, found.counters)
    month.name(version, units)
    month.count(former, -1)
    month.count(counters)
    if found is None:
        connection.execute(sa.insert(center_month).values(county=county, source=source, month=period, **month.written))
    else:
        connection.execute(sa.update(center_month).where(*mine).values(**month.written))


def drop(connection: sa.Connection, county: str, source: str) -> None:
    row = center_month.c
    connection.execute(sa.delete(center_month).where(row.county == county, row.source == source))


def units(connection: sa.Connection, county: str, source: str) -> dict[str, NamedUnit]:
    """Every unit that a county ever named, as its newest snapshot that does so says."""
    row, found = center_month.c, dict[str, NamedUnit]()
    for told in _each(connection, sa.select(row.units).where(row.county == county, row.source == source)):
        for unit, named in _units(told.units).items():
            _name(found, unit, named)
    return found


def counters(
    connection: sa.Connection, county: str, source: str, first: str, last: str
) -> Iterator[tuple[bool, Counters]]:
    """What was counted until `last`, in parts, each with whether it was before `first`: whole months by their own rows,
    those in which the span begins and ends by their days."""
    first_month, last_month = first[:MONTH_CHARS], last[:MONTH_CHARS]
    row = center_month.c
    mine = (row.county == county, row.source == source, row.month < last_month, row.month != first_month)
    for told in _each(connection, sa.select(row.month, row.counters).where(*mine)):
        yield told.month < first_month, orjson.loads(told.counters)
    kept = center_status.c
    is_edge = sa.or_(*(kept.day.between(f"{month}-01", f"{month}-31") for month in {first_month, last_month}))
    mine = (kept.county == county, kept.source == source, is_edge, kept.day <= last)
    for told in _each(connection, sa.select(kept.day, kept.counters).where(*mine)):
        yield told.day < first, {each["unit"]: each["measures"] for each in orjson.loads(told.counters)}


def _each(connection: sa.Connection, asked: sa.Select[Any]) -> Iterable[Any]:
    return connection.execute(asked, execution_options={"yield_per": _ROWS_AT_ONCE})  # A row may be megabytes.
