"""Who may see what: units, people's assignments, and the keys under which records stand.

Moments are stamps, compared as text. A span runs from `since` (inclusive) until `until` (exclusive; None while it
lasts). For work it counts to the end of the millisecond in which it ended: of what was done and received in that one
nobody could say whether it came before the end. A key is `unit:<code>`, `staff:<code>`, `person:<id>` or `body:<id>`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sync.stamps import BEGINNING

SEES_UNITS = frozenset({"grid_worker", "village_staff", "township_staff", "county_staff"})
"""Roles whose scope is the grids under their unit. A mediator's is what is assigned; an administrator's is nothing."""
IS_STAFF = frozenset({"village_staff", "township_staff", "county_staff"})
_MILLISECOND_CHARS = len("2026-11-21T08:15:30.123")
ROLES = ("grid_worker", "mediator", "village_staff", "township_staff", "county_staff", "admin")


def _is_before_end(at: str, since: str, until: str | None) -> bool:
    """Whether a moment is no later than the millisecond of an end. What ended as it began was never there."""
    return until is None or at < until or (since < until and at[:_MILLISECOND_CHARS] == until[:_MILLISECOND_CHARS])


@dataclass(frozen=True, slots=True)
class Span:
    """A text that held for a while: a placement's key, a unit's parent, a membership's body."""

    value: str
    since: str = BEGINNING
    until: str | None = None

    def holds(self, at: str) -> bool:
        return self.since <= at and (self.until is None or at < self.until)

    def counts(self, at: str) -> bool:
        """Whether it counts for work of a moment."""
        return self.since <= at and _is_before_end(at, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Assignment:
    role: str
    unit: str
    since: str = BEGINNING
    until: str | None = None

    def holds(self, at: str) -> bool:
        return self.since <= at and (self.until is None or at < self.until)

    def counts(self, at: str) -> bool:
        """Whether it counts for work of a moment."""
        return self.since <= at and _is_before_end(at, self.since, self.until)


@dataclass(frozen=True, slots=True)
class Person:
    """`may_all` is the county itself, when staff release a held edit from the shell."""

    id: str
    assignments: tuple[Assignment, ...] = ()
    memberships: tuple[Span, ...] = ()
    may_all: bool = False

    def rights_at(self, at: str, now: str) -> str:
        """The moment whose rights count for work dated `at`, as known at the server's stamp `now`.

        Work dated before its author's first assignment comes from a clock that was far behind. It counts as done when
        that assignment began: no work is refused for a wrong clock, and nobody gains a right that was not theirs."""
        first = min((each.since for each in self.assignments), default=at)
        return max(at, first) if first <= now else at


@dataclass(frozen=True, slots=True)
class Units:
    """The tree, with its past: each unit's parents as spans (none for the county itself)."""

    parents: Mapping[str, tuple[Span, ...]]
    root: str | None = field(init=False, repr=False, compare=False)
    _children: Mapping[str, list[str]] = field(init=False, repr=False, compare=False)
    """Every unit that was ever right under this one."""
    _unmoved: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """The lineages that have been the same since the beginning, as far as they were asked for. A unit that moves makes
    another tree."""

    def __post_init__(self) -> None:
        children: dict[str, list[str]] = {}
        for unit, spans in self.parents.items():
            for parent in dict.fromkeys(span.value for span in spans):
                children.setdefault(parent, []).append(unit)
        # A frozen value's own fields, made from the others once: the tree is asked in every request.
        object.__setattr__(self, "_children", children)
        object.__setattr__(self, "_unmoved", {})
        object.__setattr__(self, "root", next((unit for unit, spans in self.parents.items() if not spans), None))

    def parent(self, unit: str, at: str) -> str | None:
        return next((span.value for span in self.parents[unit] if span.holds(at)), None)

    def _parent_counting(self, unit: str, at: str) -> str | None:
        """The parent that counts for work of a moment: in the millisecond of a move still the one before."""
        counting = [span for span in self.parents[unit] if span.counts(at)]
        return min(counting, key=lambda span: span.since).value if counting else None

    def lineage(self, unit: str, at: str, *, counting: bool = False) -> tuple[str, ...]:
        """The unit and those above it at a moment, or those that are `counting` for work of it. Nothing for a unit that
        does not exist."""
        known = self._unmoved.get(unit)
        if known is not None:
            return known
        line: list[str] = []
        found: str | None = unit if unit in self.parents else None
        while found is not None and found not in line:
            line.append(found)
            parent = self._parent_counting(found, at) if counting else self.parent(found, at)
            found = parent if parent in self.parents else None
        lineage = tuple(line)
        if lineage and not any(self._has_moved(each) for each in lineage):
            self._unmoved[unit] = lineage
        return lineage

    def _has_moved(self, unit: str) -> bool:
        """Whether a unit ever stood elsewhere, or did not stand where it does from the beginning."""
        return any(span != Span(span.value) for span in self.parents[unit]) or len(self.parents[unit]) > 1

    def under(self, tops: Iterable[str], at: str) -> frozenset[str]:
        """The units given and all under them at a moment."""
        found: set[str] = set()
        waiting = [unit for unit in tops if unit in self.parents]
        while waiting:
            unit = waiting.pop()
            if unit not in found:
                found.add(unit)
                waiting.extend(child for child in self._children.get(unit, ()) if self.parent(child, at) == unit)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Scope:
    """The keys a person holds now. `whole`: the whole county, which reads by revision and not key by key."""

    keys: frozenset[str]
    whole: bool

    @property
    def covers(self) -> tuple[str, ...]:
        """The keys in order: what a cursor covers."""
        return tuple(sorted(self.keys))


def scope(person: Person, units: Units, at: str) -> Scope:
    """The scope of a person at a moment."""
    held = [each for each in person.assignments if each.holds(at)]
    seen = units.under((each.unit for each in held if each.role in SEES_UNITS), at)
    staffed = units.under((each.unit for each in held if each.role in IS_STAFF), at)
    keys = {f"unit:{unit}" for unit in seen} | {f"staff:{unit}" for unit in staffed} | {f"person:{person.id}"}
    bodies = {f"body:{span.value}" for span in person.memberships if span.holds(at)}
    return Scope(frozenset(keys | bodies), units.root is not None and units.root in staffed)


def digest(keys: Iterable[str]) -> str:
    """A name for a set of keys, the same in every order."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:16]


def ties(person: Person, placement: Iterable[Span], units: Units, at: str) -> Iterator[tuple[str, str]]:
    """Each (role, tie) by which a person reached a record with work of a moment: `unit` or `assignee`."""
    roles = [each for each in person.assignments if each.counts(at)]
    bodies = {f"body:{span.value}" for span in person.memberships if span.counts(at)}
    for span in placement:
        if not span.counts(at):
            continue
        if span.value.startswith("unit:"):
            above = units.lineage(span.value.removeprefix("unit:"), at, counting=True)
            yield from [(each.role, "unit") for each in roles if each.unit in above]
        elif span.value == f"person:{person.id}" or span.value in bodies:
            yield from [(each.role, "assignee") for each in roles]


def sees(reached: Iterable[tuple[str, str]]) -> bool:
    """Whether ties let a person see the record at all."""
    return any(tie == "assignee" or role in SEES_UNITS for role, tie in reached)


def standing(placement: Iterable[Span]) -> frozenset[str]:
    """The keys a record is under now."""
    return frozenset(span.value for span in placement if span.until is None)
