"""The edit log as it is asked: which edits are known, which lines are held, and for what they wait."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from schemas.catalog import CATALOG
from server.store import bulk, probes
from server.store.flight import Question
from server.store.pipeline import Rows
from server.store.tables import edit_log, held_wait, record
from sync.answers import ERASED
from sync.codes import Code, Detail, Result
from sync.frames import Outcome
from sync.world import KnownEdit

EDIT, STRAY, DECISION, DIRECTORY, ERASE = "edit", "stray", "decision", "directory", "erase"
"""Kinds of log lines: an edit; a line that has no name of its own (not readable, or another's name); what became of
a held edit later; a change of units, people, assignments, bodies or tablets; an erasure."""


@dataclass(frozen=True, slots=True)
class LoggedEdit:
    """An edit of the log with its outcome as it stands."""

    name: str
    line: bytes
    digest: bytes
    type: str | None
    record: str | None
    stamp: str | None
    judged: str | None
    author: str | None
    receipt_ms: int
    outcome: Outcome

    @property
    def known(self) -> KnownEdit:
        return KnownEdit(self.outcome.result, self.author, self.record, self.line, self.type)


_COLUMNS = (
    edit_log.c.name, edit_log.c.line, edit_log.c.digest, edit_log.c.type, edit_log.c.record, edit_log.c.stamp,
    edit_log.c.judged, edit_log.c.author, edit_log.c.receipt_ms, edit_log.c.result, edit_log.c.code, edit_log.c.field,
    edit_log.c.detail, edit_log.c.conflicts,
)  # fmt: skip
_MEMBERS = tuple(each.name for each in _COLUMNS[:-5])
_OURS = edit_log.c.county == sa.bindparam("county")


def _logged(row: Sequence[Any]) -> LoggedEdit:
    result, code, field, detail, conflicts = row[-5:]
    said = json.loads(detail) if detail else None
    outcome = Outcome(
        result=Result(result),
        edit=row[0],
        code=code,
        field=field,
        detail=None if said is None else Detail(said["zh"], said["en"]),
        conflicts=tuple(json.loads(conflicts)) if conflicts else (),
    )
    return LoggedEdit(**dict(zip(_MEMBERS, row, strict=False)), outcome=outcome)


def known(county: str, names: Iterable[str]) -> Question[dict[str, LoggedEdit]]:
    """Those of the named edits that the log has."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = yield _KNOWN, {"county": county, "names": wanted}
    return {row[0]: _logged(row) for row in rows}


_KNOWN = sa.select(*_COLUMNS).where(_OURS, bulk.among(edit_log.c.name, "names"))


def reached(connection: sa.Connection, county: str, names: Iterable[str]) -> set[str]:
    """These edits, those that the refused ones among them name, and so on through any chain of refused ones. One
    statement."""
    wanted = sorted(set(names))
    if not wanted:
        return set()
    statement = sa.text(probes.REACHED[connection.dialect.name])
    found = connection.execute(statement, {"county": county, "names": json.dumps(wanted)})
    return {str(name) for name in found.scalars()}


def strays(connection: sa.Connection, county: str, digests: Iterable[bytes]) -> set[bytes]:
    """Those of the lines without a name that were kept before, by the hash of their bytes."""
    wanted = list(digests)
    if not wanted:
        return set()
    return set(
        connection.scalars(
            sa.select(edit_log.c.digest).where(
                edit_log.c.county == county, edit_log.c.kind == STRAY, edit_log.c.digest.in_(wanted)
            )
        )
    )


def erased(connection: sa.Connection, county: str, names: Iterable[str]) -> set[str]:
    """Those of the names that records or edits bear of which nothing may stay. One statement."""
    wanted = sorted(set(names))
    if not wanted:
        return set()
    rows = sa.select(record.c.id).where(
        record.c.county == county,
        record.c.type.in_(sorted(CATALOG.types)),
        bulk.among(record.c.id, wanted),
        record.c.gone == ERASED,
    )
    logged = sa.select(edit_log.c.name).where(
        edit_log.c.county == county, bulk.among(edit_log.c.name, wanted), edit_log.c.code == Code.ERASED
    )
    return {str(name) for name in connection.scalars(sa.union(rows, logged))}


@dataclass(frozen=True, slots=True)
class HeldEdit:
    """A held edit and all that it waits for."""

    edit: LoggedEdit
    awaited: frozenset[str]


def held_waiting(county: str, awaited: Iterable[str]) -> Question[dict[str, HeldEdit]]:
    """The held edits that wait for any of these."""
    wanted = sorted(set(awaited))
    if not wanted:
        return {}
    rows = yield _HELD_WAITING, {"county": county, "wanted": wanted}
    return _held(rows)


def held_named(county: str, names: Iterable[str]) -> Question[dict[str, HeldEdit]]:
    """Those of the named edits that are held."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = yield _HELD_NAMED, {"county": county, "wanted": wanted}
    return _held(rows)


def held_all(county: str) -> Question[dict[str, HeldEdit]]:
    """Every held edit, oldest first."""
    rows = yield _HELD_ALL, {"county": county}
    return _held(rows)


def _asked_of_held(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    joined = sa.outerjoin(
        edit_log, held_wait, (held_wait.c.county == edit_log.c.county) & (held_wait.c.name == edit_log.c.name)
    )
    asked = sa.select(*_COLUMNS, held_wait.c.awaited).select_from(joined)
    return asked.where(_OURS, *conditions).order_by(edit_log.c.revision)


_WAITS = held_wait.alias()
_HELD_WAITING = _asked_of_held(
    edit_log.c.name.in_(
        sa.select(_WAITS.c.name).where(
            _WAITS.c.county == sa.bindparam("county"), bulk.among(_WAITS.c.awaited, "wanted")
        )
    )
)
_HELD_ALL = _asked_of_held(edit_log.c.result == sa.literal_column("'held'"))
_HELD_NAMED = _HELD_ALL.where(bulk.among(edit_log.c.name, "wanted"))


def _held(rows: Rows) -> dict[str, HeldEdit]:
    found: dict[str, LoggedEdit] = {}
    awaited: dict[str, set[str]] = {}
    for *row, waits_for in rows:
        name = row[0]
        if name not in found:
            found[name] = _logged(row)
        awaited.setdefault(name, set()).update([waits_for] if waits_for else [])
    return {name: HeldEdit(edit, frozenset(awaited[name])) for name, edit in found.items()}


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a transaction took for granted when it judged: to be asked once more under the county's lock.

    `records`: those that it looked at, by type and id, and those that it did not find. `held_edits`: those that it knew
    to be held, of which it judged `heard` once more: others may have come to wait after that was asked."""

    records: Iterable[tuple[str, str]]
    absent_edits: Iterable[str]
    held_edits: Iterable[str]
    heard: Iterable[str]
    awaited: Iterable[str]


def still_holds(county: str, revision: int, assumed: Assumed) -> Question[bool]:
    """Whether the records, missing ones too, are as they were at a revision, what was held is held, and no held line
    waits for what is written here but those that were heard. On PostgreSQL: on SQLite there is nobody else."""
    looked_at = list(assumed.records)
    rows = yield (
        _CHANGED,
        {
            "county": county,
            "revision": revision,
            "types": sorted({kind for kind, _ in looked_at}),
            "ids": [identity for _, identity in looked_at],
            "absent": assumed.absent_edits,
            "held": sorted(set(assumed.held_edits)),
            "heard": assumed.heard,
            "awaited": assumed.awaited,
        },
    )
    return not rows[0][0]


_CHANGED = sa.select(
    sa.or_(
        sa.exists().where(
            record.c.county == sa.bindparam("county"),
            bulk.among(record.c.type, "types"),
            bulk.among(record.c.id, "ids"),
            record.c.revision > sa.bindparam("revision", type_=sa.BigInteger),
        ),
        sa.exists().where(_OURS, bulk.among(edit_log.c.name, "absent")),
        sa.exists().where(_OURS, bulk.among(edit_log.c.name, "held"), edit_log.c.result != sa.literal_column("'held'")),
        sa.exists().where(
            held_wait.c.county == sa.bindparam("county"),
            bulk.among(held_wait.c.awaited, "awaited"),
            sa.not_(bulk.among(held_wait.c.name, "heard")),
        ),
    )
)
