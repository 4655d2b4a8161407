"""Whether an edit may be admitted: judged on the line, at the edit's time, never on what the merge made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.catalog import Catalog, RecordType
from schemas.permissions import Permissions
from schemas.rules import Rule
from schemas.workflow import Workflow
from sync import edits, scope
from sync.codes import ADMITTED, Code, Detail, Result
from sync.edits import WORKFLOW_REGISTER, Do, Edit, Touch
from sync.lines import Values, same
from sync.records import Record
from sync.registers import Fate, Named
from sync.scope import Person, Span, Units

NEXT_RELEASE = "release"
"""What a line waits for that only another release of the server can read."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and where it stood when; a child stands where its parent does and has no placement of its own."""

    record: Record
    placement: tuple[Span, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An edit that the server has: its result, author, the record it is about (the first id, for a mended creation)."""

    result: Result
    by: str | None
    record: str | None
    line: bytes


@dataclass(slots=True)
class World:
    """What judging reads, loaded beforehand: whatever is not in here does not exist. `now` is the server's stamp."""

    catalog: Catalog
    workflow: Workflow
    permissions: Permissions
    units: Units
    now: str
    people: dict[str, Person] = field(default_factory=dict)
    records: dict[str, Placed] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)

    def lookup(self, name: str, register: str) -> Named:
        """The fate of an edit that an `over` names, as merging asks for it."""
        known = self.known.get(name)
        if known is None or known.result is Result.HELD:
            return Named(Fate.UNKNOWN)
        if known.result in ADMITTED:
            return Named(Fate.ADMITTED)
        return Named(Fate.REFUSED, edits.over_of_refused(known.line, self.catalog).get(register, ()))


@dataclass(frozen=True, slots=True)
class Admit:
    edit: Edit


