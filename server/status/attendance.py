"""The days that count for a record by other records: the valid visits of a household, the follow-ups of a dispute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.periods import Periods
from server.status.counting import DayOf, is_valid
from sync.batch import Batch
from sync.lines import Values
from sync.world import Placed, World

ATTENDED = ("household", "dispute")
"""The types of records for which other records count."""
FOLLOW_UP = "follow_up"
"""The kind of an entry that says how the parties fare since."""


@dataclass(frozen=True, slots=True)
class Attendance:
    """The local days, in order, by household or dispute; `changed`: those that the batch changed."""

    before: Mapping[str, list[str]]
    after: Mapping[str, list[str]]
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attending:
    """What a worked batch changes of that: household or dispute and day, of each that no longer counts and that counts
    now. `looked_at`: those that it changed themselves."""

    looked_at: frozenset[str]
    gone: Sequence[tuple[str, str]]
    come: Sequence[tuple[str, str]]

    @property
    def changed(self) -> frozenset[str]:
        return frozenset(identity for identity, _ in (*self.gone, *self.come))

    def upon(self, stored: Mapping[str, list[str]]) -> Attendance:
        """The attendance, where `stored` are the days that stand: read under the county's lock."""
        before = {identity: stored.get(identity, []) for identity in self.looked_at | self.changed}
        days = {identity: list(each) for identity, each in before.items()}
        for identity, day in self.gone:
            if day in days[identity]:
                days[identity].remove(day)
        for identity, day in self.come:
            days[identity].append(day)
        return Attendance(before, {identity: sorted(each) for identity, each in days.items()}, self.changed)


def attended(kind: str, said: Values, made_at: str, day_of: DayOf, periods: Periods) -> tuple[str, str] | None:
    """The record that a visit or an entry counts for, and the day."""
    if kind == "visit" and is_valid(said, periods):
        return str(said["household"]), day_of(made_at)
    if kind == "entry" and said.get("kind") == FOLLOW_UP:
        return str(said["dispute"]), day_of(made_at)
    return None


def attending(batch: Batch, day_of: DayOf, periods: Periods) -> Attending:
    """What a worked batch changes of the days on which households and disputes were attended."""
    world = batch.world
    gone: list[tuple[str, str]] = []
    come: list[tuple[str, str]] = []
    looked_at = set[str]()
    for identity, was in batch.changed.items():
        now = world.records[identity]
        if now.record.type in ATTENDED and was is not None:
            looked_at.add(identity)
        before, after = _of(was, world, day_of, periods), _of(now, world, day_of, periods)
        if before != after:
            gone += [before] if before else []
            come += [after] if after else []
    return Attending(frozenset(looked_at), gone, come)


def _of(placed: Placed | None, world: World, day_of: DayOf, periods: Periods) -> tuple[str, str] | None:
    if placed is None:
        return None
    record = placed.record
    return attended(record.type, world.document(record), record.origins[0].at, day_of, periods)
