"""Sensitive values, masked: what lists and exports show of phones, of the names of parties, of the needs of a home."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from schemas.catalog import RecordType
from schemas.kinds import ListOf, Part, Phone
from schemas.rules import Sensitivity

_HEAD, _TAIL = 3, 4
"""How many characters of a mobile number stay: 138****8000."""
_MOBILE_CHARS = 11
"""Of shorter numbers too little would be hidden."""


def masked(kind: RecordType, document: Mapping[str, Any], unmasked: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    """A record's values with the sensitive ones masked, except the fields `unmasked`. Those that this app does not know
    are left out."""
    declared = shape_of(kind.schema).fields
    return {
        name: value if name in unmasked else masked_as(declared[name], value)
        for name, value in document.items()
        if name in declared
    }


def masked_value(kind: RecordType, field: str, value: Any) -> Any:
    """One value of a field, masked like the record's own."""
    return masked(kind, {field: value}).get(field) if not isinstance(value, Mapping) else masked(kind, value)


@cache
def shape_of(schema: type[Schema]) -> Schema:
    """The one instance of a schema that is read here: making one takes longer than masking a record."""
    return schema()


def masked_as(declared: "fields.Field[Any]", value: Any) -> Any:
    """A value as its declared field lets it be shown."""
    is_sensitive = declared.metadata.get("sensitivity") is Sensitivity.SENSITIVE
    match declared:
        case ListOf(inner=Part() as part) if isinstance(value, list):
            return [_part(part, each) if isinstance(each, Mapping) else "***" for each in value]
        case _ if not is_sensitive or value is None or value == []:
            return value
        case Phone() if isinstance(value, str):
            return masked_phone(value)
        case _ if isinstance(value, str):
            return value[:1] + "*" * max(len(value) - 1, 1)
        case _:
            return "***"


def _part(part: Part, values: Mapping[str, Any]) -> dict[str, Any]:
    declared = part.schema.fields
    return {name: masked_as(declared[name], value) for name, value in values.items() if name in declared}


def masked_phone(text: str) -> str:
    return f"{text[:_HEAD]}****{text[-_TAIL:]}" if len(text) >= _MOBILE_CHARS else "****"
