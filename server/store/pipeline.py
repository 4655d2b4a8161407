"""Statements sent to PostgreSQL all at once, as its own library takes them: one round trip, with BEGIN in it.

The driver's cursors look at each statement and each value anew, which takes longer than the database needs to answer.
Here a statement is prepared once a connection, and all values travel as what they are written as.
"""

import itertools
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import psycopg
from psycopg import adapt, errors
from psycopg.abc import PQGen, Transformer
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Wait

Rows: TypeAlias = Sequence[Any]

_PLACE = re.compile(r"%\((\w+)\)s|%%")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as PostgreSQL takes it: `$1`, `$2` and so on are the values of `binds`. `said`: as the driver would
    be told, with places by name."""

    said: str
    text: bytes
    binds: tuple[str, ...]
    name: bytes = field(default_factory=lambda: b"doorstep_%d" % next(_numbers))

    @classmethod
    def of(cls, text: str) -> "Statement":
        """Of a text with the driver's places, `%(name)s`."""
        binds: dict[str, int] = {}

        def numbered(place: re.Match[str]) -> str:
            name = place[1]
            return "%" if name is None else f"${binds.setdefault(name, len(binds) + 1)}"

        numbers = _PLACE.sub(numbered, text)
        return cls(text, numbers.encode(), tuple(binds))


@dataclass(frozen=True, slots=True)
class Sending:
    """A statement with its values, in the order of its binds."""

    statement: Statement
    values: Sequence[Any]


def sent(connection: "psycopg.Connection[Any]", prepared: set[bytes], sending: Sequence[Sending]) -> list[Rows]:
    """The rows of each, in their order; none of one that gives none. `prepared`: the names of the statements that the
    connection knows, which gets those that it does not know yet. A transaction is begun first if there is none. Raises
    psycopg.Error: of the first that failed; none after it was executed, and what came before a COMMIT stays."""
    written = [[_written(value) for value in each.values] for each in sending]
    try:
        answers, results = _exchanged(connection, prepared, sending, written)
    except BaseException:
        connection.close()  # Nobody could go on from half an answer.
        raise
    done = [result.status in _DONE for result in results]
    prepared.update(name for name, is_done in zip(answers, done, strict=True) if name and is_done)
    if not all(done):
        raise errors.error_from_result(results[done.index(False)])
    reader = adapt.Transformer(connection)
    return [_rows(reader, result) for name, result in zip(answers, results, strict=True) if name is None]


def _exchanged(
    connection: "psycopg.Connection[Any]",
    prepared: AbstractSet[bytes],
    sending: Sequence[Sending],
    written: Sequence[Sequence[bytes | None]],
) -> tuple[list[bytes | None], list[PGresult]]:
    """What came of all, and what each is of: the name of a statement that is made known, None for one that is executed,
    nothing for BEGIN."""
    pg = connection.pgconn
    pg.enter_pipeline_mode()
    answers: list[bytes | None] = []
    if pg.transaction_status == TransactionStatus.IDLE:
        pg.send_query_params(_begin(connection), None)
        answers.append(b"")
    for each, values in zip(sending, written, strict=True):
        name = each.statement.name
        if name not in prepared and name not in answers:
            pg.send_prepare(name, each.statement.text)
            answers.append(name)
        formats = [Format.BINARY if isinstance(value, bytes) else Format.TEXT for value in each.values]
        pg.send_query_prepared(name, values, formats)
        answers.append(None)
    pg.pipeline_sync()
    results = connection.wait(_results(pg))
    pg.exit_pipeline_mode()
    return answers, results


_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _begin(connection: "psycopg.Connection[Any]") -> bytes:
    level = connection.isolation_level
    return b"BEGIN" if level is None else b"BEGIN ISOLATION LEVEL " + level.name.replace("_", " ").encode()


def _written(value: object) -> bytes | None:
    """A value as PostgreSQL reads it, whatever type it expects."""
    match value:
        case None | bytes():
            return value
        case str() if "\0" not in value:
            return value.encode()
        case int() if not isinstance(value, bool):
            return b"%d" % value
    raise TypeError(f"no statement is given {type(value)}, or a text that ends before its end")


def _results(pg: PGconn) -> PQGen[list[PGresult]]:
    """What comes until all is answered. Gives way to others while there is nothing."""
    found: list[PGresult] = []
    is_between = False
    while True:
        waits = Wait.RW if pg.flush() else Wait.R
        while not pg.is_busy():
            result = pg.get_result()
            if result is not None and result.status == ExecStatus.PIPELINE_SYNC:
                return found
            if result is None and is_between:
                raise psycopg.OperationalError("the connection ended before all was answered")
            is_between = result is None  # After the answer to each there is nothing, once.
            if result is not None:
                found.append(result)
        if not (yield waits):
            continue
        pg.consume_input()


def _rows(reader: Transformer, result: PGresult) -> Rows:
    if result.status != ExecStatus.TUPLES_OK:
        return ()
    reader.set_pgresult(result)
    return reader.load_rows(0, result.ntuples, tuple)
