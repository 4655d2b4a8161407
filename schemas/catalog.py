"""Every record type there is, and how lines of older schemas are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from marshmallow import Schema

from schemas.records.conflict import Conflict
from schemas.records.dispute import Dispute
from schemas.records.entry import Entry
from schemas.records.held import Held
from schemas.records.household import Household
from schemas.records.visit import Visit
from schemas.rules import WORKFLOW_REGISTER, FieldRule, Rule

Values = Mapping[str, object]
"""Field values as they travel: JSON's str, int, bool, list, dict and null, by wire name."""

Upgrade = Callable[[Values], Values]


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record. `fields` come in the order of the schema.

    `parent` is the field that names the record under which it stands, `unit_field` the one that names its own grid;
    `awaits` are the fields whose linked record must exist before it can. Types that are not `editable` are written by
    the server alone; `append_only` ones are created and never changed.
    """

    name: str
    schema: type[Schema]
    fields: Mapping[str, FieldRule]
    parent: str | None = None
    awaits: tuple[str, ...] = ()
    editable: bool = True
    append_only: bool = False
    unit_field: str | None = None
    workflow_fields: frozenset[str] = field(init=False, repr=False, compare=False)
    """Status, tier and assignee, which change together; none where a record has no workflow."""
    set_fields: frozenset[str] = field(init=False, repr=False, compare=False)
    """Those that have one register a value."""
    server_fields: frozenset[str] = field(init=False, repr=False, compare=False)
    """Those that only the server's own edits write."""
    once_fields: frozenset[str] = field(init=False, repr=False, compare=False)
    """Those that no change may touch."""

    def __post_init__(self) -> None:
        # A frozen value's own fields, made from the others once: they are asked of every edit.
        object.__setattr__(self, "workflow_fields", self._fields_of(Rule.WORKFLOW))
        object.__setattr__(self, "set_fields", self._fields_of(Rule.SET))
        object.__setattr__(self, "server_fields", self._fields_of(Rule.SERVER))
        object.__setattr__(self, "once_fields", self._fields_of(Rule.ONCE))

    def _fields_of(self, rule: Rule) -> frozenset[str]:
        return frozenset(name for name, field in self.fields.items() if field.rule is rule)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The record types at schema `version`, and what reads lines of versions before it.

    `upgrades[(type, n)]` turns field values of a line of schema n into those of n + 1; `renames[(type, n)]` maps names
    of fields likewise, for the members of a line that name registers. A type without either did not change in n + 1.
    """

    version: int
    types: Mapping[str, RecordType]
    upgrades: Mapping[tuple[str, int], Upgrade] = field(default_factory=lambda: MappingProxyType({}))
    renames: Mapping[tuple[str, int], Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    def upgraded(self, record_type: str, schema: int, values: Values) -> Values:
        """Field values of a line written at `schema`, as this version has them."""
        for version in range(schema, self.version):
            upgrade = self.upgrades.get((record_type, version))
            values = values if upgrade is None else upgrade(values)
        return values

    def renamed(self, record_type: str, schema: int, register: str) -> str:
        """A register or field that a line written at `schema` names, as this version calls it."""
        name, slash, value = register.partition("/")
        for version in range(schema, self.version):
            name = self.renames.get((record_type, version), {}).get(name, name)
        return name + slash + value


def field_rules(schema: type[Schema]) -> Mapping[str, FieldRule]:
    """What a schema says of each of its fields. Raises KeyError for a field without `held_as(…)`."""
    rules = {}
    for name, declared in schema().fields.items():
        said = declared.metadata
        rules[name] = FieldRule(
            name=name,
            rule=said["rule"],
            sensitivity=said["sensitivity"],
            register=WORKFLOW_REGISTER if said["rule"] is Rule.WORKFLOW else name,
            link=said["link"],
            required=declared.required,
            zh=said["zh"],
            en=said["en"],
        )
    return MappingProxyType(rules)


def _types(*types: RecordType) -> Mapping[str, RecordType]:
    return MappingProxyType({record_type.name: record_type for record_type in types})


CATALOG = Catalog(
    version=1,
    types=_types(
        RecordType("household", Household, field_rules(Household), unit_field="unit"),
        RecordType("visit", Visit, field_rules(Visit), awaits=("household",), unit_field="unit"),
        RecordType("dispute", Dispute, field_rules(Dispute), unit_field="unit"),
        RecordType("entry", Entry, field_rules(Entry), parent="dispute", awaits=("dispute",), append_only=True),
        RecordType("conflict", Conflict, field_rules(Conflict), editable=False),
        RecordType("held", Held, field_rules(Held), editable=False),
    ),
)
