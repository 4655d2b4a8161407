"""Values in words: codes as their labels, yes and no, lists and their parts, in Chinese (`zh`) or English (`en`); days
and moments as those of a time zone, where one is given."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from schemas.catalog import RecordType
from schemas.codes import CODES
from schemas.kinds import Choice, Coded, Day, Instant, ListOf, Part, Stamp, Yuan
from schemas.masking import shape_of
from schemas.records.location import Location

Cell = str | int | Decimal | date | datetime
"""What stands for a value; "" where there is none. A `datetime` is local: it names no zone."""

_SECOND_CHARS = len("YYYY-MM-DDTHH:MM:SS")

MASK = "***"
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes")}
_LISTED = {"zh": "、", "en": ", "}
_PARTED = {"zh": "；", "en": "; "}


def labelled(kind: RecordType, field: str, value: Any, language: str) -> Cell:
    """A value of a field as people read it: a code that is not known here, and a field that is not, as they stand."""
    declared = shape_of(kind.schema).fields.get(field)
    return _plain(value, language) if declared is None or value is None else labelled_as(declared, value, language)


def labelled_as(declared: "fields.Field[Any]", value: Any, language: str, zone: tzinfo | None = None) -> Cell:
    """A value as its declared field is read. Days and moments are as they stand where no `zone` is given."""
    match declared:
        case ListOf(inner=Part() as part) if isinstance(value, list):
            return _PARTED[language].join(_part(part.schema, each, language, zone) for each in value)
        case ListOf() if isinstance(value, list):
            return _LISTED[language].join(str(labelled_as(declared.inner, each, language, zone)) for each in value)
        case Part() if isinstance(value, Mapping):
            return _part(declared.schema, value, language, zone)
        case Choice() | Coded() if isinstance(value, str):
            code = CODES[declared.list_name].get(value)
            return value if code is None else code.label(language)
        case Yuan() if isinstance(value, str) and value != MASK:
            return Decimal(value)
        case Day() if isinstance(value, str) and zone is not None:
            return date.fromisoformat(value)
        case Instant() | Stamp() if isinstance(value, str) and zone is not None:
            return local(value, zone)
        case _:
            return _plain(value, language)


def to_the_minute(moment: str, zone: tzinfo | None) -> str:
    """An instant or a stamp as `2026-11-24 23:59` in a zone (None: this machine's); as it stands where it is none, or
    no calendar has it."""
    try:
        found = local(moment, zone)
    except ValueError:
        return moment
    return f"{found:%Y-%m-%d %H:%M}" if isinstance(found, datetime) else moment


def local(moment: str, zone: tzinfo | None) -> Cell:
    """An instant or a stamp as the date and time of a zone, to the second; as it stands where no calendar has that."""
    try:
        return datetime.fromisoformat(moment[:_SECOND_CHARS]).replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return moment


def _part(schema: Schema, value: Any, language: str, zone: tzinfo | None) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if isinstance(schema, Location):
        return f"{value.get('lat')}, {value.get('lon')}"
    declared = schema.fields
    return " ".join(
        str(labelled_as(declared[name], each, language, zone))
        for name, each in value.items()
        if name in declared and each is not None
    )


def _plain(value: Any, language: str) -> Cell:
    if isinstance(value, bool):
        return _YES_NO[language][value]
    if isinstance(value, str | int):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
