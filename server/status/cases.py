"""The disputes that a transaction changes or attends, before and after, with their lives."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.workflow import Workflow
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
    """A dispute before and after, and its life. (What the docket writes after that is no step of it.)"""

    before: Placed | None
    after: Placed
    life_before: list[Step]
    life: list[Step]


def lived(record: Record, known: Mapping[str, Move], workflow: Workflow) -> list[Step]:
    """The life of a dispute, of its moves."""
    siblings = shown_first(record.register(WORKFLOW_REGISTER).siblings, Rule.WORKFLOW, workflow)
    return life([each.edit for each in siblings], known, workflow.rank)


COUNTS = frozenset(
    {WORKFLOW_REGISTER, "unit", "removed", "satisfaction", "routes_told", "close_reason", "duplicate_of"}
)
"""The registers of a dispute that counters and the docket look at."""


def cases(connection: sa.Connection, county: str, batch: Batch, attended: Iterable[str]) -> dict[str, Case]:
    """The disputes by id of which a worked batch changes what counts, or which it `attended`. To look at one is to read
    its whole history."""
    world, moved = batch.world, dict[str, list[Edit]]()
    counting = set(attended)
    for decision in batch.decisions.values():
        if decision.record in batch.changed and _is_dispute(decision.record, world):
            counting |= {decision.record} if _counts(decision) else set()
            line = decision.arrival.line
            if decision.result in ADMITTED and isinstance(line, Edit):
                moved.setdefault(decision.record, []).append(line)
    disputes = sorted(each for each in counting if _is_dispute(each, world))
    there = [each for each in disputes if batch.changed.get(each, world.records[each]) is not None]
    logged = dict[str, list[Edit]]()
    for identity, edit in _logged(connection, county, there) if there else ():
        if edit.name not in batch.decisions:
            logged.setdefault(identity, []).append(edit)
    return {each: _case(each, batch, logged.get(each, ()), moved.get(each, ())) for each in disputes}


def _is_dispute(identity: str, world: World) -> bool:
    return identity in world.records and world.records[identity].record.type == "dispute"


def _case(identity: str, batch: Batch, logged: Iterable[Edit], admitted: Iterable[Edit]) -> Case:
    world, after = batch.world, batch.world.records[identity]
    before = batch.changed.get(identity, after)
    known = moves(logged)
    life_before = [] if before is None else lived(before.record, known, world.workflow)
    return Case(before, after, life_before, lived(after.record, known | moves(admitted), world.workflow))


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
