"""What a backup file holds, read from the file itself: which counties, up to which log line, in which schema."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from server.administration.changing import NotPossibleError
from server.keeping.programs import Programs, programs

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_BEGINS = {b"SQLite format 3\0": SQLITE, b"PGDMP": POSTGRESQL}
_COPY = re.compile(r"COPY (?:[^ ]+\.)?\"?(\w+)\"? \((.*)\) FROM stdin;")
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a county had come: its last log line and the chain's head there."""

    county: str
    name: str
    revision: int
    log_revision: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """`schema`: the version of the tables, as Alembic names it."""

    database: str
    schema: str
    counties: tuple[Standing, ...]


def contents(file: Path) -> Contents:
    """What a backup holds. It is read to its end: it opens, holds a county, and its log reaches the chain's head.

    Raises NotPossibleError where it is no whole backup."""
    if not file.is_file():
        raise NotPossibleError(f"没有这个文件：{file}", f"There is no file {file}")
    with file.open("rb") as opened:
        begins = opened.read(16)
    database = next((kind for start, kind in _BEGINS.items() if begins.startswith(start)), None)
    if database is None:
        raise _damaged(file, "not a backup of Doorstep's")
    try:
        found = _of_sqlite(file) if database == SQLITE else _of_postgresql(file, programs(file=file))
    except (sqlite3.Error, KeyError, ValueError) as error:
        raise _damaged(file, str(error)) from error
    if not found.counties:
        raise _damaged(file, "no county in it")
    return found


def _damaged(file: Path, why: str) -> NotPossibleError:
    return NotPossibleError(f"备份不可用：{file}（{why}）", f"The backup cannot be used: {file} ({why})")


def _of_sqlite(file: Path) -> Contents:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if sound != "ok":
            raise ValueError(str(sound))
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        rows = connection.execute("SELECT code, name, revision, log_revision, head FROM county ORDER BY code")
        counties = tuple(Standing(*row) for row in rows)
        for each in counties:
            last = "SELECT revision, head FROM edit_log WHERE county = ? ORDER BY revision DESC LIMIT 1"
            _check_end(each, connection.execute(last, (each.county,)).fetchone())
    return Contents(SQLITE, schema, counties)


def _check_end(county: Standing, last: tuple[int, bytes] | None) -> None:
    """Raises ValueError unless the log's last line is the one that the county's row names."""
    if county.log_revision and last != (county.log_revision, county.head):
        raise ValueError(f"the log of {county.county} does not reach the head of its chain")


def _of_postgresql(file: Path, found: Programs) -> Contents:
    [(schema,)] = [(row["version_num"],) for row in _rows(found, file, "alembic_version")]
    counties = tuple(
        Standing(
            row["code"], row["name"], int(row["revision"]), int(row["log_revision"]), bytes.fromhex(row["head"][2:])
        )
        for row in _rows(found, file, "county")
    )
    ends: dict[str, tuple[int, bytes]] = {}
    for row in _rows(found, file, "edit_log"):
        if int(row["revision"]) >= ends.get(row["county"], (0, b""))[0]:
            ends[row["county"]] = (int(row["revision"]), bytes.fromhex(row["head"][2:]))
    for each in counties:
        _check_end(each, ends.get(each.county))
    return Contents(POSTGRESQL, schema, tuple(sorted(counties, key=lambda each: each.county)))


def _rows(found: Programs, file: Path, table: str) -> Iterator[dict[str, str]]:
    """A table's rows in a dump, as text by column."""
    printed = found.lines("pg_restore", "--data-only", f"--table={table}", "--file=-", str(file))
    return _copied(printed, table)


def _copied(printed: Iterable[bytes], table: str) -> Iterator[dict[str, str]]:
    columns: list[str] | None = None
    for line in printed:
        text = line.decode().rstrip("\n")
        if columns is None:
            started = _COPY.match(text)
            if started is not None and started[1] == table:
                columns = [each.strip().strip('"') for each in started[2].split(",")]
        elif text == "\\.":
            columns = None
        else:
            yield dict(zip(columns, map(_plain, text.split("\t")), strict=True))


def _plain(text: str) -> str:
    """A value as COPY writes it, without its escapes."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text) if "\\" in text else text
