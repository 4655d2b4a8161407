"""What stands and what waits in a county, in numbers: counts of what is held and of tablets, not of what was done."""

from dataclasses import dataclass

import sqlalchemy as sa

from server.store.tables import edit_log, tablet


def held(connection: sa.Connection, county: str) -> dict[str, int]:
    """The held edits by what they are held for, which is what the index of them holds."""
    rows = connection.execute(
        sa.select(edit_log.c.code, sa.func.count())
        .where(edit_log.c.county == county, edit_log.c.result == sa.literal_column("'held'"))
        .group_by(edit_log.c.code)
        .order_by(edit_log.c.code)
    )
    return {str(code): count for code, count in rows}


@dataclass(frozen=True, slots=True)
class Tablets:
    """How many tablets are at work, and how many were revoked. Of those at work: how many were heard of since a moment,
    and how many edits they said then that they still owed."""

    working: int
    revoked: int
    heard: int
    owed: int


def tablets(connection: sa.Connection, county: str, since: str) -> Tablets:
    """`since`: a stamp."""
    row = tablet.c
    is_working = row.revoked_at.is_(None)
    found = connection.execute(
        sa.select(
            sa.func.count().filter(is_working),
            sa.func.count().filter(row.revoked_at.is_not(None)),
            sa.func.count().filter(is_working, row.last_sync > since),
            sa.func.coalesce(sa.func.sum(row.announced).filter(is_working), 0),
        ).where(row.county == county)
    ).one()
    return Tablets(*map(int, found))
