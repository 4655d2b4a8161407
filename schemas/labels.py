"""Values in words: codes as their labels, yes and no, lists and their parts, in Chinese (`zh`) or English (`en`)."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from schemas.catalog import RecordType
from schemas.codes import CODES
from schemas.kinds import Choice, ListOf, Part, Yuan
from schemas.masking import shape_of
from schemas.records.location import Location

Cell = str | int | Decimal
"""What stands for a value; "" where there is none."""

MASK = "***"
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes")}
_LISTED = {"zh": "、", "en": ", "}
_PARTED = {"zh": "；", "en": "; "}


def labelled(kind: RecordType, field: str, value: Any, language: str) -> Cell:
    """A value of a field as people read it: a code that is not known here, and a field that is not, as they stand."""
    declared = shape_of(kind.schema).fields.get(field)
    return _plain(value, language) if declared is None or value is None else labelled_as(declared, value, language)


def labelled_as(declared: "fields.Field[Any]", value: Any, language: str) -> Cell:
    """A value as its declared field is read."""
    match declared:
        case ListOf(inner=Part() as part) if isinstance(value, list):
            return _PARTED[language].join(_part(part.schema, each, language) for each in value)
        case ListOf() if isinstance(value, list):
            return _LISTED[language].join(str(labelled_as(declared.inner, each, language)) for each in value)
        case Part() if isinstance(value, Mapping):
            return _part(declared.schema, value, language)
        case Choice() if isinstance(value, str):
            code = CODES[declared.list_name].get(value)
            return value if code is None else (code.zh if language == "zh" else code.en)
        case Yuan() if isinstance(value, str) and value != MASK:
            return Decimal(value)
        case _:
            return _plain(value, language)


def _part(schema: Schema, value: Any, language: str) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if isinstance(schema, Location):
        return f"{value.get('lat')}, {value.get('lon')}"
    declared = schema.fields
    return " ".join(
        str(labelled_as(declared[name], each, language))
        for name, each in value.items()
        if name in declared and each is not None
    )


def _plain(value: Any, language: str) -> Cell:
    if isinstance(value, bool):
        return _YES_NO[language][value]
    if isinstance(value, str | int):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
