"""What PostgreSQL takes to keep the very rows that Doorstep wrote of some records, or to give what stands under a key,
when nothing else is asked of it.

What Doorstep counts along with them is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import psycopg

from bench import limits
from bench.wire import side_by_side

_AT_ONCE = 20_000
"""Records whose rows are read before they are inserted; only the inserting counts."""
_NAMED_BY = {"record": "id", "edit_log": "name", "placement": "record"}
"""The tables that a new record is written into, and the column of each that names it."""

PLACED = """
    SELECT f.revision, f.type, f.record, r.document, r.dots
    FROM placement AS f JOIN record AS r ON r.county = f.county AND r.type = f.type AND r.id = f.record
    WHERE f.county = %s AND f.key = %s AND f.revision > %s ORDER BY f.revision LIMIT %s
"""
"""What stands under a county's key, after a revision, so many (null: all)."""

Rows: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]
"""Of a record, by table."""
Columns: TypeAlias = Mapping[str, tuple[str, ...]]
"""By table."""


def storing_rate(source: str, bare: str, names: Sequence[str], batch: int, connections: int) -> float:
    """Records a second of multi-row INSERTs of all rows that `source` has of some records into `bare`, a database with
    the same tables and indexes: so many records a transaction, on so many connections."""
    seconds = 0.0
    for first in range(0, len(names), _AT_ONCE):
        stored = _Stored.of(source, names[first : first + _AT_ONCE])
        parts = [stored.records[n::connections] for n in range(connections)]
        seconds += side_by_side(parts, partial(_insert, bare, stored.columns, batch))
    return len(names) / seconds


@dataclass(frozen=True, slots=True)
class _Stored:
    """`columns` by table; `records`: the rows of each record, in the order in which they were asked for."""

    columns: Columns
    records: Sequence[Rows]

    @classmethod
    def of(cls, url: str, names: Sequence[str]) -> "_Stored":
        """Raises ValueError where a record has no row in one of the tables."""
        columns: dict[str, tuple[str, ...]] = {}
        found: dict[str, dict[str, list[tuple[Any, ...]]]] = {name: {} for name in names}
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            for table, naming in _NAMED_BY.items():
                asked = f"SELECT {naming}::text, * FROM {table} WHERE {naming} = ANY(%s::uuid[])"
                for name, *row in cursor.execute(asked.encode(), (list(names),)):
                    found[name].setdefault(table, []).append(tuple(row))
                columns[table] = tuple(each.name for each in (cursor.description or ())[1:])
        if any(rows.keys() != columns.keys() for rows in found.values()):
            raise ValueError("not all of the records were stored")
        return cls(columns, list(found.values()))


def _insert(bare: str, columns: Columns, batch: int, records: Sequence[Rows]) -> None:
    with psycopg.connect(bare) as connection:
        for first in range(0, len(records), batch):
            for table, named in columns.items():
                rows = [row for each in records[first : first + batch] for row in each[table]]
                limits.insert(connection, table, named, rows)
            connection.commit()
