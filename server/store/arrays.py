"""Arrays as PostgreSQL receives them: lengths and bytes, which neither side need look through sign by sign.

(The driver's own arrays look at each value for itself, and as text at each sign of it, as PostgreSQL does again.)
Source: array_recv in PostgreSQL's src/backend/utils/adt/arrayfuncs.c.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
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


class _ArrayDumper(Dumper):
    """Has the driver leave an array as it is."""

    format = Format.BINARY

    def dump(self, obj: Array) -> bytes:
        return obj


psycopg.adapters.register_dumper(Array, _ArrayDumper)


@dataclass(frozen=True, slots=True)
class Elements:
    """What the elements of an array are to PostgreSQL: the number of their type, and what makes bytes of one."""

    oid: int
    written: Callable[[Any], bytes]

    @classmethod
    def of(cls, column: sa.types.TypeEngine[Any]) -> "Elements":
        """Of a column's values. Raises TypeError for a type of which there are no arrays here."""
        for known, elements in _KNOWN:
            if isinstance(column, known):
                return elements
        raise TypeError(f"no array is made of {column!r}")

    def array(self, values: Sequence[object]) -> Array:
        """Raises what the first value raises that is not of this type: AttributeError, TypeError, ValueError,
        OverflowError."""
        if not values:
            return Array(_EMPTY.pack(0, 0, self.oid))
        parts = [_HEAD.pack(1, 1, self.oid, len(values), 1)]
        written, length = self.written, _LENGTH.pack
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                element = written(value)
                parts += length(len(element)), element
        return Array(b"".join(parts))


def _uuid(name: str) -> bytes:
    return bytes.fromhex(name.replace("-", ""))


_KNOWN: tuple[tuple[type[sa.types.TypeEngine[Any]], Elements], ...] = (
    (sa.Uuid, Elements(2950, _uuid)),
    (sa.LargeBinary, Elements(17, bytes)),
    (sa.BigInteger, Elements(20, struct.Struct("!q").pack)),
    (sa.Integer, Elements(23, _LENGTH.pack)),
    (sa.String, Elements(25, str.encode)),
)
"""The more special first."""
