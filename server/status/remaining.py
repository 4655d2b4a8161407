"""What an erased record leaves in the counters: numbers by day, in which nobody can be found."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.periods import PERIODS
from schemas.status import BALANCES, BOOKS, ERASED
from schemas.workflow import WORKFLOW
from server.status.attendance import attended
from server.status.cases import lived
from server.status.counting import DayOf, counted
from server.status.life import Step, moves
from server.store import counters, records
from server.store.counters import Tally
from server.store.flight import ask
from server.store.records import Stored
from sync.edits import Edit

_COUNTED = frozenset({"household", "visit", "dispute", "entry"})


@dataclass(slots=True)
class Remaining:
    """Counted values by grid, local day and measure; and the days on which what was erased attended other records."""

    counted: Tally = field(default_factory=Tally)
    attended: list[tuple[str, str]] = field(default_factory=list)

    def left(self, day: str) -> "Remaining":
        """The same with what is counted up ended on a day: nobody visits the home any more, or closes the dispute. What
        happened stays; a dispute that was on the books goes off them as erased."""
        left, up, books = Tally(), Counter[tuple[str, str]](), Counter[str]()
        for (unit, on, measure), value in self.counted.items():
            if measure in BALANCES:
                if on > day:
                    continue
                up[unit, measure] += value
            books[unit] += BOOKS.get(measure, 0) * value
            left[unit, on, measure] += value
        for (unit, measure), value in up.items():
            left[unit, day, measure] -= value
        for unit, value in books.items():
            left[unit, day, ERASED] += value
        return Remaining(left, self.attended)

    def __add__(self, other: "Remaining") -> "Remaining":
        both = Tally(self.counted)
        both.update(other.counted)
        return Remaining(both, [*self.attended, *other.attended])

    @property
    def told(self) -> dict[str, Any]:
        """As an `erase` line carries it."""
        return {
            "counted": [[*key, value] for key, value in sorted(self.counted.items()) if value],
            "attended": [list(each) for each in sorted(self.attended)],
        }


def read(told: Mapping[str, Any]) -> Remaining:
    """What an `erase` line carries."""
    counted = Tally({(unit, day, measure): value for unit, day, measure, value in told.get("counted", ())})
    return Remaining(counted, [(record, day) for record, day in told.get("attended", ())])


def remaining(
    connection: sa.Connection,
    county: str,
    rows: Iterable[Stored],
    admitted: Mapping[str, Sequence[Edit]],
    day_of: DayOf,
) -> Remaining:
    """What these records, as they stand before they are erased, add to the counters. `admitted`: a dispute's edits."""
    standing = [row for row in rows if row.gone is None and row.type in _COUNTED]
    days = ask(connection, counters.attendances(county, [row.id for row in standing]))
    found = Remaining()
    for row in standing:
        document = orjson.loads(row.document)
        if not document:  # A refused creation: it was never a record.
            continue
        attends = attended(row.type, document, row.made_at, day_of, PERIODS)
        if attends is not None:
            found.attended.append(attends)
        life = _life(row, admitted.get(row.id, ()))
        unit = document.get("unit")
        if unit is None:  # An entry; or edits that name each other left none standing.
            continue
        adds = counted(row.type, document, row.made_at, days.get(row.id, ()), life, day_of, PERIODS)
        for (day, measure), value in adds.items():
            found.counted[str(unit), day, measure] += value
    return found


def _life(row: Stored, admitted: Sequence[Edit]) -> list[Step]:
    """Of a dispute; empty for what has none."""
    return lived(records.record_of(row, CATALOG), moves(admitted), WORKFLOW) if row.type == "dispute" else []
