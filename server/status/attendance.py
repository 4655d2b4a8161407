"""The days that count for a record by other records: the valid visits of a household, the follow-ups of a dispute."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from schemas.periods import Periods
from server.status.counting import DayOf, is_valid
from server.store import counters
from server.store.flight import ask
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


def attended(kind: str, said: Values, made_at: str, day_of: DayOf, periods: Periods) -> tuple[str, str] | None:
    """The record that a visit or an entry counts for, and the day."""
    if kind == "visit" and is_valid(said, periods):
        return str(said["household"]), day_of(made_at)
    if kind == "entry" and said.get("kind") == FOLLOW_UP:
        return str(said["dispute"]), day_of(made_at)
    return None


def attendance(connection: sa.Connection, county: str, batch: Batch, day_of: DayOf, periods: Periods) -> Attendance:
    """The days of the households and disputes that a worked batch changes or attends."""
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
    changed = {identity for identity, _ in (*gone, *come)}
    stored = ask(connection, counters.attendances(county, looked_at | changed))
    known = {identity: stored.get(identity, []) for identity in looked_at | changed}
    days = {identity: list(each) for identity, each in known.items()}
    for identity, day in gone:
        if day in days[identity]:
            days[identity].remove(day)
    for identity, day in come:
        days[identity].append(day)
    return Attendance(known, {identity: sorted(each) for identity, each in days.items()}, frozenset(changed))


def _of(placed: Placed | None, world: World, day_of: DayOf, periods: Periods) -> tuple[str, str] | None:
    if placed is None:
        return None
    record = placed.record
    return attended(record.type, world.document(record), record.origins[0].at, day_of, periods)
