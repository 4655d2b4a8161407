"""The disputes that a transaction changes or attends, before and after, with their lives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.workflow import Workflow
from server.status.attendance import Attendance
from server.status.life import MARK, Move, Step, life, moves
from server.store import counters
from sync import edits
from sync.batch import Batch, Decision
from sync.codes import ADMITTED, Result
from sync.edits import Do, Edit
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


COUNTS = frozenset({WORKFLOW_REGISTER, "unit", "removed", "satisfaction", "routes_told"})
"""The registers of a dispute that counters and the docket look at."""


def cases(connection: sa.Connection, county: str, batch: Batch, attendance: Attendance) -> dict[str, Case]:
    """The disputes by id of which a worked batch changes what counts. To look at one is to read its whole history."""
    world = batch.world
    counting = _counting(batch) | attendance.changed
    found = {
        identity: Case(batch.changed.get(identity, world.records[identity]), world.records[identity])
        for identity in sorted(counting & world.records.keys())
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


def _counting(batch: Batch) -> set[str]:
    """The records that the batch changed in what counts."""
    return {
        decision.record
        for decision in batch.decisions.values()
        if decision.record in batch.changed and _counts(decision)
    }


def _counts(decision: Decision) -> bool:
    """Whether an edit may change what counts: by being admitted, or refused, so that others stand again."""
    line = decision.arrival.line
    if decision.result is not Result.HELD and isinstance(line, Edit) and line.do is Do.CHANGE:
        return decision.result is Result.REFUSED or any(touch.register in COUNTS for touch in line.touches)
    return decision.result is not Result.HELD


def _logged(connection: sa.Connection, county: str, disputes: Iterable[str]) -> Iterator[tuple[str, Edit]]:
    for identity, line, stamp in counters.admitted_with(connection, county, disputes, MARK):
        edit = edits.read(line, CATALOG)
        if isinstance(edit, Edit):
            yield identity, edit.stamped(stamp)
