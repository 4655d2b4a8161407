"""What the machine and its databases can do with the same records, when nothing else is asked of them."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import psycopg
import zstandard
from psycopg import sql

from bench.wire import side_by_side

ZSTD_LEVEL = 1  # As the server packs.
TABLE = "CREATE TABLE visit (id uuid PRIMARY KEY, document text NOT NULL)"


Rows: TypeAlias = list[tuple[str, str]]
"""Names and documents."""


def insert_rate(url: str, rows: Rows, batch: int, connections: int) -> float:
    """Rows a second of multi-row INSERTs into a table with its primary key; a commit each, on so many connections."""
    with _connected(url) as connection:
        connection.execute(TABLE)
    parts = [rows[n::connections] for n in range(connections)]

    def insert(part: Rows) -> None:
        with _connected(url) as connection:
            for first in range(0, len(part), batch):
                _insert(connection, part[first : first + batch])

    return len(rows) / side_by_side(parts, insert)


def update_rate(url: str, rows: Rows, changed: Rows, batch: int, connections: int) -> float:
    """Rows a second of multi-row UPDATEs of the documents of some of the rows; a commit each."""
    with _connected(url) as connection:
        connection.execute(TABLE)
        with connection.cursor().copy("COPY visit FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.execute("VACUUM ANALYZE visit")
    parts = [changed[n::connections] for n in range(connections)]

    def update(part: Rows) -> None:
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

    return len(changed) / side_by_side(parts, update)


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


def copy_seconds(connection: "psycopg.Connection[tuple[str]]") -> tuple[float, int]:
    """Seconds that COPY of all documents out through zstd takes, and the bytes that come of it."""
    began, size = time.perf_counter(), 0
    packer = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
    with connection.cursor().copy("COPY (SELECT document FROM visit) TO STDOUT") as copy:
        for part in copy:
            size += len(packer.compress(part))
    size += len(packer.flush())
    return time.perf_counter() - began, size


def select_seconds(connection: "psycopg.Connection[tuple[str]]", after: int, count: int) -> float:
    """Seconds that the documents after a revision take, by its index."""
    began = time.perf_counter()
    asked = "SELECT document FROM visit WHERE revision > %s ORDER BY revision LIMIT %s"
    rows = connection.execute(asked, (after, count)).fetchall()
    took = time.perf_counter() - began
    if len(rows) != count:
        raise RuntimeError(f"{len(rows)} rows instead of {count}")
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


def _insert(connection: "psycopg.Connection[tuple[str]]", rows: Rows) -> None:
    given = "INSERT INTO visit VALUES " + ", ".join(["(%s, %s)"] * len(rows))
    connection.execute(given.encode(), [value for row in rows for value in row])


def _connected(url: str) -> "psycopg.Connection[tuple[str]]":
    return psycopg.connect(url, autocommit=True)
