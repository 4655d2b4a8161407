"""A batch of lines worked through to the end: judged, merged, and whatever waited for them judged again.

Within a batch nothing depends on the order of the lines: a line that waits for another of the same batch, or a held
one that waits for a line of this batch, is taken up again as soon as that one is decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sync import records
from sync.admission import NEXT_RELEASE, Admit, Refuse, Verdict, Wait, first_id, judge
from sync.codes import Code, Detail, Result
from sync.edits import Do, Edit, Unread
from sync.erasure import about
from sync.faults import place
from sync.ids import conflict_id
from sync.placement import placement
from sync.records import Record
from sync.refused import creation_of_refused
from sync.scope import Person
from sync.showing import in_conflict
from sync.touches import rule_of
from sync.world import KnownEdit, Placed, World


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line to be judged. `judged` is the moment whose rights count, never later than the receipt: its stamp, or a
    later one where the tablet had said that it owed nothing older. `verdict` stands where the line was decided before
    any record was looked at."""

    line: Edit | Unread
    judged: str
    verdict: Refuse | Wait | None = None
    released_by: Person | None = None
    """Whose rights count instead of the author's, when staff release a held edit."""

    @property
    def name(self) -> str:
        if self.line.name is None:
            raise ValueError("a line without a name is refused where it arrives")
        return self.line.name


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a line in this batch. `awaited` is empty unless it is held."""

    arrival: Arrival
    result: Result
    record: str | None
    code: Code | None = None
    field: str | None = None
    detail: Detail | None = None
    conflicts: tuple[str, ...] = ()
    awaited: frozenset[str] = frozenset()
    error: str | None = None
    """For the server's log: the exception that made it hold this line."""


