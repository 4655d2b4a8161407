"""Merging once more, straight from its definition and with no thought for speed: from all edits at once.

"Siblings are the admitted edits of that field that no admitted edit covers by `over`; an `over` that names a refused
edit covers what that edit named." What a field shows and whether it is in conflict follows by the table of rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schemas.catalog import CATALOG, RecordType
from schemas.rules import Rule
from schemas.workflow import WORKFLOW
from sync import limits
from sync.codes import ADMITTED, Result
from sync.edits import Do, Edit, read
from sync.lines import canonical
from sync.suggestion import suggested
from sync.touches import Touch, rule_of
from tests.laws.county import Center

PATH = ("reported", "accepted", "mediating", "agreed", "performed", "closed")


@dataclass(frozen=True, slots=True)
class Said:
    """What an edit said, admitted or not."""

    name: str
    record: str
    by: str
    at: str
    creates: bool
    touches: Mapping[str, Touch]

    def over(self, register: str) -> tuple[str, ...]:
        return self.touches[register].over if register in self.touches else ()

    def value(self, register: str) -> object:
        return self.touches[register].value if register in self.touches else None

    def was(self, register: str) -> object:
        return None if self.creates else self.touches[register].was


@dataclass(frozen=True, slots=True)
class Told:
    """A record as the edits tell it: those admitted, and those refused whose lines say its type."""

    type: str
    id: str
    admitted: Sequence[Said]
    refused: Mapping[str, Said]

    @property
    def kind(self) -> RecordType:
        return CATALOG.types[self.type]

    def covers(self, said: Said, register: str) -> set[str]:
        found: set[str] = set()
        asking = list(said.over(register))
        while asking:
            name = asking.pop()
            if name not in found:
                found.add(name)
                if name in self.refused and self.refused[name].record == self.id:
                    asking += self.refused[name].over(register)
        return found

    def siblings(self, register: str) -> list[Said]:
        covered = {name for said in self.admitted for name in self.covers(said, register)}
        stand = [
            each for each in self.admitted if (each.creates or register in each.touches) and each.name not in covered
        ]
        return sorted(stand, key=lambda each: self.precedence(each, register), reverse=True)

    def precedence(self, said: Said, register: str) -> tuple[object, ...]:
        value = said.value(register)
        match rule_of(self.kind, register):
            case Rule.SET:
                return value is True, said.at, said.name
            case Rule.WORKFLOW:
                status = value["status"] if isinstance(value, dict) else ""
                return WORKFLOW.ranks[status], said.at, said.name
            case _:
                return said.at, said.name

    def shown(self, register: str) -> object:
        siblings = self.siblings(register)
        return siblings[0].value(register) if siblings else None

    def touched(self) -> list[str]:
        creations = [each for each in self.admitted if each.creates]
        sayers = self.admitted if len(creations) > 1 else [each for each in self.admitted if not each.creates]
        return sorted({register for said in sayers for register in said.touches})

    def document(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for register in {register for said in self.admitted for register in said.touches} - self.unshown():
            field, _, member = register.partition("/")
            value = self.shown(register)
            match rule_of(self.kind, register):
                case Rule.SET:
                    members = found.setdefault(field, [])
                    assert isinstance(members, list)
                    members += [member] if value else []
                case Rule.WORKFLOW:
                    found |= value if isinstance(value, dict) else {}
                case _:
                    found[field] = value
        return {
            field: sorted(value) if isinstance(value, list) and self.kind.fields[field].rule is Rule.SET else value
            for field, value in found.items()
            if value is not None
        }

    def dots(self) -> dict[str, list[str]]:
        found = {
            register: [each.name for each in self.siblings(register)]
            for register in set(self.touched()) - self.unshown()
        }
        creations = sorted((each.at, each.name) for each in self.admitted if each.creates)
        if [name for _, name in creations] != [self.id]:
            found["*"] = [name for _, name in creations]
        return found

    def unshown(self) -> set[str]:
        """Values of a set beyond as many as are shown: ranked by the creation's own, what is in, what is out."""
        sets: dict[str, list[str]] = {}
        for register in sorted({register for said in self.admitted for register in said.touches}):
            if rule_of(self.kind, register) is Rule.SET:
                sets.setdefault(register.partition("/")[0], []).append(register)
        touched = set(self.touched())
        found: set[str] = set()
        for registers in sets.values():
            siblings = {
                each: sorted((said.at, said.name, said.value(each) is True) for said in self.siblings(each))
                for each in registers
            }
            given = [each for each in registers if each not in touched]
            inside = [each for each in registers if each in touched and any(said[2] for said in siblings[each])]
            outside = [each for each in registers if each not in given and each not in inside]
            inside.sort(key=lambda each: next(said for said in siblings[each] if said[2]))
            outside.sort(key=lambda each: siblings[each][-1] if siblings[each] else ("", "", False), reverse=True)
            found |= set([*given, *inside, *outside][limits.SET_VALUES_SHOWN_MAX :])
        return found

    def in_conflict(self, register: str) -> bool:
        siblings = self.siblings(register)
        if len({canonical(each.value(register)) for each in siblings}) <= 1:
            return False
        match rule_of(self.kind, register):
            case Rule.REVIEW | Rule.TEXT:
                return True
            case Rule.WORKFLOW:
                return not all(self.steps_on(each, register) for each in siblings) or not self.together(register)
            case _:
                return False

    def steps_on(self, said: Said, register: str) -> bool:
        """Whether it is a forward move on the one path that goes forward."""
        was, now = said.was(register), said.value(register)
        assert isinstance(now, dict)
        if was is None:
            return now["status"] in PATH
        assert isinstance(was, dict)
        on_path = was["status"] in PATH and now["status"] in PATH
        alike = (was["tier"], was["assignee"]) == (now["tier"], now["assignee"])
        return on_path and alike and PATH.index(was["status"]) < PATH.index(now["status"])

    def together(self, register: str) -> bool:
        values = [each.value(register) for each in self.siblings(register)]
        tiers_and_assignees = [(value["tier"], value["assignee"]) for value in values if isinstance(value, dict)]
        return all(one == other for one, other in pairwise(tiers_and_assignees))

    def conflicts(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for register in self.touched():
            settlements = sorted(
                (each for each in self.admitted if register in each.touches and each.touches[register].settles),
                key=lambda each: (each.at, each.name),
            )
            is_open = self.in_conflict(register)
            if is_open or settlements:
                siblings = self.siblings(register)
                unlisted = len(siblings) - limits.SIBLINGS_LISTED_MAX
                found[register] = {
                    "record_type": self.type,
                    "record": self.id,
                    "field": register,
                    "status": "open" if is_open else "settled",
                    "siblings": listed(siblings[: limits.SIBLINGS_LISTED_MAX], register),
                    "settlements": listed(settlements[::-1][: limits.SETTLEMENTS_LISTED_MAX], register)[::-1],
                    **({"unlisted": unlisted} if unlisted > 0 else {}),
                } | (suggestion(siblings, register) if is_open and rule_of(self.kind, register) is Rule.TEXT else {})
        return found


def listed(siblings: Sequence[Said], register: str) -> list[dict[str, object]]:
    """The value of each, if it fits beside those before it."""
    found: list[dict[str, object]] = []
    taken_bytes = 0
    for said in siblings:
        value_bytes = len(canonical(said.value(register)).encode())
        fits = taken_bytes + value_bytes <= limits.CONFLICT_VALUES_BYTES_MAX
        taken_bytes += value_bytes if fits else 0
        value: dict[str, object] = {"value": said.value(register)} if fits else {"cut": True}
        found.append({"edit": said.name, "at": said.at, "by": said.by} | value)
    return found


def suggestion(siblings: Sequence[Said], register: str) -> dict[str, object]:
    if len(siblings) != 2:
        return {}
    texts = [(each.value(register), each.was(register)) for each in siblings]
    (one, base), (other, also) = texts
    if not isinstance(one, str) or not isinstance(other, str) or not isinstance(base, str) or base != also:
        return {}
    merged = suggested(base, one, other)
    return {} if merged is None else {"suggestion": merged}


def told_by(
    center: Center, lines: Iterable[bytes], said: Mapping[str, Said], types: Mapping[str, str]
) -> dict[str, Told]:
    """Every record that somebody's admitted creation made, with all edits about it."""
    admitted: dict[str, list[Said]] = {}
    refused: dict[str, dict[str, Said]] = {}  # by type, as the line says
    for edit in (read(line, CATALOG) for line in lines):
        decision = center.outcomes[str(edit.name)]
        if decision.result in ADMITTED:
            assert isinstance(edit, Edit)
            assert decision.record is not None
            admitted.setdefault(decision.record, []).append(as_said(edit, decision.record))
        elif decision.result is Result.REFUSED:
            refused.setdefault(str(edit.type), {})[decision.arrival.name] = said[decision.arrival.name]
    return {
        record: Told(types[record], record, all_said, refused.get(types[record], {}))
        for record, all_said in admitted.items()
    }


def as_said(edit: Edit, record: str) -> Said:
    touches = {touch.register: touch for touch in edit.touches}
    return Said(edit.name, record, edit.by, edit.at, edit.do is Do.CREATE, touches)
