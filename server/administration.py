"""What administrators do from the shell: the county, its units, people, bodies, tablets and held edits.

Every change of the directory is one transaction with the county locked first; it appends a line to the log and takes
up the held edits that waited for it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from server.center import Center
from server.enrolment import new_code
from server.push import Lines, Push
from server.store import dialect, directory, ledger, schema, tables, tablets
from server.store.directory import UnitsCache
from server.store.ledger import County
from sync import chain, ids
from sync.lines import Values, write
from sync.scope import ROLES
from sync.stamps import stamp

CODE_HOURS = 72
"""How long an enrolment code can be used."""
TIMEZONE = "Asia/Shanghai"

Answer = TypeVar("Answer")


class NotPossibleError(Exception):
    """What was asked cannot be done; the text says why, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included; open where None."""

    first: date | None = None
    last: date | None = None

    def since(self, county: County, now: str) -> str:
        return now if self.first is None else day_start(county, self.first)

    def until(self, county: County) -> str | None:
        return None if self.last is None else day_start(county, self.last + timedelta(days=1))


def day_start(county: County, day: date) -> str:
    """The stamp at which a local day of the county begins."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(county.timezone))
    return stamp(int(midnight.astimezone(UTC).timestamp() * 1000))


def release() -> str:
    return metadata.version("doorstep")


def init(center: Center, code: str, name: str) -> Values:
    """Makes the tables and the county; bringing an existing one up to date is fine. Gives its code and name."""
    schema.migrate(center.settings.database_url)
    with dialect.writing(center.engine) as connection:
        known = connection.scalar(sa.select(tables.county.c.name).where(tables.county.c.code == code))
        if known is None:
            row = {"code": code, "name": name, "timezone": TIMEZONE, "revision": 0, "log_revision": 0}
            row |= {"head": chain.START, "directory_revision": 0, "release": release()}
            connection.execute(sa.insert(tables.county).values(**row))
            connection.execute(sa.insert(tables.unit).values(county=code, code=code, name=name))
    return {"county": code, "name": known or name, "created": known is None}


@dataclass(frozen=True, slots=True)
class Directory:
    """One open change of the directory."""

    connection: sa.Connection
    county: County
    now: str
    now_ms: int

    def insert(self, table: sa.Table, **values: object) -> None:
        self.connection.execute(sa.insert(table).values(county=self.county.code, **values))

    def require(self, table: sa.Table, column: sa.Column[str], value: str, zh: str, en: str) -> None:
        """Raises NotPossibleError unless a row of the county has this value."""
        asked = sa.select(sa.literal(1)).where(table.c.county == self.county.code, column == value)
        if self.connection.scalar(asked) is None:
            raise NotPossibleError(zh, en)

    def require_unit(self, code: str) -> None:
        self.require(tables.unit, tables.unit.c.code, code, f"没有辖区 {code}", f"There is no unit {code}")

    def require_person(self, person: str) -> None:
        self.require(tables.person, tables.person.c.id, person, f"没有人员 {person}", f"There is no person {person}")

    def require_body(self, body: str) -> None:
        self.require(tables.body, tables.body.c.id, body, f"没有组织 {body}", f"There is no body {body}")


def _changing(
    center: Center, line: Values, apply: Callable[[Directory], Answer], awaited: Sequence[str] = ()
) -> Answer:
    """Applies a change of the directory, logs it as `line`, and takes up the held edits that waited for it."""
    with dialect.writing(center.engine) as connection:
        county = ledger.locked(connection, center.county(connection).code)
        now_ms = center.clock()
        answer = apply(Directory(connection, county, stamp(now_ms), now_ms))
        push = Push(connection, county, UnitsCache(), now_ms, early=True)
        push.work(Lines(directory=[write({"at": stamp(now_ms), **line})], awaited=awaited))
        return answer


