"""Every field of every record type says what merging, masking and screens need to know of it."""

from collections.abc import Iterator

import pytest
from marshmallow import Schema, fields

from schemas.catalog import CATALOG, RecordType, field_rules
from schemas.codes import CODES
from schemas.kinds import Choice, Shape, Text
from schemas.rules import FieldRule, Rule, Sensitivity

TYPES = sorted(CATALOG.types.values(), key=lambda record_type: record_type.name)
FIELDS = [pytest.param(each, field, id=f"{each.name}.{name}") for each in TYPES for name, field in each.fields.items()]

# The wire names, in the order of docs; a star: required.
NAMES = {
    "household": """unit* door_no address* head_name phone people_count service_needs location notice_version notice_at
        notes removed""",
    "visit": """household* unit* visited_at* visitor* mode* result* purposes* people_met notes requests hazard dispute
        follow_up_on satisfaction location photos removed""",
    "dispute": """case_no unit* category* source* title* summary* parties* people_involved amount_yuan occurred_on place
        difficulty* violence_likely* tier* status* assignee registered_by* accepted_at due_at statutory_due_at
        agreement_form agreement_terms perform_by performed routes_told close_reason satisfaction duplicate_of flags
        removed""",
    "entry": "dispute* kind* at* by* text people_present files",
    "conflict": "record_type* record* field* status* siblings* unlisted suggestion settlements",
    "held": "edit* by* record_type record code field result* received_at*",
}

RULES = {
    Rule.NEWEST: {
        "household.phone",
        "household.address",
        "household.location",
        "household.notice_version",
        "household.notice_at",
        "household.removed",
        "visit.location",
        "visit.removed",
        "dispute.removed",
    },
    Rule.TEXT: {"household.notes", "visit.notes", "dispute.summary"},
    Rule.SET: {"household.service_needs", "visit.purposes", "visit.photos"},
    Rule.WORKFLOW: {"dispute.status", "dispute.tier", "dispute.assignee"},
    Rule.SERVER: {
        *(f"dispute.{name}" for name in ("case_no", "accepted_at", "due_at", "statutory_due_at", "flags")),
        *(f"conflict.{name}" for name in CATALOG.types["conflict"].fields),
        *(f"held.{name}" for name in CATALOG.types["held"].fields),
    },
    Rule.ONCE: {"visit.unit", "visit.household", *(f"entry.{name}" for name in CATALOG.types["entry"].fields)},
}

SENSITIVE = {
    "household.phone",
    "household.service_needs",
    "dispute.parties",
    "entry.people_present",
    "conflict.siblings",
    "conflict.suggestion",
    "conflict.settlements",
}


def parts(schema: Schema, path: str) -> Iterator[tuple[str, fields.Field[object]]]:
    """Every field of a schema and of the shapes inside it, with its path."""
    for name, declared in schema.fields.items():
        yield f"{path}.{name}", declared
        inner = declared.inner if isinstance(declared, fields.List) else declared
        if isinstance(inner, fields.Nested):
            yield from parts(inner.schema, f"{path}.{name}")


PARTS = [pytest.param(declared, id=path) for each in TYPES for path, declared in parts(each.schema(), each.name)]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_type_has_the_fields_that_the_field_work_asks_for(name: str) -> None:
    declared = [field.name + "*" * field.required for field in CATALOG.types[name].fields.values()]
    assert declared == NAMES[name].split()


def test_there_are_no_other_record_types() -> None:
    assert CATALOG.types.keys() == NAMES.keys()


@pytest.mark.parametrize(("record_type", "field"), FIELDS)
def test_a_field_merges_by_the_rule_of_the_design(record_type: RecordType, field: FieldRule) -> None:
    listed = {rule for rule, names in RULES.items() if f"{record_type.name}.{field.name}" in names}
    assert {field.rule} == (listed or {Rule.REVIEW})


def test_sensitive_fields_are_those_that_are_masked_by_default() -> None:
    found = {
        f"{each.name}.{field.name}"
        for each in TYPES
        for field in each.fields.values()
        if field.sensitivity is Sensitivity.SENSITIVE
    }
    assert found == SENSITIVE


@pytest.mark.parametrize("declared", PARTS)
def test_every_field_and_part_is_labelled_in_both_languages(declared: fields.Field[object]) -> None:
    assert declared.metadata["zh"].strip()
    assert declared.metadata["en"].strip()
    assert isinstance(declared.metadata["sensitivity"], Sensitivity)


@pytest.mark.parametrize("declared", PARTS)
def test_every_choice_has_a_code_list(declared: fields.Field[object]) -> None:
    inner = declared.inner if isinstance(declared, fields.List) else declared
    if isinstance(inner, Choice):
        assert CODES[inner.list_name]


def test_the_workflow_group_shares_one_register_and_every_other_field_has_its_own() -> None:
    for record_type in TYPES:
        for field in record_type.fields.values():
            assert field.register == ("status" if field.rule is Rule.WORKFLOW else field.name)


def test_links_name_record_types() -> None:
    links = {f"{each.name}.{field.name}": field.link for each in TYPES for field in each.fields.values() if field.link}
    assert links == {
        "visit.household": "household",
        "visit.dispute": "dispute",
        "dispute.duplicate_of": "dispute",
        "entry.dispute": "dispute",
    }


def test_who_stands_under_what_and_who_may_be_edited() -> None:
    types = CATALOG.types
    assert {name: each.parent for name, each in types.items() if each.parent} == {"entry": "dispute"}
    assert {name: each.awaits for name, each in types.items() if each.awaits} == {
        "visit": ("household",),
        "entry": ("dispute",),
    }
    assert {name for name, each in types.items() if each.unit_field == "unit"} == {"household", "visit", "dispute"}
    assert {name for name, each in types.items() if not each.editable} == {"conflict", "held"}
    assert {name for name, each in types.items() if each.append_only} == {"entry"}


def test_no_field_holds_an_identity_card_number() -> None:
    for record_type in TYPES:
        assert not any("id_card" in name or "identity" in name for name in record_type.fields)


def test_a_field_without_a_rule_is_found_when_the_catalog_is_made() -> None:
    class Careless(Shape):
        note = Text(10)

    with pytest.raises(KeyError):
        field_rules(Careless)
