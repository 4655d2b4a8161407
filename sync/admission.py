"""Whether an edit may be admitted: judged on the line, at the edit's time, never on what the merge made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.catalog import RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from sync import edits, scope
from sync.codes import ADMITTED, Code, Detail, Result
from sync.edits import Do, Edit
from sync.lines import Values, same
from sync.records import Record
from sync.refused import creation_of_refused
from sync.registers import Fate
from sync.rights import CHANGE, CREATE, SETTLE, Rights, Ties
from sync.scope import Person, Span
from sync.touches import Touch, rule_of
from sync.world import World

NEXT_RELEASE = "release"
"""What a line waits for that only another release of the server can read."""


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


_NO_UNIT = Detail("没有这个单位", "There is no such unit")


class _Stop(Exception):  # noqa: N818 - not an error: the way out of a chain of checks
    def __init__(self, verdict: Refuse | Wait) -> None:
        super().__init__(verdict)
        self.verdict = verdict


def first_id(mended: str, by: str | None, record_type: str, world: World) -> str | Refuse | Wait:
    """The id that a creation by `by` takes over from the refused creation `mended`: the first one's, through any
    chain of refused creations that were to mend each other."""
    seen: set[str] = set()
    while True:
        known = world.known.get(mended)
        # Somebody else's edit is answered like one that is not there: nobody learns what exists.
        if known is None or known.result is Result.HELD or known.by != by:
            return Wait(Code.UNKNOWN_RECORD, "mends", frozenset({f"edit:{mended}"}))
        made = creation_of_refused(known.line)
        if known.result in ADMITTED or made is None or made.type != record_type or mended in seen:
            return Refuse(Code.INVALID, "mends")
        if known.record is not None and known.record != mended:
            return known.record  # It was found when that one was refused.
        if made.mends is None:
            return mended
        seen.add(mended)
        mended = made.mends


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
        self.edit, self.person, self.world = edit, person, world
        self.type: RecordType = world.catalog.types[edit.type]
        self.rights = Rights(person, judged, edit.type, world.units, world.permissions)

    def verdict(self) -> Edit:
        self._writable()
        return self._create() if self.edit.do is Do.CREATE else self._change()

    def _writable(self) -> None:
        is_change = self.edit.do is Do.CHANGE
        server, once = self.type.server_fields, self.type.once_fields
        for touch in self.edit.touches:
            register = touch.register
            if register in server or (is_change and (register in once or self.type.append_only)):
                raise _Stop(Refuse(Code.NOT_ALLOWED, register))

    def _unknown(self, member: str, record: str) -> Wait:
        return Wait(Code.UNKNOWN_RECORD, member, frozenset({f"record:{record}", f"person:{self.edit.by}"}))

    def _may(self, reached: Ties, touches: tuple[Touch, ...], action: str, unknown: Wait) -> frozenset[str]:
        """The roles by which the author may do `action`, who reached the record by these ties.

        What no placement could allow is refused. What another could is held: the edit that placed the record so may
        come yet, and the order in which the two come must not decide."""
        roles = self.rights.roles(reached, action)
        fault = self.rights.fault(roles, touches, action)
        if fault is None:
            return roles
        if not roles and not scope.sees(reached):
            raise _Stop(unknown)
        never = self.rights.fault(self._any_roles(action), touches, action)
        if never is None:
            raise _Stop(Wait(Code.NOT_ALLOWED, fault, unknown.awaited))
        raise _Stop(Refuse(Code.NOT_ALLOWED, never))

    def _any_roles(self, action: str) -> frozenset[str]:
        return self.rights.roles(self.rights.any_ties(), action)

    # -- creations

    def _create(self) -> Edit:
        edit = self._named()
        reached = {member: self._linked(member) for member in self.type.awaits}
        self._unit_exists()
        if self.type.parent is not None:
            unknown = self._unknown(self.type.parent, str(edit.value(self.type.parent)))
            self._may(reached[self.type.parent], edit.touches, CREATE, unknown)
            self._mended_before(edit)
            return edit
        unit = self.type.unit_field or ""
        roles = self.rights.roles(self.rights.ties((Span(f"unit:{edit.value(unit)}"),)), CREATE)
        fault = self.rights.fault(roles, edit.touches, CREATE)
        if fault is not None:
            raise _Stop(Refuse(Code.NOT_ALLOWED, fault if roles else unit))
        self._mended_before(edit)
        self._starts(edit, roles)
        return edit

    def _mended_before(self, edit: Edit) -> None:
        """A second creation in the place of the same refused one is a change of the record that the first one made:
        its author must see that, and be allowed to write what it says otherwise."""
        taken = self.world.records.get(edit.record) if edit.mends is not None else None
        if taken is None:
            return
        unknown = self._unknown("mends", edit.record)
        home = taken if taken.parent is None else self.world.records.get(taken.parent)
        reached = self.rights.ties(home.placement if home else ())
        if not scope.sees(reached) and not self.person.may_all:
            raise _Stop(unknown)
        otherwise = [touch for touch in edit.touches if not self._is_said(taken.record, touch)]
        once = (touch.register for touch in otherwise if rule_of(self.type, touch.register) is Rule.ONCE)
        fault = next(once, None) or self.rights.fault(self.rights.roles(reached, CHANGE), otherwise, CHANGE)
        if fault is not None and not self.person.may_all:
            raise _Stop(Wait(Code.NOT_ALLOWED, fault, unknown.awaited))

    def _is_said(self, record: Record, touch: Touch) -> bool:
        return any(same((each.value, touch.value)) for each in record.register(touch.register).siblings)

    def _named(self) -> Edit:
        """The edit with its record's id: its own name, or the first id of the refused creation that it mends."""
        if self.edit.mends is None:
            return self.edit
        first = first_id(self.edit.mends, self.edit.by, self.edit.type, self.world)
        if not isinstance(first, str):
            raise _Stop(first)
        return self.edit.about(first)

    def _linked(self, member: str) -> Ties:
        """The ties to a record that the creation names: it must exist, and be in its author's sight."""
        linked = str(self.edit.value(member))
        found = self.world.records.get(linked)
        if found is None or found.record.type != self.type.fields[member].link:
            raise _Stop(self._unknown(member, linked))
        reached = self.rights.ties(found.placement)
        if not scope.sees(reached) and not self.person.may_all:
            raise _Stop(self._unknown(member, linked))
        return reached

    def _starts(self, edit: Edit, roles: frozenset[str]) -> None:
        now = edit.value(WORKFLOW_REGISTER) if self._is_workflow() else None
        if isinstance(now, Mapping):
            start = {"status": self.world.workflow.start, "tier": now.get("tier"), "assignee": None}
            if now.get("status") != start["status"] or not self._legal(start, now, roles):
                raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))

    # -- changes

    def _change(self) -> Edit:
        unknown = self._unknown("id", self.edit.record)
        found = self.world.records.get(self.edit.record)
        if found is None or found.record.type != self.edit.type:
            raise _Stop(unknown)
        reached = self.rights.ties(found.placement)
        roles, others = frozenset[str](), frozenset[str]()
        for action, settles in ((CHANGE, False), (SETTLE, True)):
            touches = tuple(touch for touch in self.edit.touches if touch.settles is settles)
            if touches:
                roles |= self._may(reached, touches, action, unknown)
                others |= self._any_roles(action) if self._is_workflow() else frozenset()
        self._unit_exists()
        self._moves(found.record, roles, others, unknown)
        return self.edit

    def _unit_exists(self) -> None:
        member = self.type.unit_field
        if member is not None and self.edit.touch(member) and self.edit.value(member) not in self.world.units.parents:
            raise _Stop(Refuse(Code.INVALID, member, _NO_UNIT))

    def _is_workflow(self) -> bool:
        return bool(self.type.workflow_fields)

    def _legal(self, was: Values, now: Values, roles: frozenset[str]) -> bool:
        return self.person.may_all or self.world.workflow.legal(was, now, roles)

    def _moves(self, record: Record, roles: frozenset[str], others: frozenset[str], unknown: Wait) -> None:
        """A move must start from a value that its author truly saw: that of an admitted edit its `over` names.

        `others`: the roles that another placement of the record could give its author."""
        touch = self.edit.touch(WORKFLOW_REGISTER) if self._is_workflow() else None
        if touch is None:
            return
        was, now = touch.was, touch.value
        if not isinstance(was, Mapping) or not isinstance(now, Mapping) or not self._legal(was, now, others):
            raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))
        if not any(same((was, value)) for value in self._seen(record, touch)):
            absent = [name for name in touch.over if self._is_absent(record, name)]
            if not absent:
                raise _Stop(Refuse(Code.ILLEGAL_MOVE, WORKFLOW_REGISTER))
            raise _Stop(Wait(Code.UNKNOWN_RECORD, WORKFLOW_REGISTER, frozenset(f"edit:{name}" for name in absent)))
        if not self._legal(was, now, roles):
            raise _Stop(Wait(Code.NOT_ALLOWED, WORKFLOW_REGISTER, unknown.awaited))

    def _is_absent(self, record: Record, name: str) -> bool:
        stands = self.world.sibling(record, WORKFLOW_REGISTER, name) is not None
        return not stands and self.world.lookup(name, WORKFLOW_REGISTER).fate is Fate.UNKNOWN

    def _seen(self, record: Record, touch: Touch) -> Iterator[object]:
        """The values of the admitted edits of this record that the touch names."""
        for name in touch.over:
            sibling = self.world.sibling(record, touch.register, name)
            known = self.world.known.get(name)
            if sibling is not None:
                yield sibling.value
            elif known is not None and known.result in ADMITTED and known.record == record.id:
                edit = edits.read(known.line, self.world.catalog)
                if isinstance(edit, Edit):
                    yield edit.value(touch.register)
