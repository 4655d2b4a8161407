"""The counters counted anew from the records and the log, to prove those that were kept. It reads everything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.periods import PERIODS
from server.status.attendance import ATTENDED, attended
from server.status.counting import DayOf, Days, counted
from server.status.life import Step
from server.status.remaining import Remaining
from server.store.counters import DAY, MONTH, MONTH_CHARS, Counted
from sync.lines import Values


@dataclass(slots=True)
class Recount:
    """Is shown every record, with its creation's stamp and, for a dispute, its life; then gives the counters."""

    day_of: DayOf
    days: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The local days of valid visits and follow-ups, by household and dispute."""
    _counted: Counted = field(default_factory=lambda: defaultdict(int))
    _later: list[tuple[str, str, Values, str, list[Step]]] = field(default_factory=list)
    """What is counted by the days on which it was attended, as it was seen."""

    def see(self, kind: str, identity: str, document: Values, made_at: str, life: list[Step]) -> None:
        attends = attended(kind, document, made_at, self.day_of, PERIODS)
        if attends is not None:
            record, day = attends
            self.days[record].append(day)
        if kind in ATTENDED:
            self._later.append((kind, identity, document, made_at, life))
        else:
            self._count(kind, document, made_at, (), life)

    def counted(self, erased: Iterable[Remaining]) -> Counted:
        """The counters that are not 0, with what `erased` records left."""
        for remains in erased:
            for record, day in remains.attended:
                self.days[record].append(day)
            for (unit, day, measure), value in remains.counted.items():
                self._add(unit, Days(int, {(day, measure): value}))
        for kind, identity, document, made_at, life in self._later:
            self._count(kind, document, made_at, sorted(self.days.get(identity, ())), life)
        self._later.clear()
        return {key: value for key, value in self._counted.items() if value}

    def _count(self, kind: str, document: Values, made_at: str, days: Sequence[str], life: Sequence[Step]) -> None:
        unit = document.get("unit")
        if unit is None:  # An entry; or edits that name each other left none standing.
            return
        self._add(str(unit), counted(kind, document, made_at, days, life, self.day_of, PERIODS))

    def _add(self, unit: str, days: Days) -> None:
        for (day, measure), value in days.items():
            self._counted[DAY, unit, day, measure] += value
            self._counted[MONTH, unit, day[:MONTH_CHARS], measure] += value


def wrong_counters(kept: Counted, counted: Counted) -> Counted:
    """What counters are to be, of which others were kept."""
    return {key: counted.get(key, 0) for key in {*kept, *counted} if kept.get(key, 0) != counted.get(key, 0)}


def wrong_days(kept: Mapping[str, list[str]], days: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What the days of records are to be, of which others were kept."""
    found = {record: sorted(days.get(record, ())) for record in {*kept, *days}}
    return {record: each for record, each in found.items() if kept.get(record, []) != each}


def differences_of_counters(
    kept: Counted, counted: Counted, days_kept: Mapping[str, list[str]], days: Mapping[str, list[str]]
) -> Iterator[str]:
    """Where counters that were kept and those counted anew differ, in words."""
    for key, value in sorted(wrong_counters(kept, counted).items()):
        span, unit, period, measure = key
        yield f"counter {measure} of {unit}, {span} {period}: {kept.get(key, 0)}, a recount gives {value}"
    for record in sorted(wrong_days(days_kept, days)):
        yield f"attendance of {record}: it is not what its visits or follow-ups make"
