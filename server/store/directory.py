"""Units, people, their assignments and bodies: read as the values that scope and admission work on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

import sqlalchemy as sa

from server.store import bulk
from server.store.flight import Question
from server.store.ledger import County
from server.store.tables import assignment, body, membership, person, tablet, unit, unit_parent
from sync.scope import IS_STAFF, Assignment, Person, Span, Units


@dataclass(slots=True)
class UnitsCache:
    """The unit tree of each county, kept while no directory change was committed."""

    _kept: dict[str, tuple[int, Units]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def units(self, connection: sa.Connection, county: County) -> Units:
        with self._lock:
            kept = self._kept.get(county.code)
        if kept is not None and kept[0] == county.directory_revision:
            return kept[1]
        read = units(connection, county.code)
        with self._lock:
            self._kept[county.code] = (county.directory_revision, read)
        return read


def units(connection: sa.Connection, county: str) -> Units:
    """The unit tree with its past. One statement: a unit that is added meanwhile is in it with its parent, or not."""
    placed = (unit_parent.c.county == unit.c.county) & (unit_parent.c.unit == unit.c.code)
    rows = connection.execute(
        sa.select(unit.c.code, unit_parent.c.parent, unit_parent.c.since, unit_parent.c.until)
        .select_from(unit.outerjoin(unit_parent, placed))
        .where(unit.c.county == county)
    )
    parents: dict[str, list[Span]] = {}
    for code, parent, since, until in rows:
        spans = parents.setdefault(code, [])
        if parent is not None:
            spans.append(Span(parent, since, until))
    return Units({code: tuple(spans) for code, spans in parents.items()})


def people(county: str, ids: Iterable[str]) -> Question[dict[str, Person]]:
    """People with all their assignments and memberships, past ones too."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    assignments: dict[str, list[Assignment]] = {who: [] for who in wanted}
    memberships: dict[str, list[Span]] = {who: [] for who in wanted}
    rows = yield _PEOPLE, {"county": county, "ids": wanted}
    for who, role_name, place, since, until in rows:
        if role_name is None:
            memberships[who].append(Span(place, since, until))
        else:
            assignments[who].append(Assignment(role_name, place, since, until))
    return {who: Person(who, tuple(assignments[who]), tuple(memberships[who])) for who in wanted}


_PEOPLE = sa.union_all(
    sa.select(assignment.c.person, assignment.c.role, assignment.c.unit, assignment.c.since, assignment.c.until).where(
        assignment.c.county == sa.bindparam("county"), bulk.among(assignment.c.person, "ids")
    ),
    sa.select(membership.c.person, sa.null(), membership.c.body, membership.c.since, membership.c.until).where(
        membership.c.county == sa.bindparam("county"), bulk.among(membership.c.person, "ids")
    ),
)


def names(connection: sa.Connection, county: str, ids: Iterable[str]) -> dict[str, str]:
    """What people are called."""
    rows = connection.execute(
        sa.select(person.c.id, person.c.name).where(
            person.c.county == county, bulk.among(person.c.id, sorted(set(ids)))
        )
    )
    return {row.id: row.name for row in rows}


