"""Sums of what another center pushed: by unit at every level, over local days."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from schemas.snapshots import SumsQuery
from server.center import Center
from server.problems import ProblemError
from server.reading.query import Arguments, parameters
from server.reading.viewer import Viewer, viewing
from server.store import center_status
from server.store.center_status import Day
from sync.limits import STATUS_DAYS_MAX

MAY_ASK = frozenset({"county_staff", "admin"})
"""Who sees what other centers pushed: these, where they work for the county itself."""


def sums(center: Center, token: str, arguments: Arguments) -> dict[str, object]:
    """The sums that `source`, `from` and `to` (both included) ask for. Raises ProblemError: token-unknown,
    tablet-revoked, not-allowed, invalid with the field, not-found for a county that nothing is known of."""
    with viewing(center, token) as viewer:
        source, first, last = _asked(arguments)
        _require_right(viewer)
        connection, county = viewer.connection, viewer.county.code
        if not center_status.is_known(connection, county, source):
            raise ProblemError.unseen("source")
        units = summed(center_status.days(connection, county, source, first, last))
    return {"source": source, "from": first, "to": last, "units": units}


def _asked(arguments: Arguments) -> tuple[str, str, str]:
    asked = parameters(SumsQuery, arguments)
    source, first, last = asked["source"], asked["from"], asked["to"]
    if not 0 <= (date.fromisoformat(last) - date.fromisoformat(first)).days < STATUS_DAYS_MAX:
        raise ProblemError.at("to", f"days_apart {STATUS_DAYS_MAX}")
    return source, first, last


def _require_right(viewer: Viewer) -> None:
    root, held = viewer.units.root, viewer.person.assignments
    if not any(each.role in MAY_ASK and each.unit == root and each.holds(viewer.now) for each in held):
        raise ProblemError("not-allowed")


def summed(days: Iterable[Day]) -> list[dict[str, object]]:
    """The sums of days, given with the oldest version first: what a unit is called and where it stands is as the newest
    snapshot that names it says. A unit comes before those under it."""
    units: dict[str, Mapping[str, Any]] = {}
    own: dict[str, Counter[str]] = {}
    for day in days:
        for each in day.units:
            units.pop(each["unit"], None)
            units[each["unit"]] = each
        for counted in day.counters:
            own.setdefault(counted["unit"], Counter()).update(counted["measures"])
    totals: dict[str, Counter[str]] = {unit: Counter() for unit in units}
    for unit, counts in own.items():
        for above in _lineage(units, unit):
            totals[above].update(counts)
    depth = {unit: len(_lineage(units, unit)) for unit in units}
    return [
        {
            "unit": unit,
            "name": units[unit]["name"],
            "parent": units[unit].get("parent"),
            "measures": {measure: value for measure, value in sorted(totals[unit].items()) if value},
        }
        for unit in sorted(units, key=lambda each: (depth[each], each))
    ]


def _lineage(units: Mapping[str, Mapping[str, Any]], unit: str) -> list[str]:
    """The unit and those above it. Snapshots of different days may contradict one another: never in a circle."""
    found: list[str] = []
    above: str | None = unit
    while above is not None and above in units and above not in found:
        found.append(above)
        above = units[above].get("parent")
    return found