def add_unit(center: Center, code: str, name: str, parent: str) -> Values:
    """Adds a unit under another. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_unit(parent)
        known = sa.select(tables.unit.c.code).where(
            tables.unit.c.county == change.county.code, tables.unit.c.code == code
        )
        if change.connection.scalar(known) is not None:
            raise NotPossibleError(f"辖区 {code} 已存在", f"Unit {code} exists already")
        change.insert(tables.unit, code=code, name=name)
        change.insert(tables.unit_parent, unit=code, parent=parent, since="")
        return {"code": code, "name": name, "parent": parent}

    return _changing(center, {"do": "unit", "unit": code, "parent": parent}, apply)


def units(center: Center) -> list[Values]:
    """Every unit with its parent now, the county first."""
    with dialect.reading(center.engine) as connection:
        county = center.county(connection)
        now = stamp(center.clock())
        tree = directory.units(connection, county.code)
        names = dict(
            connection.execute(
                sa.select(tables.unit.c.code, tables.unit.c.name).where(tables.unit.c.county == county.code)
            )
            .tuples()
            .all()
        )
    found = []
    for code in sorted(names):
        line = list(tree.lineage(code, now))
        found.append({"code": code, "name": names[code], "parent": line[1] if len(line) > 1 else None})
    return sorted(found, key=lambda each: (each["parent"] is not None, str(each["code"])))


def add_person(center: Center, name: str, role: str, unit: str, period: Period, person: str | None) -> Values:
    """Adds a person with a first assignment; `person` re-creates one whom a restore lost. Raises NotPossibleError."""
    identity = person or ids.edit_name(center.clock(), secrets.randbits(74))
    if not ids.is_person_id(identity):
        raise NotPossibleError(f"人员编号 {identity} 不可用", f"{identity} cannot be a person's id")

    def apply(change: Directory) -> Values:
        known = sa.select(tables.person.c.id).where(
            tables.person.c.county == change.county.code, tables.person.c.id == identity
        )
        if change.connection.scalar(known) is not None:
            raise NotPossibleError(f"人员 {identity} 已存在", f"Person {identity} exists already")
        change.insert(tables.person, id=identity, name=name)
        _assign(change, identity, role, unit, period)
        return {"id": identity, "name": name, "role": role, "unit": unit}

    return _changing(
        center, {"do": "person", "person": identity, "role": role, "unit": unit}, apply, [f"person:{identity}"]
    )


def _assign(change: Directory, person: str, role: str, unit: str, period: Period) -> None:
    if role not in ROLES:
        raise NotPossibleError(f"没有角色 {role}", f"There is no role {role}; roles are {', '.join(ROLES)}")
    change.require_unit(unit)
    since, until = period.since(change.county, change.now), period.until(change.county)
    if until is not None and until <= since:
        raise NotPossibleError("截止日期早于起始日期", "The period ends before it begins")
    same = {"person": person, "unit": unit, "role": role, "since": since}
    conditions = [tables.assignment.c[name] == value for name, value in same.items()]
    known = sa.select(sa.literal(1)).where(tables.assignment.c.county == change.county.code, *conditions)
    if change.connection.scalar(known) is not None:
        raise NotPossibleError("这项任职已登记", "This assignment is there already")
    change.insert(tables.assignment, **same, until=until)


def assign(center: Center, person: str, unit: str, role: str | None, period: Period) -> Values:
    """Gives a person another assignment, by default in the role that they have. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_person(person)
        found = role or _only_role(change, person)
        _assign(change, person, found, unit, period)
        return {"person": person, "role": found, "unit": unit}

    return _changing(center, {"do": "assign", "person": person, "unit": unit}, apply, [f"person:{person}"])


def _only_role(change: Directory, person: str) -> str:
    asked = sa.select(tables.assignment.c.role).where(
        tables.assignment.c.county == change.county.code, tables.assignment.c.person == person
    )
    roles = sorted(set(change.connection.scalars(asked)))
    if len(roles) != 1:
        raise NotPossibleError("请用 --role 指明角色", "Say which role, with --role")
    return str(roles[0])


