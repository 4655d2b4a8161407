"""What an edit does to registers: read from the members of its line that speak of fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schemas.catalog import Catalog, RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from sync import ids
from sync.codes import Code, Detail
from sync.limits import OVER_NAMES_MAX
from sync.lines import Values, without_nulls

Names = Mapping[str, tuple[str, ...]]
"""By register or field: names of edits, or members of a set."""


FIELD_CHARS_MAX = 200
"""Of the name of a member at fault, as an outcome tells it."""
_NAMES_REGISTERS = frozenset({"over", "add", "remove", "settles"})
"""The members that name registers."""


class UnreadError(Exception):
    """A line that is no edit (yet): why, and which member is at fault."""

    def __init__(self, code: Code, field: str | None = None, detail: Detail | None = None) -> None:
        super().__init__(code)
        # A name that nobody knows may be as long as the line.
        self.code, self.field, self.detail = code, field and field[:FIELD_CHARS_MAX], detail


class Touch(NamedTuple):
    """What an edit does to one register: the value it gives, what it knew (`over`), what its author's screen showed.

    A tuple with names, since an edit has a dozen of them: a frozen dataclass takes twice as long to make."""

    register: str
    value: object
    over: tuple[str, ...] = ()
    settles: bool = False
    was: object = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The members of a line that speak of fields, at the catalog's schema."""

    now: Values
    was: Values
    over: Names
    add: Names
    remove: Names
    settles: tuple[str, ...]

    @classmethod
    def of(cls, members: Values, catalog: Catalog, type_name: str, schema: int) -> "Parts":
        """Raises UnreadError where a member has not the shape that it must have."""
        # There is nothing to upgrade in a member that is not there, as where only `over` is read.
        said = [_object(members, member) for member in ("now", "was")]
        now, was = [catalog.upgraded(type_name, schema, values) if values else values for values in said]
        if members.keys().isdisjoint(_NAMES_REGISTERS):
            return cls(now, was, {}, {}, {}, ())  # As a creation.
        over, add, remove = [
            {catalog.renamed(type_name, schema, register): names for register, names in _texts(members, member).items()}
            for member in ("over", "add", "remove")
        ]
        if sum(map(len, over.values())) > OVER_NAMES_MAX:
            raise UnreadError(Code.INVALID, "over")
        if not all(ids.is_edit_name(name) for names in over.values() for name in names):
            raise UnreadError(Code.INVALID, "over")
        settled = members.get("settles")
        registers = () if settled is None else _list(settled, "settles")
        settles = tuple(catalog.renamed(type_name, schema, register) for register in registers)
        return cls(now, was, over, add, remove, settles)


def created(record_type: RecordType, now: Values) -> list[Touch]:
    """The touches of a creation: each value that it gives, the workflow's three as one."""
    touches: list[Touch] = []
    group, sets = record_type.workflow_fields, record_type.set_fields
    for field, value in now.items():
        if value is None or field in group:
            continue
        if field in sets and isinstance(value, list):
            touches += [Touch(f"{field}/{member}", True) for member in dict.fromkeys(value)]
        else:
            # Most are texts, and a call for each would be felt.
            touches.append(Touch(field, value if type(value) is str else without_nulls(value)))
    if not group.isdisjoint(now):
        touches.append(Touch(WORKFLOW_REGISTER, {field: now.get(field) for field in sorted(group)}))
    return touches


def changed(record_type: RecordType, parts: Parts) -> list[Touch]:
    """The touches of a change, each with what it names in `over`."""
    values: dict[str, object] = {}
    was: dict[str, object] = {}
    group = record_type.workflow_fields
    for field, value in parts.now.items():
        if field in group:
            values[WORKFLOW_REGISTER] = {member: parts.now.get(member) for member in sorted(group)}
            was[WORKFLOW_REGISTER] = {member: parts.was.get(member) for member in sorted(group)}
        else:
            values[field], was[field] = without_nulls(value), parts.was.get(field)
    for sets, inside in ((parts.add, True), (parts.remove, False)):
        values.update({f"{field}/{member}": inside for field, members in sets.items() for member in members})
    return [
        Touch(register, value, parts.over.get(register, ()), register in parts.settles, was.get(register))
        for register, value in values.items()
    ]


def register_of(record_type: RecordType, field: str) -> str:
    """The register that holds a field: its own, or the workflow's one for status, tier and assignee."""
    return record_type.fields[field].register


def rule_of(record_type: RecordType, register: str) -> Rule:
    """The merge rule of a register (`purposes/errand` merges as `purposes` says). Raises KeyError for no register."""
    # Most registers are a field, whose name has no slash.
    found = record_type.fields.get(register) or record_type.fields[register.partition("/")[0]]
    return found.rule


def _object(members: Values, member: str) -> Values:
    value = members.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadError(Code.INVALID, member)
    return value


def _texts(members: Values, member: str) -> Names:
    return {name: _list(value, member) for name, value in _object(members, member).items() if value is not None}


def _list(value: object, member: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UnreadError(Code.INVALID, member)
    texts = tuple(text for text in value if isinstance(text, str))
    if len(texts) != len(value):
        raise UnreadError(Code.INVALID, member)
    return texts
