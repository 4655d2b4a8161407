"""FIELD=VALUE on a command line, as the values of a record."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from marshmallow import fields

from cli.answers import CommandError, WrongUseError
from schemas.catalog import CATALOG, RecordType
from schemas.kinds import ListOf, Part, Whole, YesNo
from schemas.masking import shape_of
from schemas.rules import WORKFLOW_REGISTER

_YES, _NO = frozenset({"true", "yes", "1", "是"}), frozenset({"false", "no", "0", "否"})


def record_type(name: str) -> RecordType:
    """The record type of a name, in the singular or the plural. Raises CommandError."""
    found = CATALOG.types.get(name) or CATALOG.types.get("entry" if name == "entries" else name.removesuffix("s"))
    if found is None or not found.editable:
        raise CommandError("unknown-type", f"没有这种记录：{name}", f"There is no such type of record: {name}")
    return found


def given(kind: RecordType, pairs: Iterable[str]) -> dict[str, Any]:
    """Values by field. A value is read as its field asks: whole numbers, yes and no, lists with commas (or JSON), parts
    in JSON; an empty one empties the field. Whether a value is right is for validation. Raises WrongUseError."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise WrongUseError(f"应为 字段=内容：{pair}", f"Not of the form FIELD=VALUE: {pair}")
        found[name] = _value(shape_of(kind.schema).fields.get(name), text)
    return found


def value(kind: RecordType, register: str, text: str) -> Any:
    """A value to settle a conflict with, read as its field asks; of a status, JSON or the text alone."""
    if register == WORKFLOW_REGISTER and text.startswith("{"):
        return _read(json.loads, text)
    return _value(shape_of(kind.schema).fields.get(register), text)


def _value(declared: "fields.Field[Any] | None", text: str) -> Any:
    if not text:
        return None
    match declared:
        case Whole() if text.removeprefix("-").isdecimal():
            return _read(int, text)
        case YesNo() if text.lower() in _YES | _NO:
            return text.lower() in _YES
        case ListOf() if not text.startswith("["):
            return [each.strip() for each in text.replace("，", ",").split(",") if each.strip()]
        case ListOf() | Part():
            return _read(json.loads, text)
        case _:
            return text


def _read(reader: Callable[[str], Any], text: str) -> Any:
    """What a reader makes of a text; where it can make nothing of it the text itself, for validation to say so."""
    try:
        return reader(text)
    except (ValueError, RecursionError):
        return text
