"""The disputes that a transaction changes or attends, before and after, with their lives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.workflow import Workflow
from server.status.attendance import Attendance
from server.status.life import Move, Step, life, moves
from server.store import counters
from sync import edits
from sync.batch import Batch
from sync.codes import ADMITTED
from sync.edits import Edit
from sync.records import Record
from sync.showing import shown_first
from sync.world import Placed, World


@dataclass(slots=True)
class Case:
    """A dispute before and after."""

    before: Placed | None
    after: Placed
    moves_before: dict[str, Move] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)

    def life_before(self, world: World) -> list[Step]:
        return [] if self.before is None else lived(self.before.record, self.moves_before, world.workflow)

    def life(self, world: World) -> list[Step]:
        return lived(self.after.record, self.moves, world.workflow)


def lived(record: Record, known: Mapping[str, Move], workflow: Workflow) -> list[Step]:
    """The life of a dispute, of its moves."""
    siblings = shown_first(record.register(WORKFLOW_REGISTER).siblings, Rule.WORKFLOW, workflow)
    return life([each.edit for each in siblings], known, workflow.rank)


def cases(connection: sa.Connection, county: str, batch: Batch, attendance: Attendance) -> dict[str, Case]:
    """The disputes that a worked batch changes, or adds a follow-up to, by id."""
    world = batch.world
    found = {
        identity: Case(batch.changed.get(identity, world.records[identity]), world.records[identity])
        for identity in sorted({*batch.changed, *attendance.changed} & world.records.keys())
        if world.records[identity].record.type == "dispute"
    }
    there = [identity for identity, case in found.items() if case.before is not None]
    for identity, edit in _logged(connection, county, there) if there else ():
        if edit.name not in batch.decisions:
            found[identity].moves_before |= moves([edit])
    for case in found.values():
        case.moves = dict(case.moves_before)
    for decision in batch.decisions.values():
        line = decision.arrival.line
        if decision.result in ADMITTED and isinstance(line, Edit) and decision.record in found:
            found[decision.record].moves |= moves([line])
    return found


def _logged(connection: sa.Connection, county: str, disputes: Iterable[str]) -> Iterator[tuple[str, Edit]]:
    for identity, line, stamp in counters.admitted_lines(connection, county, disputes):
        edit = edits.read(line, CATALOG)
        if isinstance(edit, Edit):
            yield identity, edit.stamped(stamp)
