"""Bodies: committees and departments, and who belongs to them."""

import secrets

import sqlalchemy as sa

from server.administration.changing import Directory, NotPossibleError, called, changing
from server.center import Center
from server.store import dialect, tables
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