def unassign(center: Center, person: str, unit: str, period: Period) -> Values:
    """Ends a person's assignments at a unit, now or after `period.last`. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_person(person)
        until = period.until(change.county) or change.now
        table = tables.assignment
        ended = change.connection.execute(
            sa.update(table)
            .where(
                table.c.county == change.county.code,
                table.c.person == person,
                table.c.unit == unit,
                sa.or_(table.c.until.is_(None), table.c.until > until),
            )
            .values(until=until)
        )
        if not ended.rowcount:
            raise NotPossibleError(f"该人员在 {unit} 没有任职", f"The person has no assignment at {unit}")
        return {"person": person, "unit": unit, "until": until}

    return _changing(center, {"do": "unassign", "person": person, "unit": unit}, apply, [f"person:{person}"])


def add_body(center: Center, name: str, unit: str) -> Values:
    """Adds a body (a committee, a department) at a unit. Raises NotPossibleError."""
    identity = ids.edit_name(center.clock(), secrets.randbits(74))

    def apply(change: Directory) -> Values:
        change.require_unit(unit)
        change.insert(tables.body, id=identity, name=name, unit=unit)
        return {"id": identity, "name": name, "unit": unit}

    return _changing(center, {"do": "body", "body": identity, "unit": unit}, apply)


def join(center: Center, body: str, person: str) -> Values:
    """Makes a person a member of a body from now on. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_body(body)
        change.require_person(person)
        if change.connection.scalar(_memberships(change, body, person)) is not None:
            raise NotPossibleError("该人员已是成员", "The person is a member already")
        change.insert(tables.membership, person=person, body=body, since=change.now)
        return {"body": body, "person": person}

    return _changing(center, {"do": "join", "person": person, "body": body}, apply, [f"person:{person}"])


def leave(center: Center, body: str, person: str) -> Values:
    """Ends a membership now. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        table = tables.membership
        if change.connection.scalar(_memberships(change, body, person)) is None:
            raise NotPossibleError("该人员不是成员", "The person is no member")
        change.connection.execute(
            sa.update(table)
            .where(table.c.county == change.county.code, table.c.body == body, table.c.person == person)
            .where(table.c.until.is_(None))
            .values(until=change.now)
        )
        return {"body": body, "person": person}

    return _changing(center, {"do": "leave", "person": person, "body": body}, apply, [f"person:{person}"])


def _memberships(change: Directory, body: str, person: str) -> sa.Select[tuple[str]]:
    table = tables.membership
    return sa.select(table.c.since).where(
        table.c.county == change.county.code, table.c.body == body, table.c.person == person, table.c.until.is_(None)
    )


def make_code(center: Center, person: str) -> Values:
    """A one-time enrolment code for a person. Raises NotPossibleError."""
    text = new_code()
    with dialect.writing(center.engine) as connection:
        county = center.county(connection)
        now_ms = center.clock()
        change = Directory(connection, county, stamp(now_ms), now_ms)
        change.require_person(person)
        expires_at = stamp(now_ms + CODE_HOURS * 3_600_000)
        change.insert(tables.enrolment_code, code_hash=tablets.hashed(text), person=person, expires_at=expires_at)
    return {"code": text, "expires_at": f"{expires_at[:19]}Z", "person": person}


def all_tablets(center: Center) -> list[Mapping[str, object]]:
    """Every tablet, the newest first."""
    columns = tables.tablet.c
    with dialect.reading(center.engine) as connection:
        county = center.county(connection)
        rows = connection.execute(
            sa.select(
                columns.id, columns.name, columns.person, columns.enrolled_at, columns.last_sync, columns.revoked_at
            )
            .where(columns.county == county.code)
            .order_by(columns.enrolled_at.desc(), columns.id)
        )
        return [dict(row) for row in rows.mappings()]


def revoke(center: Center, tablet: str) -> Values:
    """Revokes a tablet: from now on it may only hand over what it owes. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        table = tables.tablet
        change.require(table, table.c.id, tablet, f"没有平板 {tablet}", f"There is no tablet {tablet}")
        change.connection.execute(
            sa.update(table)
            .where(table.c.county == change.county.code, table.c.id == tablet, table.c.revoked_at.is_(None))
            .values(revoked_at=change.now)
        )
        return {"tablet": tablet, "revoked": True}

    return _changing(center, {"do": "revoke", "tablet": tablet}, apply)
