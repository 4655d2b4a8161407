"""Whether values are what a schema asks for, said in words for people."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, missing

from schemas.catalog import RecordType
from schemas.kinds import Members
from schemas.messages import Path, sentence, shown_name
from schemas.problems import INVALID, UNKNOWN_FIELD, Problem

_UNKNOWN = "unknown_field"
_WHOLE = "_schema"  # marshmallow's key for what is wrong with an object as a whole


def problems(record_type: RecordType, values: Mapping[str, object], *, partial: bool) -> list[Problem]:
    """What is wrong with the wire values of a record's fields: of a creation, or (`partial`) of a change.

    Null and absent mean the same, so null is a problem where a field is required, in a change too. The order is that
    of the schema, then unknown fields by name; [] is fine. Never raises for values that came from JSON.
    """
    if _members(record_type.schema).fit(values, partial=partial):
        return []
    schema = _instance(record_type.schema)
    errors: dict[str, Any] = {}
    # Not schema.load(): it would look at every field for a change of one, and accept half a party in a change.
    for name, declared in schema.fields.items():
        if name in values or not partial:
            try:
                declared.deserialize(values.get(name, missing), name, values)
            except ValidationError as error:
                errors[name] = error.messages
    found = _problems(schema, errors)
    return found + [_problem(schema, _UNKNOWN, (name,)) for name in sorted(values.keys() - schema.fields.keys())]


def shape_problems(shape: type[Schema], values: object) -> list[Problem]:
    """What is wrong with a member of the wire (schemas/wire.py): a request head, an enrolment."""
    schema = _instance(shape)
    if not isinstance(values, Mapping):
        return [_problem(schema, "not_object", ())]
    return _problems(schema, schema.validate(values))


@cache
def _instance(schema: type[Schema]) -> Schema:
    return schema()


@cache
def _members(schema: type[Schema]) -> Members:
    return Members.of(_instance(schema))


def _problems(schema: Schema, errors: Any) -> list[Problem]:
    faults = sorted(_faults(errors, ()), key=lambda fault: _unknown_last(*fault))
    return [_problem(schema, error, path) for path, error in faults]


def _unknown_last(path: Path, error: str) -> tuple[bool, str]:
    """Known fields keep the schema's order; marshmallow reports unknown ones in no order at all."""
    return (error == _UNKNOWN, ".".join(map(str, path)) if error == _UNKNOWN else "")


def _faults(errors: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each error with its path, from marshmallow's nest of dicts (by member or index) and lists of messages."""
    if isinstance(errors, dict):
        for step, inner in errors.items():
            is_whole = step == _WHOLE and inner != [_UNKNOWN]
            yield from _faults(inner, path if is_whole else (*path, step))
    else:
        for error in errors:
            yield path, error


def _problem(schema: Schema, error: str, path: Path) -> Problem:
    code = UNKNOWN_FIELD if error == _UNKNOWN else INVALID
    shown = ".".join(shown_name(str(step)) for step in path)
    return Problem(code, shown, sentence(error, schema, path, "zh"), sentence(error, schema, path, "en"))
