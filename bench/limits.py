"""What the machine and its databases can do with the same records, when nothing else is asked of them."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, LiteralString, TypeAlias

import psycopg
import zstandard
from psycopg import sql

from bench.wire import side_by_side

ZSTD_LEVEL = 1  # As the server packs.
TABLE = "CREATE TABLE visit (id uuid PRIMARY KEY, document text NOT NULL)"
DOCUMENTS = "SELECT document FROM visit"
AFTER = "SELECT document FROM visit WHERE revision > %s ORDER BY revision LIMIT %s"
"""The documents after a revision, so many."""

Rows: TypeAlias = list[tuple[str, str]]
"""Names and documents."""


def insert_rate(url: str, rows: Rows, batch: int, connections: int) -> float:
    """Rows a second of multi-row INSERTs into a table with its primary key; a commit each, on so many connections."""
    with _connected(url) as connection:
        connection.execute(TABLE)
    parts = [rows[n::connections] for n in range(connections)]

    def insert_part(part: Rows) -> None:
        with _connected(url) as connection:
            for first in range(0, len(part), batch):
                insert(connection, "visit", ("id", "document"), part[first : first + batch])

    return len(rows) / side_by_side(parts, insert_part)


def update_rate(url: str, rows: Rows, changed: Rows, batch: int, connections: int) -> float:
    """Rows a second of multi-row UPDATEs of the documents of some of the rows; a commit each."""
    with _connected(url) as connection:
        connection.execute(TABLE)
        with connection.cursor().copy("COPY visit FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("VACUUM ANALYZE visit")
    parts = [changed[n::connections] for n in range(connections)]

    def update_part(part: Rows) -> None:
        with _connected(url) as connection:
            for first in range(0, len(part), batch):
                given_rows = part[first : first + batch]
                given = sql.SQL(", ").join([sql.SQL("(%s, %s)")] * len(given_rows))
                connection.execute(
                    sql.SQL(
                        "UPDATE visit SET document = given.document"
                        " FROM (VALUES {}) AS given (id, document) WHERE visit.id = given.id::uuid"
                    ).format(given),
                    [value for row in given_rows for value in row],
                )

    return len(changed) / side_by_side(parts, update_part)


@contextmanager
def stored(url: str, documents: Iterable[tuple[str, str]]) -> Iterator["psycopg.Connection[tuple[str]]"]:
    """A connection to a table of names and documents with a revision each, indexed by it."""
    with _connected(url) as connection:
        connection.execute("CREATE TABLE visit (id uuid PRIMARY KEY, document text NOT NULL, revision bigint NOT NULL)")
        with connection.cursor().copy("COPY visit (id, document, revision) FROM STDIN") as copy:
            for revision, (name, document) in enumerate(documents, 1):
                copy.write_row((name, document, revision))
        connection.execute("CREATE INDEX ON visit (revision)")
        connection.execute("VACUUM ANALYZE visit")
        yield connection


def copy_seconds(
    connection: "psycopg.Connection[tuple[str]]", asked: LiteralString = DOCUMENTS, values: Sequence[object] = ()
) -> tuple[float, int]:
    """Seconds that COPY of what is asked for out through zstd takes, and the bytes that come of it."""
    began, size = time.perf_counter(), 0
    packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
    with connection.cursor().copy(f"COPY ({asked}) TO STDOUT", values) as copy:
        for part in copy:
            size += len(packer.compress(part))
    size += len(packer.flush())
    return time.perf_counter() - began, size


def select_seconds(
    connection: "psycopg.Connection[tuple[str]]", expected: int, asked: LiteralString, values: Sequence[object]
) -> float:
    """Seconds that what is asked for takes. Raises RuntimeError where it is not so many rows."""
    began = time.perf_counter()
    rows = connection.execute(asked, values).fetchall()
    took = time.perf_counter() - began
    if len(rows) != expected:
        raise RuntimeError(f"{len(rows)} rows instead of {expected}")
    return took


@contextmanager
def bare_saving(path: Path, kept: Iterable[tuple[str, bytes]]) -> Iterator[Callable[[str, bytes], float]]:
    """What inserts a row into a SQLite file, so that it is on the disk when it returns, and gives the seconds it took.

    The file keeps as many rows as a tablet does. They also bring its log to its full size, as a sync does a tablet's:
    an insert that makes the log longer takes nearly twice the time of one that writes over what was there."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE edit (id TEXT PRIMARY KEY, line BLOB NOT NULL)")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO edit VALUES (?, ?)", kept)
        connection.execute("COMMIT")

        def insert(name: str, line: bytes) -> float:
            began = time.perf_counter()
            connection.execute("INSERT INTO edit VALUES (?, ?)", (name, line))
            return time.perf_counter() - began

        yield insert


def insert(
    connection: "psycopg.Connection[Any]", table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """One INSERT of many rows, as the driver takes it most quickly: with the database's own names of places."""
    cursor = psycopg.RawCursor(connection)
    cursor.execute(_insertion(table, columns, len(rows)), [value for row in rows for value in row])


@cache
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> bytes:
    places = count(1)
    given = ", ".join(f"({', '.join(f'${next(places)}' for _ in columns)})" for _ in range(rows))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {given}".encode()


def _connected(url: str) -> "psycopg.Connection[tuple[str]]":
    return psycopg.connect(url, autocommit=True)
