"""How a transaction changes the counters: what its records add after it, less what they added before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.periods import PERIODS
from server.status.attendance import Attendance
from server.status.cases import Case
from server.status.counting import DayOf, counted
from server.status.life import Step
from server.store import records
from server.store.counters import Tally
from sync.batch import Batch
from sync.records import Record
from sync.world import Placed


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
                self._change(changes, was, now)
        for identity, now in self._households().items():
            self._change(changes, self.batch.changed.get(identity, now), now)
        for case in cases.values():
            self._change(changes, case.before, case.after, case.life_before, case.life)
        return changes

    def _change(
        self,
        changes: Tally,
        was: Placed | None,
        now: Placed,
        life_before: Sequence[Step] = (),
        life: Sequence[Step] = (),
    ) -> None:
        identity = now.record.id
        if was is not None:
            self._add(changes, -1, was.record, self.attendance.before.get(identity, ()), life_before)
        self._add(changes, +1, now.record, self.attendance.after.get(identity, ()), life)

    def _add(self, changes: Tally, sign: int, record: Record, attended: Sequence[str], life: Sequence[Step]) -> None:
        document = self.batch.world.document(record)
        unit = document.get("unit")
        if unit is None:  # Of an erased record nothing is left that could change.
            return
        adds = counted(record.type, document, record.origins[0].at, attended, life, self.day_of, PERIODS)
        for (day, measure), value in adds.items():
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
