"""Bodies: committees and departments, and who belongs to them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from server.administration.changing import Changed, Directory, NotPossibleError, called, changing, changing_as_said
from server.administration.importing import log_lines
from server.center import Center
from server.store import bulk, dialect, tables
from sync import ids
from sync.lines import Values


def add_body(center: Center, name: str, unit: str) -> Values:
    """Adds a body (a committee, a department) at a unit. Raises NotPossibleError."""
    named = called(name)
    identity = ids.edit_name(center.clock(), secrets.randbits(74))

    def apply(change: Directory) -> Values:
        change.require_unit(unit)
        change.insert(tables.body, id=identity, name=named, unit=unit)
        return {"id": identity, "name": named, "unit": unit}

    return changing(center, {"do": "body", "body": identity, "unit": unit}, apply)


@dataclass(frozen=True, slots=True)
class NewBody:
    """A body that is to be, with the ids of its members."""

    name: str
    unit: str
    members: Sequence[str] = ()


def add_bodies(center: Center, wanted: Sequence[NewBody]) -> int:
    """Adds many bodies with their members at once; gives how many there were not yet, by name and unit. The units and
    the people must be there already."""

    def apply(change: Directory) -> Changed[int]:
        county = change.county.code
        rows = change.connection.execute(
            sa.select(tables.body.c.name, tables.body.c.unit).where(tables.body.c.county == county)
        )
        known = {(row.name, row.unit) for row in rows}
        new = {
            ids.edit_name(change.now_ms, secrets.randbits(74)): each
            for each in wanted
            if (each.name, each.unit) not in known
        }
        joined = [(identity, who) for identity, each in new.items() for who in each.members]
        bodies = [{"county": county, "id": key, "name": each.name, "unit": each.unit} for key, each in new.items()]
        members = [
            {"county": county, "person": who, "body": identity, "since": change.now, "until": None}
            for identity, who in joined
        ]
        bulk.insert(change.connection, tables.body, bodies)
        bulk.insert(change.connection, tables.membership, members)
        said = log_lines("bodies", "bodies", [[identity, each.unit] for identity, each in new.items()])
        said += log_lines("members", "members", [list(each) for each in joined])
        return Changed(len(new), said, sorted({f"person:{who}" for _, who in joined}))

    return changing_as_said(center, apply)


def join(center: Center, body: str, person: str) -> Values:
    """Makes a person a member of a body from now on. Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        change.require_body(body)
        change.require_person(person)
        if change.connection.scalar(_memberships(change, body, person)) is not None:
            raise NotPossibleError("该人员已是成员", "The person is a member already")
        change.insert(tables.membership, person=person, body=body, since=change.now)
        return {"body": body, "person": person}

    return changing(center, {"do": "join", "person": person, "body": body}, apply, [f"person:{person}"])


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

    return changing(center, {"do": "leave", "person": person, "body": body}, apply, [f"person:{person}"])


def _memberships(change: Directory, body: str, person: str) -> sa.Select[tuple[str]]:
    table = tables.membership
    return sa.select(table.c.since).where(
        table.c.county == change.county.code, table.c.body == body, table.c.person == person, table.c.until.is_(None)
    )


def bodies(center: Center) -> list[Values]:
    """Every body with the people who belong to it now, by name."""
    body, joined = tables.body, tables.membership
    with dialect.reading(center.engine) as connection:
        county = center.county(connection)
        members: dict[str, list[str]] = {}
        for row in connection.execute(
            sa.select(joined.c.body, joined.c.person)
            .where(joined.c.county == county.code, joined.c.until.is_(None))
            .order_by(joined.c.person)
        ):
            members.setdefault(row.body, []).append(row.person)
        rows = connection.execute(
            sa.select(body.c.id, body.c.name, body.c.unit)
            .where(body.c.county == county.code)
            .order_by(body.c.name, body.c.id)
        )
        return [{**row, "members": members.get(row["id"], [])} for row in rows.mappings()]
