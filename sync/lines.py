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


def _whole(digits: str) -> int:
    number = int(digits)
    if abs(number) > INTEGER_MAX:
        raise LineMalformedError("a number beyond 2^53")
    return number


def _fraction(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise LineMalformedError("a number beyond all bounds")
    return number


# Made once: json.loads and json.dumps would make one for each line.
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_JSON = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_whole, parse_float=_fraction, parse_constant=_refuse_constant
)


def _check(value: object, depth: int) -> None:
    match value:
        case str():
            _check_text(value)
        case dict():
            _check_depth(depth)
            for name, member in value.items():
                _check_text(name)
                _check(member, depth + 1)
        case list():
            _check_depth(depth)
            for member in value:
                _check(member, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise LineMalformedError("NUL in a text")
    text.encode()  # Raises UnicodeEncodeError for a lone surrogate.


def _check_depth(depth: int) -> None:
    if depth >= NESTING_MAX:
        raise LineMalformedError("nested too deeply")


def read(line: bytes) -> dict[str, object]:
    """The object of one line. Raises LineMalformedError on anything else than one I-JSON object."""
    try:
        text = line.decode("utf-8")
        value = _JSON.decode(text)
        # NUL and lone surrogates can only come as escapes, and few lines have either escapes or many brackets:
        # looking at every value would take longer than reading it.
        if "\\u" in text or text.count("{") + text.count("[") > NESTING_MAX:
            _check(value, 0)
    except (ValueError, RecursionError) as error:  # UnicodeError and JSONDecodeError are ValueErrors
        raise LineMalformedError(str(error)) from error
    if not isinstance(value, dict):
        raise LineMalformedError("not an object")
    return value


def write(members: Values) -> bytes:
    """One line without its line end: compact UTF-8, members in the order given, absent (None) members left out."""
    kept = {name: member for name, member in members.items() if member is not None}
    return _COMPACT.encode(kept).encode()


def canonical(value: object) -> str:
    """A text that is equal for equal JSON values: what 'the same value' means when siblings are compared."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def without_nulls(value: object) -> object:
    """A value without the members of its objects that are null: absent ones mean the same."""
    if isinstance(value, dict):
        return {
            name: member if type(member) is str else without_nulls(member)
            for name, member in value.items()
            if member is not None
        }
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


def same(values: Sequence[object]) -> bool:
    """Whether all are the same JSON value. Looks no further than the first that is not."""
    return all(_is_same(values[0], value) for value in values[1:])


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other
    return canonical(one) == canonical(other)


def digest(line: bytes) -> bytes:
    """SHA-256 of a line's bytes, its name in the evidence."""
    return hashlib.sha256(line).digest()
