"""Arrays as PostgreSQL receives them: lengths and bytes, which neither side need look through sign by sign.

(The driver's own arrays look at each value for itself, and as text at each sign of it, as PostgreSQL does again.)
Source: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct("!iiiii")
"""Dimensions, whether there may be nulls, the type of the elements, how many, the number of the first."""
_EMPTY = struct.Struct("!iii")
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)


class Array(bytes):
    """An array as it travels. What it is of, the statement says."""


class ArrayDumper(Dumper):
    """Has the driver leave an array as it is."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj


@dataclass(frozen=True, slots=True)
class Elements:
    """What the elements of an array are to PostgreSQL: the number of their type, and what makes bytes of one."""

    oid: int
    written: Callable[[Any], bytes | memoryview]

    @classmethod
    def of(cls, column: sa.types.TypeEngine[Any]) -> "Elements":
        """Of a column's values. Raises TypeError for a type of which there are no arrays here."""
        known = _KNOWN.get(type(column))
        if known is None:
            raise TypeError(f"no array is made of {column!r}")
        return known

    def array(self, values: Sequence[object]) -> Array:
        """Raises AttributeError, TypeError, ValueError or struct.error for a value that is not of this type."""
        if not values:
            return Array(_EMPTY.pack(0, 0, self.oid))
        parts: list[bytes | memoryview] = [_HEAD.pack(1, 1, self.oid, len(values), 1)]
        written, length = self.written, _LENGTH.pack
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                element = written(value)
                parts += length(len(element)), element
        return Array(b"".join(parts))


def _uuid(name: str) -> bytes:
    made = bytes.fromhex(name.replace("-", ""))
    if len(made) != _UUID_BYTES:
        raise ValueError("no UUID")
    return made


_UUID_BYTES = 16
_KNOWN: dict[type[sa.types.TypeEngine[Any]], Elements] = {
    sa.Text: Elements(25, str.encode),
    sa.Uuid: Elements(2950, _uuid),
    sa.LargeBinary: Elements(17, memoryview),
    sa.Integer: Elements(23, _LENGTH.pack),
    sa.BigInteger: Elements(20, struct.Struct("!q").pack),
}
