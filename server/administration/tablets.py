"""Tablets: the codes that enrol them, the list of them, and taking one out of use."""

import sqlalchemy as sa

from server.administration.changing import Directory, changing
from server.administration.period import instant_of
from server.center import Center
from server.enrolment import new_code
from server.store import dialect, tables, tablets
from sync.lines import Values
from sync.stamps import stamp

CODE_HOURS = 72
"""How long an enrolment code can be used."""


MOMENTS = frozenset({"enrolled_at", "last_sync", "revoked_at"})


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


def all_tablets(center: Center) -> list[Values]:
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
        return [
            {name: instant_of(value) if name in MOMENTS else value for name, value in row.items()}
            for row in rows.mappings()
        ]


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

    return changing(center, {"do": "revoke", "tablet": tablet}, apply)