def workers(connection: sa.Connection, county: str, ids: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """The id and the name of people, with each unit at which they ever worked."""
    for row in connection.execute(_WORKERS, {"county": county, "ids": sorted(set(ids))}):
        yield row.id, row.name, row.unit


_WORKERS = (
    sa.select(person.c.id, person.c.name, assignment.c.unit)
    .join_from(person, assignment, (assignment.c.county == person.c.county) & (assignment.c.person == person.c.id))
    .where(person.c.county == sa.bindparam("county"), bulk.among(person.c.id, "ids"))
)


def unit_names(connection: sa.Connection, county: str, codes: Iterable[str]) -> dict[str, str]:
    """What people call units, by code."""
    rows = connection.execute(_UNIT_NAMES, {"county": county, "codes": sorted(set(codes))})
    return {row.code: row.name for row in rows}


_UNIT_NAMES = sa.select(unit.c.code, unit.c.name).where(
    unit.c.county == sa.bindparam("county"), bulk.among(unit.c.code, "codes")
)


def scope_names(connection: sa.Connection, county: str, keys: Iterable[str]) -> dict[str, str]:
    """What people call the units and bodies behind scope keys, by key."""
    wanted = {key: key.partition(":")[2] for key in keys}
    codes = sorted(set(wanted.values()))
    places = sa.select(sa.literal("unit"), unit.c.code, unit.c.name).where(
        unit.c.county == county, bulk.among(unit.c.code, codes)
    )
    bodies = sa.select(sa.literal("body"), body.c.id, body.c.name).where(
        body.c.county == county, bulk.among(body.c.id, codes)
    )
    found = {(kind, code): name for kind, code, name in connection.execute(sa.union_all(places, bodies))}
    named = {
        key: found.get(("unit" if key.startswith("staff:") else key.partition(":")[0], code))
        for key, code in wanted.items()
    }
    return {key: name for key, name in named.items() if name is not None}


def _holds(now: str) -> sa.ColumnElement[bool]:
    """Whether an assignment holds at a moment."""
    return sa.and_(assignment.c.since <= now, sa.or_(assignment.c.until.is_(None), assignment.c.until > now))


@dataclass(frozen=True, slots=True)
class Tablets:
    """Those in use at a unit, how many of them synced after a moment, and of how many people they are."""

    people: int = 0
    every: int = 0
    fresh: int = 0

    def __add__(self, other: "Tablets") -> "Tablets":
        return Tablets(self.people + other.people, self.every + other.every, self.fresh + other.fresh)


def tablets_by_unit(connection: sa.Connection, county: str, now: str, since: str) -> dict[str, Tablets]:
    """By unit, the tablets in use of those who work there at a moment, with those that synced after another. One that
    never synced is none: a token of somebody who only reads. All of one person's are at one unit."""
    placed = (
        sa.select(tablet.c.person, tablet.c.last_sync, sa.func.min(assignment.c.unit).label("unit"))
        .join(assignment, (assignment.c.county == tablet.c.county) & (assignment.c.person == tablet.c.person))
        .where(tablet.c.county == county, tablet.c.revoked_at.is_(None), tablet.c.last_sync.is_not(None), _holds(now))
        .group_by(tablet.c.id, tablet.c.person, tablet.c.last_sync)
        .subquery()
    )
    fresh = sa.func.sum(sa.case((placed.c.last_sync > since, 1), else_=0))
    people = sa.func.count(placed.c.person.distinct())
    rows = connection.execute(sa.select(placed.c.unit, people, sa.func.count(), fresh).group_by(placed.c.unit))
    return {unit: Tablets(*map(int, counted)) for unit, *counted in rows}


def strangers(
    connection: sa.Connection, county: str, now: str, given: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Of assignees, each with the stamp since when something is theirs, those who are no body and no person that worked
    here at any time from then until `now`: what comes late was given to whom it could be given, whoever left since."""
    asked = set(given)
    if not asked:
        return set()
    names = sorted({assignee.partition(":")[2] for assignee, _ in asked})
    works = sa.select(sa.literal("person:") + assignment.c.person, assignment.c.until).where(
        assignment.c.county == county, bulk.among(assignment.c.person, names), assignment.c.since <= now
    )
    bodies = sa.select(sa.literal("body:") + body.c.id, sa.null()).where(
        body.c.county == county, bulk.among(body.c.id, names)
    )
    ends: dict[str, list[str | None]] = {}
    for assignee, until in connection.execute(sa.union_all(works, bodies)):
        ends.setdefault(assignee, []).append(until)
    return {
        (assignee, since)
        for assignee, since in asked
        if not any(until is None or until > since for until in ends.get(assignee, ()))
    }


def assignable(connection: sa.Connection, county: str, units: Iterable[str], now: str) -> list[tuple[str, str]]:
    """The mediators, staff and bodies of these units, as assignees with their names."""
    near = sorted(units)
    people_near = (
        sa.select(sa.literal("person:") + person.c.id, person.c.name)
        .join(assignment, (assignment.c.county == person.c.county) & (assignment.c.person == person.c.id))
        .where(
            person.c.county == county,
            assignment.c.role.in_(sorted({"mediator", *IS_STAFF})),
            bulk.among(assignment.c.unit, near),
            _holds(now),
        )
        .distinct()
    )
    bodies_near = sa.select(sa.literal("body:") + body.c.id, body.c.name).where(
        body.c.county == county, bulk.among(body.c.unit, near)
    )
    return sorted(
        (str(assignee), str(name)) for assignee, name in connection.execute(sa.union_all(people_near, bodies_near))
    )
