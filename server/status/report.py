"""The status of a unit over local days: sums of counters by the tree as it is now, and the measures they give."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.status import BALANCES, BOOKS, FLOWS, MEASURES, StatusQuery
from server.center import Center
from server.problems import ProblemError
from server.reading.query import Arguments, parameters
from server.reading.viewer import Viewer, viewing
from server.status.days import days_in
from server.store import counters, directory
from server.store.counters import Sums
from server.store.directory import Tablets
from sync.scope import SEES_UNITS
from sync.stamps import milliseconds, stamp

FRESH_MS = 24 * 60 * 60 * 1000
PEOPLE_MIN = 2
"""Of the tablets of fewer, freshness would be about one person."""


@dataclass(frozen=True, slots=True)
class Span:
    """Local days, both included."""

    first: date
    last: date

    @property
    def before(self) -> "Span":
        """As many days right before."""
        length = self.last - self.first
        end = self.first - timedelta(days=1)
        return Span(end - length, end)

    @property
    def year_before(self) -> "Span":
        return Span(_year_before(self.first), _year_before(self.last))


def status(center: Center, token: str, arguments: Arguments) -> dict[str, object]:
    """What `unit`, `from` and `to` ask for: by default the caller's own unit and this month until today. Raises
    ProblemError: token-unknown, tablet-revoked, not-found for a unit outside the caller's, invalid with the field."""
    with viewing(center, token) as viewer:
        asked = parameters(StatusQuery, arguments)
        unit = asked["unit"] if "unit" in asked else _own_unit(viewer)
        if f"unit:{unit}" not in viewer.scope.keys:
            raise ProblemError.unseen("unit")
        today = date.fromisoformat(days_in(viewer.county.timezone)(viewer.now))
        return _Report(viewer, unit).told(_span(asked, today))


def _own_unit(viewer: Viewer) -> str:
    held = [each.unit for each in viewer.person.assignments if each.holds(viewer.now) and each.role in SEES_UNITS]
    if not held:
        raise ProblemError.unseen("unit")
    return min(held, key=lambda unit: (len(list(viewer.units.lineage(unit, viewer.now))), unit))


def _span(asked: Mapping[str, str], today: date) -> Span:
    last = min(date.fromisoformat(asked["to"]), today) if "to" in asked else today
    first = date.fromisoformat(asked["from"]) if "from" in asked else last.replace(day=1)
    if first > last:
        raise ProblemError.at("from", f"after_last_day {last}")
    return Span(first, last)


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


class _Report:
    def __init__(self, viewer: Viewer, unit: str) -> None:
        self.viewer, self.unit = viewer, unit
        units, now = viewer.units, viewer.now
        self.under = units.under([unit], now)
        children = sorted(each for each in self.under if units.parent(each, now) == unit)
        self.child_of = {each: child for child in children for each in units.under([child], now)}
        self.children = children

    def told(self, span: Span) -> dict[str, object]:
        viewer = self.viewer
        names = self._names()
        sums, tablets = self._sums(span), self._tablets()
        by_child: dict[str, list[Sums]] = {}
        for each in sums:
            if each.unit in self.child_of:
                by_child.setdefault(self.child_of[each.unit], []).append(each)
        own = {"unit": self.unit, "name": names[self.unit], "revision": viewer.county.revision}
        return own | _said(span) | _shares(_counts(sums) | self._fresh(tablets, self.under)) | {
            "previous": _said(span.before) | _shares(_counts(self._sums(span.before))),
            "year_before": _said(span.year_before) | _shares(_counts(self._sums(span.year_before))),
            "units": [
                {"unit": child, "name": names[child]}
                | _shares(_counts(by_child.get(child, ())) | self._fresh(tablets, self._below(child)))
                for child in self.children
            ],
        }  # fmt: skip

    def _sums(self, span: Span) -> list[Sums]:
        viewer = self.viewer
        first, last = span.first.isoformat(), span.last.isoformat()
        return counters.sums(viewer.connection, viewer.county.code, self.under, first, last)

    def _tablets(self) -> dict[str, Tablets]:
        since = stamp(milliseconds(self.viewer.now) - FRESH_MS)
        return directory.tablets_by_unit(self.viewer.connection, self.viewer.county.code, self.viewer.now, since)

    def _names(self) -> dict[str, str]:
        keys = [f"unit:{unit}" for unit in (self.unit, *self.children)]
        named = directory.scope_names(self.viewer.connection, self.viewer.county.code, keys)
        return {key.removeprefix("unit:"): name for key, name in named.items()}

    def _below(self, child: str) -> list[str]:
        return [unit for unit, over in self.child_of.items() if over == child]

    def _fresh(self, tablets: Mapping[str, Tablets], under: Collection[str]) -> dict[str, int]:
        """Of a unit with units under it and several people's tablets: it is about the data, never about one person."""
        found = sum((tablets[unit] for unit in under if unit in tablets), Tablets())
        is_about_one = len(under) == 1 or found.people < PEOPLE_MIN
        return {} if is_about_one else {"tablets": found.every, "tablets_fresh": found.fresh}


def _said(span: Span) -> dict[str, object]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def _counts(sums: Iterable[Sums]) -> dict[str, int]:
    """The counts of a span: flows in it, balances at its end, and the cases on the books before and after."""
    before, within = Counter[str](), Counter[str]()
    for each in sums:
        before[each.measure] += each.before
        within[each.measure] += each.within
    carried_in = _on_the_books(before)
    found = {name: within[name] for name in FLOWS} | {name: before[name] + within[name] for name in BALANCES}
    return found | {"carried_in": carried_in, "carried_out": carried_in + _on_the_books(within)}


def _on_the_books(counted: Mapping[str, int]) -> int:
    return sum(sign * counted[measure] for measure, sign in BOOKS.items())


def _shares(counts: Mapping[str, int]) -> dict[str, object]:
    measures = {
        measure.name: {
            "numerator": sum(counts[name] for name in measure.numerator),
            "denominator": sum(counts[name] for name in measure.denominator),
        }
        for measure in MEASURES
        if all(name in counts for name in (*measure.numerator, *measure.denominator))
    }
    return {"counts": dict(counts), "measures": measures}
