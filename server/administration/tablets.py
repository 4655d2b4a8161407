"""Tablets: the codes that enrol them, the list of them, and taking one out of use."""

import sqlalchemy as sa
from sqlalchemy import RowMapping

from server.administration.changing import Directory, changing
from server.administration.period import instant_of
from server.center import Center
from server.enrolment import new_code
from server.keeping import lasting
from server.store import dialect, tables, tablets
from sync.lines import Values
from sync.stamps import stamp

CODE_HOURS = 72
"""How long an enrolment code can be used."""


MOMENTS = frozenset({"enrolled_at", "last_sync", "revoked_at"})


def make_code(center: Center, person: str) -> Values:
    """A one-time enrolment code for a person. Raises NotPossibleError."""
    with dialect.writing(center.engine) as connection:
        county = center.county(connection)
        now_ms = center.clock()
        change = Directory(connection, county, stamp(now_ms), now_ms)
        change.require_person(person)
        return _new_code(change, person)


def _new_code(change: Directory, person: str) -> Values:
    text = new_code()
    expires_at = stamp(change.now_ms + CODE_HOURS * 3_600_000)
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
        revoke_within(center, change, tablet)
        return {"tablet": tablet, "revoked": True}

    return changing(center, {"do": "revoke", "tablet": tablet}, apply)


def replace(center: Center, tablet: str) -> Values:
    """Revokes a broken or lost tablet, and makes a code by which the same person enrols another one.

    Raises NotPossibleError."""

    def apply(change: Directory) -> Values:
        person = str(revoke_within(center, change, tablet)["person"])
        return {"tablet": tablet, "revoked": True, **_new_code(change, person)}

    return changing(center, {"do": "revoke", "tablet": tablet}, apply)


def revoke_within(center: Center, change: Directory, tablet: str) -> RowMapping:
    """Revokes a tablet within a change; gives its row as it was. What it takes to know the tablet is written down
    first, outside the database: a restore may bring back one that had not been revoked, or not been enrolled, with its
    code unspent."""
    table, codes = tables.tablet, tables.enrolment_code
    change.require(table, table.c.id, tablet, f"没有平板 {tablet}", f"There is no tablet {tablet}")
    county = change.county.code
    mine = (table.c.county == county, table.c.id == tablet)
    row = tablets.locked(change.connection, county, tablet)
    if row["revoked_at"] is None:
        spent = sa.select(codes.c.code_hash).where(codes.c.county == county, codes.c.tablet == tablet)
        entry = {name: row[name] for name in ("person", "name", "enrolled_at")} | {"tablet": tablet}
        entry["token_hash"] = row["token_hash"].hex()
        entry["code_hashes"] = [each.hex() for each in change.connection.scalars(spent)]
        lasting.append(center, county, {"at": change.now, "do": lasting.REVOKE, **entry})
        change.connection.execute(sa.update(table).where(*mine).values(revoked_at=change.now))
    return row
