"""How a transaction changes the counters: what its records add after it, less what they added before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.periods import PERIODS
from server.status.attendance import Attendance
from server.status.cases import Case
from server.status.counting import DayOf, counted
from server.status.life import Step
from server.store.counters import Tally
from sync.batch import Batch
from sync.records import Record
from sync.world import Placed


@dataclass(slots=True)
class Tallying:
    """Counts what a worked batch changed."""

    batch: Batch
    attendance: Attendance
    day_of: DayOf

    def tally(self, cases: Mapping[str, Case]) -> Tally:
        """The changes of counters, by the records that the batch changed and the households of which a valid visit came
        or went, which must be in its world."""
        world, changes = self.batch.world, Tally()
        for identity in {**self.batch.changed, **dict.fromkeys(self.attendance.changed)}:
            now = world.records.get(identity)
            if now is not None and now.record.type in ("visit", "household"):
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
        if unit is None:  # Of an erased record nothing is left that could change; or edits name each other.
            return
        adds = counted(record.type, document, record.origins[0].at, attended, life, self.day_of, PERIODS)
        for (day, measure), value in adds.items():
            changes[str(unit), day, measure] += sign * value
