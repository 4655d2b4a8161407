"""Python values as they travel: what a screen gives, turned into the wire's texts, numbers and lists."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from client_sdk.record import Record
from schemas.catalog import RecordType
from schemas.kinds import Yuan
from schemas.rules import Rule

_PLAIN = frozenset({str, float, bool, type(None)})
"""What travels as it is, and most values are."""
_DIGITS_MAX = 100
"""Of a number: far more than any field takes, and Python still writes them down."""


def wire_values(record_type: RecordType, values: Mapping[str, object]) -> dict[str, Any]:
    """Values of fields by name. Decimals (and whole numbers for an amount of money) become canonical texts, moments
    UTC, days `YYYY-MM-DD`, records their ids; sets become sorted lists without doubles; objects lose the members that
    are None. The rest stays as it is, for validation to judge; what cannot travel becomes what no field takes."""
    return {
        name: value if type(value) is str else wire_value(record_type, name, value) for name, value in values.items()
    }


def wire_value(record_type: RecordType, field: str, value: object) -> Any:
    try:
        plain = _plain_member(value)
    except (ValueError, OverflowError, RecursionError):  # A moment in no year, a list within itself.
        plain = _nothing(value)
    if type(plain) is int and field in _money(record_type.schema):
        return str(plain)
    if isinstance(plain, list):
        known = record_type.fields.get(field)
        if known is not None and known.rule is Rule.SET and all(isinstance(member, str) for member in plain):
            return sorted(set(plain))
    return plain


@cache
def _money(schema: type[Any]) -> frozenset[str]:
    return frozenset(name for name, declared in schema().fields.items() if isinstance(declared, Yuan))


def _plain_member(value: object) -> Any:
    return value if type(value) in _PLAIN else _plain(value)


def _plain(value: object) -> Any:
    match value:
        case list() | tuple():  # The commonest first.
            return [_plain_member(member) for member in value]
        case dict() | Mapping():
            return {str(name): _plain_member(member) for name, member in value.items() if member is not None}
        case Record():
            return value.id
        case Enum():
            return value.value
        case Decimal() if value.is_finite() and abs(value.adjusted()) < _DIGITS_MAX:
            return canonical_decimal(value)
        case datetime() if value.tzinfo is not None:
            return instant(value)
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case set() | frozenset():
            return sorted((_plain(member) for member in value), key=str)
        case None | int() | float() | str() if not isinstance(value, int) or abs(value) < 10**_DIGITS_MAX:
            return value
        case _:
            return _nothing(value)


def _nothing(value: object) -> Any:
    """What stands for a value that cannot travel: no field takes it, so that validation says which field it is."""
    return {"": type(value).__name__}


def canonical_decimal(value: Decimal) -> str:
    """The one text of a number: no exponent, no trailing zeros."""
    text = format(abs(value) if value == 0 else value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant(moment: datetime) -> str:
    """A moment with a time zone, in UTC: `2026-11-21T08:15:30Z`, with milliseconds where it has any."""
    in_utc = moment.astimezone(UTC)
    fraction = f".{in_utc.microsecond // 1000:03d}" if in_utc.microsecond // 1000 else ""
    return f"{in_utc.isoformat(timespec='seconds')[:19]}{fraction}Z"


def instant_of_ms(milliseconds: int) -> str:
    """The second in which a moment in milliseconds since 1970 lies."""
    return instant(datetime.fromtimestamp(milliseconds // 1000, tz=UTC))
