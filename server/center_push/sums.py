"""Sums of what another center pushed: by unit at every level, over local days."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from schemas.snapshots import SumsQuery
from schemas.status import BALANCES, BOOKS
from server.center import Center
from server.problems import ProblemError
from server.reading.query import Arguments, parameters
from server.reading.viewer import Viewer, viewing
from server.store import center_month, center_status
from server.store.center_month import Counters, NamedUnit
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
        named = center_month.units(connection, county, source)
        units = summed(named, center_month.counters(connection, county, source, first, last))
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


def summed(units: Mapping[str, NamedUnit], counted: Iterable[tuple[bool, Counters]]) -> list[dict[str, object]]:
    """The sums of what was counted, given in parts, each with whether it was before the days that are asked for: what
    happened in those days, and what there is at their end. Told of the units that counted something and of those above
    them; a unit comes before those under it."""
    own: dict[str, Counter[str]] = {}
    for is_before, part in counted:
        for unit, measures in part.items():
            _count(own.setdefault(unit, Counter()), measures, is_before=is_before)
    totals: dict[str, Counter[str]] = {}
    for unit, counts in own.items():
        for above in _lineage(units, unit) if counts else ():
            totals.setdefault(above, Counter()).update(counts)
    depth = {unit: len(_lineage(units, unit)) for unit in totals}
    return [
        {
            "unit": unit,
            "name": units[unit].name,
            "parent": units[unit].parent,
            "measures": {measure: value for measure, value in sorted(totals[unit].items()) if value},
        }
        for unit in sorted(totals, key=lambda each: (depth[each], each))
    ]


def _count(own: Counter[str], measures: Mapping[str, int], *, is_before: bool) -> None:
    """Adds a part to what a unit counted itself: of what was before, only what lasts."""
    for measure, value in measures.items():
        if not is_before or measure in BALANCES:
            own[measure] += value
        if measure in BOOKS:
            own["carried_out"] += BOOKS[measure] * value
            own["carried_in"] += BOOKS[measure] * value if is_before else 0


def _lineage(units: Mapping[str, NamedUnit], unit: str) -> list[str]:
    """The unit and those above it. Snapshots of different days may contradict one another: never in a circle."""
    found: list[str] = []
    above: str | None = unit
    while above is not None and above in units and above not in found:
        found.append(above)
        above = units[above].parent
    return found
