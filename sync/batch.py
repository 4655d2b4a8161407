"""A batch of lines worked through to the end: judged, merged, and whatever waited for them judged again.

Within a batch nothing depends on the order of the lines: a line that waits for another of the same batch, or a held
one that waits for a line of this batch, is taken up again as soon as that one is decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sync import records, scope
from sync.admission import NEXT_RELEASE, Admit, Known, Placed, Refuse, Verdict, Wait, World, judge
from sync.codes import Code, Detail, Result
from sync.edits import Do, Edit, Unread
from sync.ids import conflict_id
from sync.records import Record
from sync.scope import Person


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line to be judged. `judged` is the moment whose rights count: its stamp, or a later one where the tablet had
    said that it owed nothing older. `verdict` stands where the line was decided before any record was looked at."""

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
        """Judges the arrivals, and of the `held` lines (with what they await) those that this batch lets go on."""
        for arrival, awaited in held:
            self._wait(arrival, awaited)
        queue = list(reversed(list(arrivals)))
        while queue:
            queue.extend(reversed(self._decide(queue.pop())))

    def _decide(self, arrival: Arrival) -> list[Arrival]:
        """Decides one line; gives those that have waited for it."""
        try:
            verdict = self._verdict(arrival)
            match verdict:
                case Admit(edit):
                    return self._admit(arrival, edit)
                case Refuse():
                    return self._refuse(arrival, verdict)
                case Wait():
                    self._hold(arrival, verdict)
        except Exception as error:  # noqa: BLE001 - one bad line holds itself, never the batch
            self._hold(
                arrival, Wait(Code.SERVER_ERROR, None, frozenset({NEXT_RELEASE})), f"{type(error).__name__}: {error}"
            )
        return []

    def _verdict(self, arrival: Arrival) -> Verdict:
        edit = arrival.line
        if arrival.verdict is not None:
            return arrival.verdict
        if isinstance(edit, Unread):
            if edit.held:
                return Wait(edit.code, edit.field, frozenset({NEXT_RELEASE}))
            return Refuse(edit.code, edit.field, edit.detail)
        person = arrival.released_by or self.world.people.get(edit.by) or Person(edit.by)
        verdict = judge(edit, person, arrival.judged, self.world)
        if not isinstance(verdict, Refuse) or verdict.code is not Code.NOT_ALLOWED or arrival.judged == edit.at:
            return verdict
        if isinstance(judge(edit, person, edit.at, self.world), Admit):
            # Allowed when it says it was made, not when it was announced: staff decide.
            return Wait(Code.NOT_ALLOWED, verdict.field, frozenset({f"person:{edit.by}"}))
        return verdict

    def _admit(self, arrival: Arrival, edit: Edit) -> list[Arrival]:
        world = self.world
        before = world.records.get(edit.record)
        record = records.admit(before.record if before else None, edit, world.catalog, world.lookup)
        self._put(record, before, self._placement(record, before, edit.at), self._parent(record))
        open_conflicts = self._open_conflicts(record, edit)
        result = Result.CONFLICT if open_conflicts else Result.APPLIED
        self._know(arrival, Decision(arrival, result, record.id, conflicts=open_conflicts))
        events = [f"edit:{edit.name}"]
        if before is None or scope.standing(before.placement) != scope.standing(world.records[record.id].placement):
            events.append(f"record:{record.id}")
        return self._released(events)

    def _refuse(self, arrival: Arrival, verdict: Refuse) -> list[Arrival]:
        line = arrival.line
        # A refused creation keeps the id for the creation that mends it.
        record = line.record or line.name
        self._know(arrival, Decision(arrival, Result.REFUSED, record, verdict.code, verdict.field, verdict.detail))
        placed = self.world.records.get(record or "")
        if placed is not None:
            forgotten = records.forget_refused(placed.record, arrival.name, self.world.lookup)
            if forgotten is not placed.record:
                self._put(forgotten, placed, self._placement(forgotten, placed, self.world.now), placed.parent)
        return self._released([f"edit:{arrival.name}"])

    def _hold(self, arrival: Arrival, verdict: Wait, error: str | None = None) -> None:
        self._wait(arrival, verdict.awaited)
        decision = Decision(
            arrival, Result.HELD, arrival.line.record, verdict.code, verdict.field, awaited=verdict.awaited, error=error
        )
        self._know(arrival, decision)

    def _know(self, arrival: Arrival, decision: Decision) -> None:
        self.decisions[arrival.name] = decision
        line = arrival.line
        self.world.known[arrival.name] = Known(decision.result, line.by, decision.record, line.line)

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

    def _put(
        self, record: Record, before: Placed | None, placement: tuple[scope.Span, ...], parent: str | None
    ) -> None:
        self.changed.setdefault(record.id, before)
        self.world.records[record.id] = Placed(record, placement, parent)

    def _placement(self, record: Record, before: Placed | None, at: str) -> tuple[scope.Span, ...]:
        """Where the record stands: under its unit and its assignee, since the stamp of the edit that put it there."""
        record_type = self.world.catalog.types[record.type]
        if record_type.parent is not None:
            return ()
        shown = records.document(record, self.world.catalog, self.world.workflow)
        unit = shown.get(record_type.unit_field or "")
        keys = set() if unit is None else {f"unit:{unit}"}
        if shown.get("assignee") is not None:
            keys.add(str(shown["assignee"]))
        if before is None:
            return tuple(scope.Span(key) for key in sorted(keys))
        return scope.moved(before.placement, frozenset(keys), min(at, self.world.now), self.world.now)

    def _parent(self, record: Record) -> str | None:
        parent = self.world.catalog.types[record.type].parent
        value = None if parent is None else record.base.get(parent)
        return None if value is None else str(value)

    def _open_conflicts(self, record: Record, edit: Edit) -> tuple[str, ...]:
        if edit.do is Do.CREATE and len(record.origins) == 1:
            return ()
        found = records.conflicts(record, self.world.catalog, self.world.workflow)
        touched = {touch.register for touch in edit.touches}
        return tuple(
            conflict_id(record.id, name) for name, made in found.items() if name in touched and made["status"] == "open"
        )
