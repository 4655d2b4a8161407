"""Tablets, their tokens and the codes that enrol them. Tokens and codes are random, and kept as hashes."""

import hashlib
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from server.store import ledger
from server.store.flight import Question, Sender
from server.store.ledger import County
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


_OPENING = (
    sa.select(*ledger.COLUMNS, *_CALLER)
    .select_from(county)
    .outerjoin(tablet, (tablet.c.county == county.c.code) & (tablet.c.token_hash == sa.bindparam("token")))
    .outerjoin(person, (person.c.county == tablet.c.county) & (person.c.id == tablet.c.person))
    .where(ledger.NAMED)
    .limit(2)
)


Opening: TypeAlias = Question[tuple[County, Caller | None]]


def opening(code: str | None, token: str) -> Opening:
    """The county, as `ledger.county_named` gives it, and the tablet that holds a token. Raises NoCountyError."""
    rows = yield _OPENING, {"code": code, "token": hashed(token)}
    row = ledger.only(rows)
    its, whose = row[: len(ledger.COLUMNS)], row[len(ledger.COLUMNS) :]
    return County(*its), None if whose[0] is None else Caller(*whose)


def locked(connection: sa.Connection, county: str, tablet_id: str) -> sa.RowMapping:
    """A tablet's row, locked: whoever gives it another token waits for whoever revokes it, and the other way round."""
    asked = sa.select(tablet).where(tablet.c.county == county, tablet.c.id == tablet_id)
    return connection.execute(asked.with_for_update()).mappings().one()


def renew(connection: sa.Connection, county: str, tablet_id: str, token: str) -> None:
    """Gives a tablet another token."""
    renewed = sa.update(tablet).where(tablet.c.county == county, tablet.c.id == tablet_id)
    connection.execute(renewed.values(token_hash=hashed(token)))


def _latest(column: sa.Column[Any], said: sa.BindParameter[Any]) -> sa.ColumnElement[Any]:
    """The later of a stamp that was said, if one was, and what a column has by then: requests of one tablet may come
    side by side."""
    return sa.case((said.is_(None), column), (column > said, column), else_=said)


_HEARD = (
    sa.update(tablet)
    .where(tablet.c.county == sa.bindparam("same_county"), tablet.c.id == sa.bindparam("same_tablet"))
    .values(
        last_sync=sa.bindparam("receipt"),
        last_now=_latest(tablet.c.last_now, sa.bindparam("now", type_=sa.Text)),
        announced=sa.func.coalesce(sa.bindparam("owes", type_=sa.BigInteger), tablet.c.announced),
        owed_nothing_at=_latest(tablet.c.owed_nothing_at, sa.bindparam("nothing_at", type_=sa.Text)),
    )
)


def heard(sender: Sender, county: str, tablet_id: str, receipt: str, now: str | None, owes: int) -> None:
    """Notes that a tablet's request came at the stamp `receipt`, and what it said: of its clock, and how many edits it
    still owes. `now` is None where nothing that it says is to be believed."""
    said = {"now": now, "owes": None if now is None else owes, "nothing_at": now if owes == 0 else None}
    sender.execute(_HEARD, {"same_county": county, "same_tablet": tablet_id, "receipt": receipt, **said})


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