@dataclass(frozen=True, slots=True)
class Refuse:
    code: Code
    field: str | None = None
    detail: Detail | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Held. `awaited` names what would have to change: `record:<id>`, `edit:<name>`, `person:<id>`, `release`."""

    code: Code
    field: str | None
    awaited: frozenset[str]


Verdict = Admit | Refuse | Wait


class _Stop(Exception):  # noqa: N818 - not an error: the way out of a chain of checks
    def __init__(self, verdict: Refuse | Wait) -> None:
        super().__init__(verdict)
        self.verdict = verdict


def judge(edit: Edit, person: Person, judged: str, world: World) -> Verdict:
    """The verdict on an edit by the rights that `person` had at the moment `judged`.

    An edit of a record that is not there and one of a record that its author could not have written get the same
    answer, word for word: nobody learns what exists."""
    try:
        return Admit(_Judge(edit, person, judged, world).verdict())
    except _Stop as stop:
        return stop.verdict


class _Judge:
    def __init__(self, edit: Edit, person: Person, judged: str, world: World) -> None:
        self.edit, self.person, self.judged, self.world = edit, person, judged, world
        self.type: RecordType = world.catalog.types[edit.type]

    def verdict(self) -> Edit:
        self._writable()
        return self._create() if self.edit.do is Do.CREATE else self._change()

    def _unknown(self, member: str, record: str) -> _Stop:
        awaited = frozenset({f"record:{record}", f"person:{self.edit.by}"})
        return _Stop(Wait(Code.UNKNOWN_RECORD, member, awaited))

    def _writable(self) -> None:
        for touch in self.edit.touches:
            rule = edits.rule_of(self.type, touch.register)
            if rule is Rule.SERVER or (rule is Rule.ONCE and self.edit.do is Do.CHANGE):
                raise _Stop(Refuse(Code.NOT_ALLOWED, touch.register))

    def _ties(self, placement: Iterable[Span]) -> frozenset[tuple[str, str]]:
        return frozenset(scope.ties(self.person, placement, self.world.units, self.judged))

    def _roles(self, reached: Iterable[tuple[str, str]], record_type: str, action: str) -> frozenset[str]:
        """The roles that may do `action` by one of the ties."""
        ties = self.world.permissions.ties
        return frozenset(role for role, tie in reached if tie in ties(role, record_type, action))

    # -- creations

    def _create(self) -> Edit:
        edit = self._named()
        reached = [tie for member in self.type.awaits for tie in self._linked(member)]
        if self.type.parent is not None:
            self._may(self._roles(reached, self.type.name, "create"), self.type.parent, edit.touches, "create")
            return edit
        if self.type.unit_field is not None:
            unit = str(edit.value(self.type.unit_field))
            roles = self._roles(self._ties((Span(f"unit:{unit}"),)), self.type.name, "create")
            self._may(roles, self.type.unit_field, edit.touches, "create")
            self._starts(edit, roles)
        return edit

    def _named(self) -> Edit:
        """The edit with its record's id: its own name, or the first id of the refused creation that it mends."""
        edit = self.edit
        if edit.mends is None:
            return edit
        refused = self.world.known.get(edit.mends)
        if refused is None or refused.result is Result.HELD:
            raise _Stop(Wait(Code.UNKNOWN_RECORD, "mends", frozenset({f"edit:{edit.mends}"})))
        taken = self.world.records.get(refused.record or edit.mends)
        if refused.result in ADMITTED or refused.by != edit.by or (taken and taken.record.type != edit.type):
            raise _Stop(Refuse(Code.INVALID, "mends"))
        return edit.about(refused.record or edit.mends)

    def _linked(self, member: str) -> frozenset[tuple[str, str]]:
        """The ties to a record that the creation names: it must exist, and be in its author's sight."""
        linked = str(self.edit.value(member))
        found = self.world.records.get(linked)
        reached = self._ties(found.placement) if found else frozenset()
        wrong_type = found is not None and found.record.type != self.type.fields[member].link
        if (not self.person.may_all and not scope.sees(reached)) or found is None or wrong_type:
            raise self._unknown(member, linked)
        return reached

    def _starts(self, edit: Edit, roles: frozenset[str]) -> None:
        now = edit.value(WORKFLOW_REGISTER)
        if edits.workflow_fields(self.type) and isinstance(now, Mapping):
            start = {"status": self.world.workflow.start, "tier": now.get("tier"), "assignee": None}
            if now.get("status") != start["status"] or not self._legal(start, now, roles):
                raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))

    # -- changes

    def _change(self) -> Edit:
        found = self.world.records.get(self.edit.record)
        if found is None or found.record.type != self.edit.type:
            raise self._unknown("id", self.edit.record)
        reached = self._ties(found.placement)
        roles: frozenset[str] = frozenset()
        for action, touches in (("change", self._touches(settles=False)), ("settle", self._touches(settles=True))):
            if touches:
                able = self._roles(reached, self.type.name, action)
                if not able and not scope.sees(reached) and not self.person.may_all:
                    raise self._unknown("id", self.edit.record)
                self._may(able, touches[0].register, touches, action)
                roles |= able
        self._unit_exists()
        self._moves(found.record, roles)
        return self.edit

    def _touches(self, *, settles: bool) -> tuple[Touch, ...]:
        return tuple(touch for touch in self.edit.touches if touch.settles is settles)

    def _may(self, roles: frozenset[str], member: str, touches: Iterable[Touch], action: str) -> None:
        if self.person.may_all:
            return
        denied = self.world.permissions.denied_fields
        if not roles or (self.type.append_only and action != "create"):
            raise _Stop(Refuse(Code.NOT_ALLOWED, member))
        for touch in touches:
            if all(touch.register in denied(role, self.type.name, action) for role in roles):
                raise _Stop(Refuse(Code.NOT_ALLOWED, touch.register))

    def _unit_exists(self) -> None:
        member = self.type.unit_field
        if member is not None and self.edit.touch(member) and self.edit.value(member) not in self.world.units.parents:
            raise _Stop(Refuse(Code.INVALID, member))

    def _legal(self, was: Values, now: Values, roles: frozenset[str]) -> bool:
        return self.person.may_all or self.world.workflow.legal(was, now, roles)

    def _moves(self, record: Record, roles: frozenset[str]) -> None:
        """A move must start from a value that its author truly saw: that of an admitted edit its `over` names."""
        touch = self.edit.touch(WORKFLOW_REGISTER)
        if touch is None or edits.rule_of(self.type, WORKFLOW_REGISTER) is not Rule.WORKFLOW:
            return
        was, now = touch.was, touch.value
        if not isinstance(was, Mapping) or not isinstance(now, Mapping) or not self._legal(was, now, roles):
            raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))
        if any(same((was, value)) for value in self._seen(record, touch)):
            return
        absent = [name for name in touch.over if self.world.lookup(name, touch.register).fate is Fate.UNKNOWN]
        if not absent:
            raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))
        awaited = frozenset(f"edit:{name}" for name in absent)
        raise _Stop(Wait(Code.UNKNOWN_RECORD, WORKFLOW_REGISTER, awaited))

    def _seen(self, record: Record, touch: Touch) -> Iterable[object]:
        """The values of the admitted edits of this record that the touch names."""
        for sibling in record.register(touch.register).siblings:
            if sibling.edit in touch.over:
                yield sibling.value
        for name in touch.over:
            known = self.world.known.get(name)
            if known is not None and known.result in ADMITTED and known.record == record.id:
                edit = edits.read(known.line, self.world.catalog)
                if isinstance(edit, Edit):
                    yield edit.value(touch.register)
