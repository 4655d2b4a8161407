"""A county's day as it is pushed: composed from the counters, and read again at the other end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from schemas.snapshots import SNAPSHOT_VERSION, Snapshot, SnapshotTest
from schemas.validation import shape_problems
from server.problems import ProblemError
from server.store.center_status import Day
from sync import ids, lines
from sync.scope import Units

Counters = Mapping[str, Mapping[str, int]]
"""Values by unit and measure."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that another center sent. `day` is None for a test."""

    county: str
    day: Day | None = None


def carriers(counters: Counters, tree: Units, now: str) -> list[str]:
    """The units that carry counters, and all above them."""
    found: set[str] = set()
    for unit in counters:
        found.add(unit)
        found.update(tree.lineage(unit, now))
    return sorted(found)


def composed(
    county: str, day: str, version: int, counters: Counters, tree: Units, names: Mapping[str, str], now: str
) -> bytes:
    """The text of a snapshot, the same for the same values. A unit without a name is called by its code."""
    units = [
        {
            "unit": unit,
            "name": names.get(unit, unit),
            "parent": tree.parent(unit, now) if unit in tree.parents else None,
        }
        for unit in carriers(counters, tree, now)
    ]
    counted = [{"unit": unit, "measures": dict(sorted(counters[unit].items()))} for unit in sorted(counters)]
    return lines.write(
        {"v": SNAPSHOT_VERSION, "county": county, "day": day, "version": version, "units": units, "counters": counted}
    )


def composed_test(county: str) -> bytes:
    return lines.write({"v": SNAPSHOT_VERSION, "county": county, "test": True})


def read(body: bytes) -> Received:
    """What a message says. Raises ProblemError: malformed, invalid with the member at fault."""
    try:
        said = lines.read(body)
    except lines.LineMalformedError as error:
        raise ProblemError("malformed") from error
    is_test = said.get("test") is True
    for found in shape_problems(SnapshotTest if is_test else Snapshot, said):
        raise ProblemError.of(found)
    county = str(said["county"])
    if is_test:
        return Received(county)
    units = cast("list[Mapping[str, Any]]", said["units"])
    counters = cast("list[Mapping[str, Any]]", said["counters"])
    _check_tree(units)
    _check_counters(units, counters)
    return Received(county, Day(str(said["day"]), cast("int", said["version"]), units, counters))


def _check_tree(units: Sequence[Mapping[str, Any]]) -> None:
    """Each unit once, under one that is named too, and none under itself."""
    parents = {each["unit"]: each.get("parent") for each in units}
    if len(parents) != len(units):
        raise ProblemError.at("units", "named_twice")
    grounded: set[str | None] = {None}
    for place, each in enumerate(units):
        path: list[str] = []
        unit: str | None = each["unit"]
        while unit not in grounded:
            if unit is None or unit not in parents or len(path) > len(parents):
                raise ProblemError.at(f"units.{place}.parent", "unknown_unit")
            path.append(unit)
            unit = parents[unit]
        grounded.update(path)


def _check_counters(units: Sequence[Mapping[str, Any]], counters: Sequence[Mapping[str, Any]]) -> None:
    known = {each["unit"] for each in units}
    for place, each in enumerate(counters):
        if each["unit"] not in known:
            raise ProblemError.at(f"counters.{place}.unit", "unknown_unit")
        known.remove(each["unit"])  # Each once.
        if not all(ids.is_person_id(measure) for measure in each["measures"]):
            raise ProblemError.at(f"counters.{place}.measures", "not_name")
