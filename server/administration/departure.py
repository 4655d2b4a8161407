"""Somebody leaves: they may do nothing from now on, what they did stays, and what was theirs to do is listed."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from schemas.limits import SHORT_TEXT_CHARS_MAX
from schemas.workflow import WORKFLOW
from server.administration.changing import Changed, Directory, NotPossibleError, changing_as_said
from server.administration.tablets import revoke_within
from server.center import Center
from server.store import records, tables
from server.store.flight import ask
from sync.lines import Values

SHOWN = ("case_no", "unit", "tier", "status", "due_at")
"""What the list of cases says of each, beside its id: nothing about people."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How many assignments and memberships of a person ended, how many tablets were revoked and codes made void; and
    the open cases that are assigned to them, for somebody to reassign."""

    person: str
    assignments: int
    memberships: int
    tablets: int
    codes: int
    cases: tuple[Values, ...]

    def values(self) -> Values:
        """The same as JSON says it."""
        return asdict(self) | {"cases": list(self.cases)}


def disable(center: Center, person: str, reason: str | None = None) -> Departure:
    """Ends everything that a person is assigned to and a member of, revokes their tablets (which may still hand over
    what they owe: it is held) and makes their open enrolment codes void. What they did before stays valid, however late
    it comes. Doing it again does nothing more. Raises NotPossibleError."""
    if reason is not None and len(reason) > SHORT_TEXT_CHARS_MAX:
        raise NotPossibleError(
            f"原因最多 {SHORT_TEXT_CHARS_MAX} 个字", f"A reason has at most {SHORT_TEXT_CHARS_MAX} characters"
        )

    def apply(change: Directory) -> Changed[Departure]:
        change.require_person(person)
        # First: who is just enrolling by one of them is waited for, and their tablet is there to be revoked.
        codes = _spoil(change, person)
        done = Departure(
            person,
            assignments=_end(change, tables.assignment, person),
            memberships=_end(change, tables.membership, person),
            tablets=_revoke(center, change, person),
            codes=codes,
            cases=tuple(_cases(change, person)),
        )
        is_news = any((done.assignments, done.memberships, done.tablets, done.codes))
        line = {"do": "disable", "person": person, "reason": reason}
        return Changed(done, [line] if is_news else [], [f"person:{person}"])

    return changing_as_said(center, apply)


def _end(change: Directory, table: sa.Table, person: str) -> int:
    """Ends what lasts, now; what has not begun yet, at its beginning."""
    columns = table.c
    ended = change.connection.execute(
        sa.update(table)
        .where(columns.county == change.county.code, columns.person == person)
        .where(sa.or_(columns.until.is_(None), sa.and_(columns.until > change.now, columns.until > columns.since)))
        .values(until=sa.case((columns.since > change.now, columns.since), else_=change.now))
    )
    return int(ended.rowcount)


def _revoke(center: Center, change: Directory, person: str) -> int:
    columns = tables.tablet.c
    in_use = change.connection.scalars(
        sa.select(columns.id)
        .where(columns.county == change.county.code, columns.person == person, columns.revoked_at.is_(None))
        .order_by(columns.id)
    ).all()
    for tablet in in_use:
        revoke_within(center, change, tablet)
    return len(in_use)


def _spoil(change: Directory, person: str) -> int:
    columns = tables.enrolment_code.c
    spoilt = change.connection.execute(
        sa.update(tables.enrolment_code)
        .where(columns.county == change.county.code, columns.person == person)
        .where(columns.nonce_hash.is_(None), columns.expires_at > change.now)
        .values(expires_at=change.now)
    )
    return int(spoilt.rowcount)


def _cases(change: Directory, person: str) -> Iterator[Values]:
    """The disputes that are assigned to a person and not at their end, by id."""
    placed, county = tables.placement.c, change.county.code
    standing = change.connection.scalars(
        sa.select(placed.record).where(
            placed.county == county,
            placed.key == f"person:{person}",
            placed.type == "dispute",
            placed.gone.is_(None),
        )
    )
    rows = ask(change.connection, records.found(county, {("dispute", str(identity)) for identity in standing}))
    going_on = WORKFLOW.open | {status for status, _ in WORKFLOW.forward}
    for row in rows:
        document = json.loads(row.document)
        if document.get("status") in going_on:
            yield {"dispute": row.id, **{name: document[name] for name in SHOWN if name in document}}
