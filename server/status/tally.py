"""How a transaction changes the counters: what its records add after it, less what they added before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.periods import PERIODS
from server.status import counting
from server.status.attendance import Attendance, values
from server.status.cases import Case
from server.status.counting import DayOf, Days
from server.status.life import Step
from server.store import records
from server.store.counters import Tally
from sync import records as engine
from sync.batch import Batch
from sync.lines import Values
from sync.world import Placed, World


@dataclass(slots=True)
class Tallying:
    """Counts what a worked batch changed. `attendance` and `cases` have been read under the county's lock."""

    connection: sa.Connection
    county: str
    batch: Batch
    attendance: Attendance
    day_of: DayOf

    def tally(self, cases: Mapping[str, Case]) -> Tally:
        """The changes of counters."""
        world, changes = self.batch.world, Tally()
        for identity, was in self.batch.changed.items():
            now = world.records[identity]
            if now.record.type == "visit":
                self._add(changes, -1, was, self._visit(was))
                self._add(changes, +1, now, self._visit(now))
        for identity, now in self._households().items():
            was = self.batch.changed.get(identity, now)
            self._add(changes, -1, was, self._household(was, self.attendance.before.get(identity, ())))
            self._add(changes, +1, now, self._household(now, self.attendance.after.get(identity, ())))
        for identity, case in cases.items():
            before, after = self.attendance.before.get(identity, ()), self.attendance.after.get(identity, ())
            self._add(changes, -1, case.before, self._dispute(case.before, case.life_before(world), before))
            self._add(changes, +1, case.after, self._dispute(case.after, case.life(world), after))
        return changes

    def _add(self, changes: Tally, sign: int, placed: Placed | None, counted: Days) -> None:
        unit = None if placed is None else values(placed.record, self.batch.world).get("unit")
        if unit is not None:  # Of an erased record nothing is left that could change.
            for (day, measure), value in counted.items():
                changes[str(unit), day, measure] += sign * value

    def _households(self) -> dict[str, Placed]:
        """The households that the batch changed, or of which a valid visit came or went."""
        world = self.batch.world
        changed = {each for each in self.batch.changed if world.records[each].record.type == "household"}
        wanted = changed | self.attendance.changed
        missing = [("household", each) for each in sorted(wanted - world.records.keys())]
        found = records.found(self.connection, self.county, missing)
        loaded = {row.id: Placed(records.record_of(row, CATALOG)) for row in found}
        there = {each: world.records[each] for each in sorted(wanted & world.records.keys())} | loaded
        return {identity: placed for identity, placed in there.items() if placed.record.type == "household"}

    def _visit(self, placed: Placed | None) -> Days:
        if placed is None:
            return Days()
        made_at = placed.record.origins[0].at
        return counting.visit(values(placed.record, self.batch.world), made_at, self.day_of, PERIODS)

    def _household(self, placed: Placed | None, visited: Sequence[str]) -> Days:
        if placed is None:
            return Days()
        document, made_at = _document(placed, self.batch.world), placed.record.origins[0].at
        return counting.household(document, made_at, visited, self.day_of, PERIODS)

    def _dispute(self, placed: Placed | None, life: Sequence[Step], followed_up: Sequence[str]) -> Days:
        if placed is None:
            return Days()
        return counting.dispute(_document(placed, self.batch.world), life, followed_up, self.day_of)


def _document(placed: Placed, world: World) -> Values:
    return engine.document(placed.record, world.catalog, world.workflow)