@dataclass(slots=True)
class Batch:
    """Works on `world` in place. `decisions` holds the last word on each line; `changed` the records to be written."""

    world: World
    decisions: dict[str, Decision] = field(default_factory=dict)
    changed: dict[str, Placed | None] = field(default_factory=dict)
    """Each changed record as it was before (None for a new one)."""
    _waiting: dict[str, dict[str, Arrival]] = field(default_factory=dict)

    def work(self, arrivals: Iterable[Arrival], held: Iterable[tuple[Arrival, frozenset[str]]] = ()) -> None:
        """Judges the arrivals, and of the `held` lines (with what they await) those that this batch lets go on: give
        those that await what the arrivals may bring about, those that await these in turn, and so on."""
        for arrival, awaited in held:
            self._wait(arrival, awaited)
        queue = list(reversed(list(arrivals)))
        while queue:
            arrival = queue.pop()
            # One that waited for two things may stand in the queue twice.
            if self._is_open(arrival.name):
                queue.extend(reversed(self._decide(arrival)))

    def put(self, after: Placed) -> None:
        """Takes a record as the server itself has changed it."""
        self._put(self.world.records[after.record.id], after)

    def _decide(self, arrival: Arrival) -> list[Arrival]:
        """Decides one line; gives those that have waited for it."""
        try:
            verdict = self._verdict(arrival)
            if isinstance(verdict, Admit):
                return self._admit(arrival, verdict.edit)
            if isinstance(verdict, Refuse):
                return self._refuse(arrival, verdict)
            self._hold(arrival, verdict, arrival.line.error if isinstance(arrival.line, Unread) else None)
        except Exception as error:  # noqa: BLE001 - one bad line holds itself, never the batch
            self._hold(arrival, Wait(Code.SERVER_ERROR, None, frozenset({NEXT_RELEASE})), place(error))
        return []

    def _verdict(self, arrival: Arrival) -> Verdict:
        edit = arrival.line
        if self._is_erased(edit):
            return Refuse(Code.ERASED)
        if arrival.verdict is not None:
            return arrival.verdict
        if isinstance(edit, Unread):
            if edit.held:
                return Wait(edit.code, edit.field, frozenset({NEXT_RELEASE}))
            return Refuse(edit.code, edit.field, edit.detail)
        person = arrival.released_by or self.world.people.get(edit.by) or Person(edit.by)
        verdict = judge(edit, person, person.rights_at(arrival.judged, self.world.now), self.world)
        if not isinstance(verdict, Refuse) or arrival.judged == edit.at:
            return verdict
        # Where it is refused only because it was not announced, staff decide.
        as_said = judge(edit, person, person.rights_at(edit.at, self.world.now), self.world)
        if isinstance(as_said, Refuse):
            return verdict
        awaited = as_said.awaited if isinstance(as_said, Wait) else frozenset[str]()
        return Wait(verdict.code, verdict.field, awaited | {f"person:{edit.by}"})

    def _is_erased(self, line: Edit | Unread) -> bool:
        """Whether a line is about what was erased. Asked before all else: nothing of it may be kept."""
        erased = self.world.erased
        return bool(erased) and any(name in erased for _, name in about(line, self.world.catalog))

    def _admit(self, arrival: Arrival, edit: Edit) -> list[Arrival]:
        world = self.world
        before = world.records.get(edit.record)
        record = records.admit(before.record if before else None, edit, world.catalog, world.lookup)
        after = self._placed(record, before, edit)
        open_conflicts = self._open_conflicts(record, edit)
        # Nothing is kept before all of it is there: an exception must leave the record without the edit.
        self._put(before, after)
        result = Result.CONFLICT if open_conflicts else Result.APPLIED
        self._know(arrival, Decision(arrival, result, record.id, conflicts=open_conflicts))
        return self._released([f"edit:{edit.name}", *_moves(before, after)])

    def _refuse(self, arrival: Arrival, verdict: Refuse) -> list[Arrival]:
        line, world = arrival.line, self.world
        if verdict.code is Code.ERASED:
            world.erased.add(arrival.name)
        is_change = isinstance(line, Unread) or line.do is Do.CHANGE
        record = (line.record if is_change else None) or self._kept(arrival)
        self._know(arrival, Decision(arrival, Result.REFUSED, record, verdict.code, verdict.field, verdict.detail))
        before = world.records.get(record) if is_change else None
        events = [f"edit:{arrival.name}"]
        if before is not None:
            forgotten = records.forget_refused(before.record, arrival.name, world.lookup)
            if forgotten is not before.record:
                after = self._placed(forgotten, before, None)
                self._put(before, after)
                events += _moves(before, after)
        return self._released(events)

    def _kept(self, arrival: Arrival) -> str:
        """The id that a refused creation keeps for the one that mends it: its own, or that which it was to mend.

        A line decided beforehand may not be by whom it says, so it keeps its own."""
        made = creation_of_refused(arrival.line.line)
        if arrival.verdict is None and made is not None and made.mends is not None:
            first = first_id(made.mends, arrival.line.by, made.type, self.world)
            if isinstance(first, str):
                return first
        return arrival.name

    def _hold(self, arrival: Arrival, verdict: Wait, error: str | None = None) -> None:
        self._wait(arrival, verdict.awaited)
        decision = Decision(
            arrival, Result.HELD, arrival.line.record, verdict.code, verdict.field, awaited=verdict.awaited, error=error
        )
        self._know(arrival, decision)

    def _know(self, arrival: Arrival, decision: Decision) -> None:
        self.decisions[arrival.name] = decision
        line = arrival.line
        self.world.known[arrival.name] = KnownEdit(decision.result, line.by, decision.record, line.line, line.type)

    def _wait(self, arrival: Arrival, awaited: frozenset[str]) -> None:
        for name in awaited:
            self._waiting.setdefault(name, {})[arrival.name] = arrival

    def _released(self, events: list[str]) -> list[Arrival]:
        found: dict[str, Arrival] = {}
        for event in events:
            found.update(self._waiting.pop(event, {}))
        return [arrival for name, arrival in found.items() if self._is_open(name)]

    def _is_open(self, name: str) -> bool:
        known = self.world.known.get(name)
        return known is None or known.result is Result.HELD

    def _put(self, before: Placed | None, after: Placed) -> None:
        self.changed.setdefault(after.record.id, before)
        self.world.put(after)

    def _placed(self, record: Record, before: Placed | None, edit: Edit | None) -> Placed:
        world = self.world
        parent = world.catalog.types[record.type].parent
        if parent is not None:
            return Placed(record, (), str(world.document(record)[parent]))
        spans = before.placement if before else ()
        return Placed(record, placement(record, spans, edit, world.now, world.catalog, world.workflow))

    def _open_conflicts(self, record: Record, edit: Edit) -> tuple[str, ...]:
        """The conflicts that the edit left open: in the registers that it touched, or a second creation anywhere."""
        touched = record.registers if edit.do is Do.CREATE else [touch.register for touch in edit.touches]
        kind = self.world.catalog.types[record.type]
        return tuple(
            conflict_id(record.id, name)
            for name in touched
            if in_conflict(record.register(name).siblings, rule_of(kind, name), self.world.workflow)
        )


def _moves(before: Placed | None, after: Placed) -> list[str]:
    """What held edits wait for, where a record came about or stands elsewhere."""
    stands_as_before = before is not None and set(before.placement) == set(after.placement)
    return [] if stands_as_before else [f"record:{after.record.id}"]
