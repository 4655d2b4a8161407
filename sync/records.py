"""A record: its creation and its registers. `admit` is the fold that makes it from edits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from schemas.catalog import Catalog, RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.workflow import Workflow
from sync import limits
from sync.conflicts import conflict
from sync.edits import Do, Edit
from sync.lines import Values
from sync.registers import Named, Register, Sibling, admitted, in_order, refused
from sync.showing import shown, shown_first
from sync.touches import rule_of

KEEPS_WAS = (Rule.TEXT, Rule.WORKFLOW)
EVERY_REGISTER = "*"
"""In `dots`: the siblings of each register that is not listed, where they are not just the record's id."""

Lookup = Callable[[str, str], Named]
"""What is known of an edit (first) that an `over` names in a register (second)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A creation of the record. There is one, but where the same refused creation was mended twice."""

    edit: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Record:
    """`base` holds by register what the one creation gave; `registers` those that more than it has touched.

    A register in neither has the creations as its siblings, with no value."""

    type: str
    id: str
    origins: tuple[Origin, ...]
    base: Values
    registers: Mapping[str, Register]

    def register(self, name: str) -> Register:
        found = self.registers.get(name)
        if found is not None:
            return found
        value = self.base.get(name)
        return Register(tuple(Sibling(origin.edit, origin.at, origin.by, value) for origin in self.origins))

    @property
    def names(self) -> Iterable[str]:
        """Every register that ever held a value."""
        return self.base.keys() | self.registers.keys() if self.registers else self.base.keys()

    @property
    def is_untouched(self) -> bool:
        """Whether the creation alone made it: then its document says all there is."""
        return not self.registers and [origin.edit for origin in self.origins] == [self.id]


def admit(record: Record | None, edit: Edit, catalog: Catalog, lookup: Lookup) -> Record:
    """The record after an admitted edit. `record` is None for the first creation. Does not judge whether the edit
    may be admitted; the result is the same for every order in which the same edits come."""
    record_type = catalog.types[edit.type]
    if edit.do is Do.CREATE:
        return _created(record, edit, record_type)
    if record is None:
        raise ValueError("a change of a record that is not there is held, not admitted")
    registers = dict(record.registers)
    for touch in edit.touches:
        kept = touch.was if rule_of(record_type, touch.register) in KEEPS_WAS else None
        sibling = Sibling(edit.name, edit.at, edit.by, touch.value, kept)
        known = _in(record, touch.register, lookup)
        registers[touch.register] = admitted(record.register(touch.register), sibling, touch, known)
    for name, register in registers.items():
        if edit.name in register.remembered:  # It covered nothing here: it never touched this register.
            registers[name] = replace(register, remembered=register.remembered - {edit.name})
    return Record(record.type, record.id, record.origins, record.base, registers)


def _created(record: Record | None, edit: Edit, record_type: RecordType) -> Record:
    origin = Origin(edit.name, edit.at, edit.by)
    values = {touch.register: touch.value for touch in edit.touches}
    if record is None:
        return Record(record_type.name, edit.record, (origin,), values, {})
    registers = {}
    for name in {*record.names, *values}:
        register = record.register(name)
        sibling = Sibling(edit.name, edit.at, edit.by, values.get(name))
        stands = edit.name not in register.remembered
        registers[name] = replace(
            register,
            siblings=in_order((*register.siblings, sibling)) if stands else register.siblings,
            remembered=register.remembered - {edit.name},
        )
    origins = tuple(sorted((*record.origins, origin), key=lambda each: (each.at, each.edit)))
    return replace(record, origins=origins, base={}, registers=registers)


def forget_refused(record: Record, name: str, lookup: Lookup) -> Record:
    """The record after an edit that one of its registers remembered turned out refused."""
    changed = {
        register: refused(state, name, _in(record, register, lookup))
        for register, state in record.registers.items()
        if name in state.remembered
    }
    return replace(record, registers={**record.registers, **changed}) if changed else record


