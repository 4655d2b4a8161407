"""People, and what they are assigned to."""

import secrets

import sqlalchemy as sa

from server.administration.changing import Directory, NotPossibleError, called, changing
from server.administration.period import Period, instant_of
from server.center import Center
from server.status.days import days_in
from server.store import dialect, tables
from sync import ids
from sync.lines import Values
from sync.scope import ROLES
from sync.stamps import instant, milliseconds

RESERVED = frozenset({"center", "county"})
"""Ids that no person bears: whose word it is in the log where the server itself writes, or decides for the county."""


def add_person(center: Center, name: str, role: str, unit: str, period: Period, person: str | None) -> Values:
    """Adds a person with a first assignment; `person` re-creates one whom a restore lost. Raises NotPossibleError."""
    identity = person or ids.edit_name(center.clock(), secrets.randbits(74))
    if not ids.is_person_id(identity):
        raise NotPossibleError(f"人员编号 {identity} 不可用", f"{identity} cannot be a person's id")
    if identity.casefold() in RESERVED:
        raise NotPossibleError(f"编号 {identity} 由系统保留", f"The id {identity} is kept for the system")
    named = called(name)

    def apply(change: Directory) -> Values:
        known = sa.select(tables.person.c.id).where(
            tables.person.c.county == change.county.code, tables.person.c.id == identity
        )
        if change.connection.scalar(known) is not None:
            raise NotPossibleError(f"人员 {identity} 已存在", f"Person {identity} exists already")
        change.insert(tables.person, id=identity, name=named)
        _assign(change, identity, role, unit, period)
        return {"id": identity, "name": named, "role": role, "unit": unit}

    return changing(
        center, {"do": "person", "person": identity, "role": role, "unit": unit}, apply, [f"person:{identity}"]
    )


def _assign(change: Directory, person: str, role: str, unit: str, period: Period) -> None:
    if role not in ROLES:
        raise NotPossibleError(f"没有角色 {role}", f"There is no role {role}; roles are {', '.join(ROLES)}")
    change.require_unit(unit)
    since, until = period.since(change.county, change.now), period.until(change.county)
    if until is not None and until <= since:
        raise NotPossibleError("截止日期早于起始日期", "The period ends before it begins")
    same = {"person": person, "unit": unit, "role": role}
    given = tables.assignment.c
    conditions = [given[name] == value for name, value in same.items()]
    lasts = given.until.is_(None) if until is None else sa.or_(given.until.is_(None), given.until >= until)
    covers = sa.or_(given.since == since, sa.and_(given.since < since, lasts))
    known = sa.select(sa.literal(1)).where(given.county == change.county.code, *conditions, covers)
    if change.connection.execute(known.limit(1)).first() is not None:
        raise NotPossibleError(
            f"该人员在 {unit} 已有这项任职（{role}）", f"The person has this assignment at {unit} already ({role})"
        )
    change.insert(tables.assignment, **same, since=since, until=until)


def assign(center: Center, person: str, unit: str, role: str | None, period: Period) -> Values:
    """Gives a person another assignment, by default in the role that they have. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_person(person)
        found = role or _only_role(change, person)
        _assign(change, person, found, unit, period)
        return {"person": person, "role": found, "unit": unit}

    return changing(center, {"do": "assign", "person": person, "unit": unit}, apply, [f"person:{person}"])


def _only_role(change: Directory, person: str) -> str:
    asked = sa.select(tables.assignment.c.role).where(
        tables.assignment.c.county == change.county.code, tables.assignment.c.person == person
    )
    roles = sorted(set(change.connection.scalars(asked)))
    if len(roles) != 1:
        raise NotPossibleError("请用 --role 指明角色", "Say which role, with --role")
    return str(roles[0])


def unassign(center: Center, person: str, unit: str, period: Period, role: str | None = None) -> Values:
    """Ends a person's assignments at a unit (those of one role): now, after the day `period.last`, or from the day
    `period.first` on.

    A day that is past counts as now: what was done until today on a tablet without signal stays allowed. Raises
    NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_person(person)
        until = max(_end(change, period), change.now)
        columns = tables.assignment.c
        of_them = sa.and_(
            columns.county == change.county.code,
            columns.person == person,
            columns.unit == unit,
            sa.true() if role is None else columns.role == role,
        )
        is_later = sa.or_(columns.until.is_(None), columns.until > until)
        ended = change.connection.execute(sa.update(tables.assignment).where(of_them, is_later).values(until=until))
        if not ended.rowcount:
            raise _nothing_ends(
                change, unit, change.connection.scalar(sa.select(sa.func.max(columns.until)).where(of_them))
            )
        return {"person": person, "unit": unit, "until": instant_of(until)}

    return changing(center, {"do": "unassign", "person": person, "unit": unit}, apply, [f"person:{person}"])


def _end(change: Directory, period: Period) -> str:
    """When assignments end that a period is to end. Raises NotPossibleError."""
    last, first = period.until(change.county), period.since(change.county, change.now)
    if period.last is None:
        return first
    if last is None:
        raise NotPossibleError(f"{period.last} 表示长期，任职不会结束", f"{period.last} is for ever: nothing would end")
    if period.first is not None and first != last:
        raise NotPossibleError(
            f"任职到 {period.last} 为止，就是从其次日起结束，不是从 {period.first} 起：请只写其中一个",
            f"What lasts until {period.last} ends from the day after on, not from {period.first} on: say one of them",
        )
    return last


def _nothing_ends(change: Directory, unit: str, until: str | None) -> NotPossibleError:
    """`until`: when the last of the assignments that were asked for ends by itself; None where there is none."""
    if until is None:
        return NotPossibleError(f"该人员在 {unit} 没有任职", f"The person has no assignment at {unit}")
    last = days_in(change.county.timezone)(instant(milliseconds(until) - 1))
    return NotPossibleError(
        f"该人员在 {unit} 的任职到 {last} 就已结束", f"The person's assignment at {unit} ends after {last} already"
    )


def people(center: Center) -> list[Values]:
    """Everybody with all their assignments, past ones too, by name."""
    person, given = tables.person, tables.assignment
    with dialect.reading(center.engine) as connection:
        county = center.county(connection)
        found: dict[str, dict[str, object]] = {
            row.id: {"id": row.id, "name": row.name}
            for row in connection.execute(
                sa.select(person.c.id, person.c.name)
                .where(person.c.county == county.code)
                .order_by(person.c.name, person.c.id)
            )
        }
        held: dict[str, list[Values]] = {identity: [] for identity in found}
        for row in connection.execute(
            sa.select(given).where(given.c.county == county.code).order_by(given.c.since, given.c.unit, given.c.role)
        ):
            held[row.person].append(
                {"role": row.role, "unit": row.unit, "from": instant_of(row.since), "until": instant_of(row.until)}
            )
    return [each | {"assignments": held[identity]} for identity, each in found.items()]
