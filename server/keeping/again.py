"""Revocations and erasures applied again: after a restore, and whenever a server starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.administration.changing import Directory, changing
from server.center import Center
from server.keeping import erasure, lasting
from server.store import dialect, tables
from sync.lines import Values

NEVER = "0001-01-01T00:00:00.000Z-0000"
"""Until when a code is good that must not be used."""


@dataclass(frozen=True, slots=True)
class Again:
    """How many tablets were revoked and how many records erased once more; `overwritten`: whether no bytes of what was
    ever erased are left on the disk."""

    revoked: int
    erased: int
    overwritten: bool


def apply_again(center: Center) -> Again:
    """Revokes and erases whatever the lasting file names and the database does not know of. Doing it twice changes
    nothing."""
    with dialect.reading(center.engine) as connection:
        county = center.county(connection).code
        revoked = set(
            connection.scalars(
                sa.select(tables.tablet.c.id).where(
                    tables.tablet.c.county == county, tables.tablet.c.revoked_at.is_not(None)
                )
            )
        )
    revocations: dict[str, Mapping[str, Any]] = {}
    erasures: dict[str, Mapping[str, Any]] = {}
    for entry in lasting.entries(center, county):
        if entry.get("do") == lasting.REVOKE and entry["tablet"] not in revoked:
            revocations[str(entry["tablet"])] = entry
        elif entry.get("do") == lasting.ERASE:
            # A crash may have left one record there twice, with fewer edits: each says what it knew.
            erasures[f"{entry['record']} {entry['at']}"] = entry
    for entry in revocations.values():
        _revoke_again(center, entry)
    erased = sum([erasure.erase_again(center, entry) for entry in erasures.values()])
    is_owed = erased > 0 or dialect.owes_forgetting(center.engine)
    return Again(len(revocations), erased, not is_owed or dialect.forget(center.engine))


def _revoke_again(center: Center, entry: Mapping[str, Any]) -> None:
    """A tablet that the database has, or has no more: it is told that it is revoked, and wipes itself. The code that
    had made it must make no other."""
    table, codes = tables.tablet, tables.enrolment_code

    def apply(change: Directory) -> None:
        county, connection = change.county.code, change.connection
        mine = (table.c.county == county, table.c.id == entry["tablet"])
        columns = {"revoked_at": entry["at"], "token_hash": bytes.fromhex(entry["token_hash"])}
        if connection.scalar(sa.select(table.c.id).where(*mine)) is None:
            given = {name: entry[name] for name in ("person", "name", "enrolled_at")}
            change.insert(table, id=entry["tablet"], **given, **columns)
        else:
            connection.execute(sa.update(table).where(*mine).values(**columns))
        hashes = [bytes.fromhex(each) for each in entry["code_hashes"]]
        connection.execute(
            sa.update(codes)
            .where(codes.c.county == county, codes.c.code_hash.in_(hashes), codes.c.tablet.is_(None))
            .values(expires_at=NEVER)
        )

    line: Values = {"do": "revoke", "tablet": entry["tablet"]}
    changing(center, line, apply)