def _in(record: Record, register: str, lookup: Lookup) -> Callable[[str], Named]:
    """What is known of edits that a register's `over` names. One that was refused covers only in its own record, and
    where it says of which type that is: it may come after the edit that names it, and then only the record of that
    type and id is there to be told."""

    def found(name: str) -> Named:
        named = lookup(name, register)
        is_own = named.record is None or (named.type, named.record) == (record.type, record.id)
        return named if is_own else replace(named, over=())

    return found


def document(record: Record, catalog: Catalog, workflow: Workflow) -> Values:
    """What everybody sees of the record: fields in the schema's order, sets as sorted lists, absent ones left out."""
    record_type = catalog.types[record.type]
    # By register. What nothing but the creation touched has one value: most registers of most records.
    values = dict(record.base)
    for name, register in record.registers.items():
        values[name] = shown(register.siblings, rule_of(record_type, name), workflow)
    sets: dict[str, list[str]] = {}
    unshown = _unshown(record)
    for name in [name for name in values if "/" in name and name not in unshown]:
        field, _, member = name.partition("/")
        sets.setdefault(field, []).extend([member] if values[name] else [])
    group = values.get(WORKFLOW_REGISTER) if record_type.workflow_fields else None
    if isinstance(group, Mapping):
        values.update(group)
    values.update({field: sorted(members) for field, members in sets.items()})
    return {field: values[field] for field in record_type.fields if values.get(field) is not None}


def _unshown(record: Record) -> frozenset[str]:
    """The registers of a set's values that are too many to be shown, and listed in `dots`.

    First come those that only the creation gave (the record's row keeps them nowhere but in its document), then those
    that are in, the earliest first, so that a flood hides nothing that was there; then those taken out, the latest
    first."""
    if len(record.base) + len(record.registers) <= limits.SET_VALUES_SHOWN_MAX:
        return frozenset()  # As nearly always: no set can have too many.
    sets: dict[str, list[str]] = {}
    for name in record.names:
        field, slash, _ = name.partition("/")
        if slash:
            sets.setdefault(field, []).append(name)
    unshown: set[str] = set()
    for names in sets.values():
        if len(names) > limits.SET_VALUES_SHOWN_MAX:
            unshown.update(_by_precedence(record, names)[limits.SET_VALUES_SHOWN_MAX :])
    return frozenset(unshown)


def _by_precedence(record: Record, names: list[str]) -> list[str]:
    untouched: list[str] = []
    inside: dict[str, tuple[str, str]] = {}
    outside: dict[str, tuple[str, str]] = {}
    for name in sorted(names):
        register = record.registers.get(name)
        if register is None:
            untouched.append(name)
            continue
        given = [(each.at, each.edit) for each in register.siblings if each.value is True]
        if given:
            inside[name] = min(given)
        else:
            outside[name] = max(((each.at, each.edit) for each in register.siblings), default=("", ""))
    earliest_first = sorted(inside, key=inside.__getitem__)
    latest_first = sorted(outside, key=outside.__getitem__, reverse=True)
    return [*untouched, *earliest_first, *latest_first]


def dots(record: Record, catalog: Catalog, workflow: Workflow) -> Mapping[str, list[str]]:
    """The siblings of each register, shown first, where they are not just the record's own creation."""
    record_type = catalog.types[record.type]
    unshown = _unshown(record)
    found = {
        name: [each.edit for each in shown_first(register.siblings, rule_of(record_type, name), workflow)]
        for name, register in sorted(record.registers.items())
        if name not in unshown
    }
    creations = [origin.edit for origin in record.origins]
    if creations != [record.id]:
        found[EVERY_REGISTER] = creations
    return found


def conflicts(record: Record, catalog: Catalog, workflow: Workflow) -> Mapping[str, Values]:
    """The documents of the record's conflicts, by field: the open ones and the settled ones."""
    record_type = catalog.types[record.type]
    found = {}
    for name, register in record.registers.items():
        made = conflict(record.type, record.id, name, register, rule_of(record_type, name), workflow)
        if made is not None:
            found[name] = made
    return found
