"""Lines of I-JSON (RFC 7493): how bytes become values, and values the bytes of a new line.

A line is written once and never encoded again: the same bytes are the outbox row, the wire line and the evidence.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import NoReturn, TypeAlias

from sync.limits import INTEGER_MAX, NESTING_MAX

Values: TypeAlias = Mapping[str, object]


class LineMalformedError(ValueError):
    """The bytes are not one I-JSON object."""


def _refuse_constant(name: str) -> NoReturn:
    raise LineMalformedError(f"{name} is no JSON number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise LineMalformedError("a member is named twice")
    return members


def _check(value: object, depth: int) -> None:
    match value:
        case str():
            _check_text(value)
        case bool() | None:
            pass
        case int() if abs(value) > INTEGER_MAX:
            raise LineMalformedError("a number beyond 2^53")
        case float() if not math.isfinite(value):
            raise LineMalformedError("a number beyond all bounds")
        case dict() | list():
            _check_members(value, depth)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise LineMalformedError("NUL in a text")
    text.encode()  # Raises UnicodeEncodeError for a lone surrogate.


def _check_members(value: dict[str, object] | list[object], depth: int) -> None:
    if depth >= NESTING_MAX:
        raise LineMalformedError("nested too deeply")
    if isinstance(value, dict):
        for name in value:
            _check_text(name)
        value = list(value.values())
    for member in value:
        _check(member, depth + 1)


def read(line: bytes) -> dict[str, object]:
    """The object of one line. Raises LineMalformedError on anything else than one I-JSON object."""
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
        _check(value, 0)
    except (ValueError, RecursionError) as error:  # UnicodeError and JSONDecodeError are ValueErrors
        raise LineMalformedError(str(error)) from error
    if not isinstance(value, dict):
        raise LineMalformedError("not an object")
    return value


def write(members: Values) -> bytes:
    """One line without its line end: compact UTF-8, members in the order given, absent (None) members left out."""
    kept = {name: member for name, member in members.items() if member is not None}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def canonical(value: object) -> str:
    """A text that is equal for equal JSON values: what 'the same value' means when siblings are compared."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def same(values: Sequence[object]) -> bool:
    return len({canonical(value) for value in values}) <= 1


def digest(line: bytes) -> bytes:
    """SHA-256 of a line's bytes, its name in the evidence."""
    return hashlib.sha256(line).digest()
