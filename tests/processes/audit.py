"""After the last sync: what the tablets noted and hold against what the center holds, read from the databases."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from server import verification
from server.center import Center
from server.store import dialect, directory
from server.store.flight import ask
from server.store.tables import edit_log, placement, record
from sync.codes import Code
from sync.scope import scope
from sync.stamps import stamp
from tests.processes.squad import Member, Squad

STATES = {
    "applied": {"acked"},
    "conflict": {"acked"},
    "refused": {"refused", "discarded"},
    "held": {"held"},
}
"""What a tablet calls an outcome of the center's."""
MARKED = {"visit": "notes", "entry": "text"}
"""Fields with words that were written once, and never changed."""

_HELD = "SELECT DISTINCT type, record FROM outbox WHERE state = 'held'"

Row = tuple[int, Any]
"""A record's revision and document."""


@dataclass(frozen=True, slots=True)
class Logged:
    """An edit of the log, by its name."""

    result: str
    code: str | None
    do: str
    type: str
    record: str


class Audit:
    """Reads the log once; `faults` says in words what is wrong. To a center that was `restored`, tablets send again
    what it had admitted or held; what it had refused they keep for their people."""

    def __init__(self, center: Center, squad: Squad, *, restored: bool = False) -> None:
        self.center, self.squad, self.restored = center, squad, restored
        self.log: dict[str, list[Logged]] = {}
        with dialect.reading(center.engine) as connection:
            columns = edit_log.c
            asked = sa.select(
                columns.name, columns.result, columns.code, columns.line, columns.type, columns.record
            ).where(columns.name.is_not(None))
            for name, result, code, line, kind, identity in connection.execute(asked):
                logged = Logged(result, code, json.loads(line)["do"], kind, str(identity))
                self.log.setdefault(str(name), []).append(logged)

    def faults(self) -> list[str]:
        return [
            *self._unknown(),
            *self._outcomes(),
            *self._doubled(),
            *(fault for member in self.squad.members for fault in self._unequal(member)),
            *verification.differences(self.center),
        ]

    @property
    def figures(self) -> dict[str, int]:
        """How many edits were noted as saved, how many the log has, and how many of each outcome."""
        noted = sum(len(member.noted) for member in self.squad.members)
        results = Counter(each.result for same in self.log.values() for each in same)
        return {"noted": noted, "logged": len(self.log), **dict(sorted(results.items()))}

    # -- nothing is lost

    def _unknown(self) -> Iterator[str]:
        for member in self.squad.members:
            kept = dict(_rows(member.store, "SELECT edit, state FROM outbox"))
            for name in sorted(member.noted - kept.keys()):
                yield f"{member.name}: {name} was saved, and the tablet has lost it"
            refused = {name for name, state in kept.items() if state in STATES["refused"]} if self.restored else set()
            for name in sorted((member.noted | kept.keys()) - self.log.keys() - refused):
                yield f"{member.name}: {name} was saved, and the center does not have it"
            for name, state in kept.items():
                for logged in self.log.get(name, ()):
                    if state not in STATES.get(logged.result, ()):
                        yield f"{member.name}: {name} is {logged.result} at the center and {state} here"

    # -- one outcome each

    def _outcomes(self) -> Iterator[str]:
        for name, same in self.log.items():
            if len(same) != 1:
                yield f"{name} is in the log {len(same)} times"
            for logged in same:
                if logged.result not in STATES:
                    yield f"{name} has no outcome but {logged.result}"
                if logged.code == Code.SERVER_ERROR:
                    yield f"{name} is held for a fault of the server's"

    # -- nothing is there twice

    def _doubled(self) -> Iterator[str]:
        made = {
            (each.type, each.record)
            for same in self.log.values()
            for each in same
            if each.do == "create" and each.result in ("applied", "conflict")
        }
        with dialect.reading(self.center.engine) as connection:
            found = connection.execute(sa.select(record.c.type, record.c.id, record.c.document)).all()
        there = Counter((kind, str(identity)) for kind, identity, _ in found if kind not in ("held", "conflict"))
        for identity in made ^ there.keys():
            yield f"{identity}: creation and record do not match"
        words = Counter((kind, json.loads(document)[MARKED[kind]]) for kind, _, document in found if kind in MARKED)
        for (kind, said), times in words.items():
            if times > 1:
                yield f"a {kind} that says {said} is there {times} times"

    # -- everybody sees the same

    def _unequal(self, member: Member) -> Iterator[str]:
        held = self._in_scope(member)
        sent = {
            (kind, identity): (revision, json.loads(document))
            for kind, identity, revision, document in _rows(member.store, "SELECT type, id, rev, doc FROM base")
        }
        shown = {
            (kind, identity): json.loads(document)
            for kind, identity, document in _rows(member.store, "SELECT type, id, doc FROM view")
        }
        for identity in held.keys() | sent.keys():
            if held.get(identity) != sent.get(identity):
                yield f"{member.name}: {identity} is {sent.get(identity)}, at the center {held.get(identity)}"
        # Edits that the center holds are shown to their author, on top of what it sent.
        on_top = {(kind, identity) for kind, identity in _rows(member.store, _HELD)}
        for identity in (held.keys() | shown.keys()) - on_top:
            if held.get(identity, (0, None))[1] != shown.get(identity):
                yield f"{member.name}: {identity} is shown as {shown.get(identity)}, and is {held.get(identity)}"
        (waiting,) = next(iter(_rows(member.store, "SELECT count(*) FROM outbox WHERE unsent = 1")))
        if waiting:
            yield f"{member.name}: {waiting} edits wait"

    def _in_scope(self, member: Member) -> dict[tuple[str, str], Row]:
        with dialect.reading(self.center.engine) as connection:
            county = self.center.county(connection)
            person = ask(connection, directory.people(county.code, [member.person]))[member.person]
            keys = scope(person, directory.units(connection, county.code), stamp(self.center.clock())).keys
            asked = (
                sa.select(record.c.type, record.c.id, record.c.revision, record.c.document)
                .join(
                    placement,
                    (placement.c.county == record.c.county)
                    & (placement.c.type == record.c.type)
                    & (placement.c.record == record.c.id),
                )
                .where(placement.c.key.in_(keys), placement.c.gone.is_(None), record.c.gone.is_(None))
            )
            return {
                (kind, str(identity)): (revision, json.loads(document))
                for kind, identity, revision, document in connection.execute(asked)
            }


def _rows(store: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(sql).fetchall()
