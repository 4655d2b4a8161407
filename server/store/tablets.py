"""Tablets, their tokens and the codes that enrol them. Tokens and codes are random, and kept as hashes."""

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.store.tables import county, enrolment_code, person, tablet


@dataclass(frozen=True, slots=True)
class Caller:
    """The tablet that sent a request, and what bounds the dates of what it sends."""

    tablet: str
    person: str
    person_name: str
    enrolled_at: str
    revoked_at: str | None
    last_now: str | None
    announced: int | None
    owed_nothing_at: str | None


def hashed(secret: str) -> bytes:
    """What is kept of a token, code or nonce. Tokens are too random to be guessed; codes are good once, for days."""
    return hashlib.sha256(secret.encode()).digest()


_CALLER = (
    tablet.c.id.label("tablet"), tablet.c.person, person.c.name.label("person_name"), tablet.c.enrolled_at,
    tablet.c.revoked_at, tablet.c.last_now, tablet.c.announced, tablet.c.owed_nothing_at,
)  # fmt: skip


def caller(connection: sa.Connection, county: str, token: str) -> Caller | None:
    """The tablet that holds a token, or None."""
    row = (
        connection.execute(
            sa.select(*_CALLER)
            .join(person, (person.c.county == tablet.c.county) & (person.c.id == tablet.c.person))
            .where(tablet.c.county == county, tablet.c.token_hash == hashed(token))
        )
        .mappings()
        .first()
    )
    return None if row is None else Caller(**row)


def revoked_at(tablet_id: str) -> sa.ScalarSelect[str | None]:
    """Since when a tablet is revoked, as part of a statement that asks for its county."""
    asked = sa.select(tablet.c.revoked_at).where(tablet.c.county == county.c.code, tablet.c.id == tablet_id)
    return asked.correlate(county).scalar_subquery()


def heard(connection: sa.Connection, county: str, tablet_id: str, columns: dict[str, Any]) -> None:
    """Notes what a tablet's request said."""
    connection.execute(sa.update(tablet).where(tablet.c.county == county, tablet.c.id == tablet_id).values(**columns))


def latest(column: sa.Column[Any], stamp: str) -> sa.ColumnElement[str]:
    """The later of a stamp and what a column has by then: requests of one tablet may come side by side."""
    return sa.case((column > stamp, column), else_=stamp)


def code(connection: sa.Connection, county: str, text: str) -> dict[str, Any] | None:
    """An enrolment code's row, locked, or None."""
    row = (
        connection.execute(
            sa.select(enrolment_code)
            .where(enrolment_code.c.county == county, enrolment_code.c.code_hash == hashed(text))
            .with_for_update()
        )
        .mappings()
        .first()
    )
    return None if row is None else dict(row)


def spend_code(connection: sa.Connection, county: str, text: str, nonce: str, tablet_id: str) -> None:
    connection.execute(
        sa.update(enrolment_code)
        .where(enrolment_code.c.county == county, enrolment_code.c.code_hash == hashed(text))
        .values(nonce_hash=hashed(nonce), tablet=tablet_id)
    )
