"""Statements that travel together: on PostgreSQL one round trip for all that do not wait for one another's answers.

A question is a generator that yields statements with their parameters, is sent the rows of each, and returns what it
makes of them. So what is asked is written once, whether it travels alone or with others.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeAlias, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from server.store import pipeline
from server.store.dialect import STALE_SQLSTATES
from server.store.pipeline import Rows

Given = TypeVar("Given")
Parameters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Asked: TypeAlias = tuple[Any, Parameters]
"""A statement that is kept (not made anew for each call), and its parameters: many rows of them on SQLite only."""
Question: TypeAlias = Generator[Asked, Rows, Given]


class Sender(Protocol):
    """What takes statements whose rows nobody asks for: a connection, at once, or a flight, at its end."""

    @property
    def dialect(self) -> Dialect: ...

    def execute(self, statement: Any, parameters: Any, /) -> Any: ...


class Answer(Generic[Given]):
    """What a question will have been answered, once its flight has landed."""

    def __init__(self, question: Question[Given]) -> None:
        self._question = question
        self._given: list[Given] = []
        self.asks: Asked | None = None

    def go_on(self, rows: Rows | None) -> None:
        """Takes rows (None at the beginning), up to what the question asks next."""
        try:
            self.asks = next(self._question) if rows is None else self._question.send(rows)
        except StopIteration as end:
            self.asks = None
            self._given.append(end.value)

    @property
    def given(self) -> Given:
        if not self._given:
            raise ValueError("a question is answered when its flight has landed")
        return self._given[0]


class Flight:
    """Gathers questions and writes of a connection, and sends them together at the end of the block, in their order."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._answers: list[Answer[Any]] = []

    @property
    def dialect(self) -> Dialect:
        return self.connection.dialect

    def put(self, question: Question[Given]) -> Answer[Given]:
        answer = Answer(question)
        self._answers.append(answer)
        return answer

    def execute(self, statement: Any, parameters: Parameters, /) -> None:
        """Sends a statement whose rows nobody asks for."""
        self.put(_written(statement, parameters))

    def commit(self) -> None:
        """Commits what was put before. What is put after it sees what everybody sees, and is one statement: it travels
        with the others, outside of the transaction."""
        self.execute(_COMMIT, {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._land()

    def _land(self) -> None:
        """Sends what is asked, and what is asked upon the answers, until nothing is."""
        for answer in self._answers:
            answer.go_on(None)
        while open_ones := [answer for answer in self._answers if answer.asks is not None]:
            rows = _sent(self.connection, [answer.asks for answer in open_ones if answer.asks is not None])
            for answer, each in zip(open_ones, rows, strict=True):
                answer.go_on(each)


_COMMIT = sa.text("COMMIT")


def _written(statement: Any, parameters: Parameters) -> Question[None]:
    yield statement, parameters


def ask(connection: sa.Connection, question: Question[Given]) -> Given:
    """The answer to a question that travels alone."""
    with Flight(connection) as flight:
        answer = flight.put(question)
    return answer.given


def _sent(connection: sa.Connection, asked: Sequence[Asked]) -> list[Rows]:
    """The rows of each."""
    if connection.dialect.name == "sqlite":
        return [_alone(connection, statement, parameters) for statement, parameters in asked]
    raw = connection.connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(f"PostgreSQL is spoken to by psycopg, not by {type(raw)}")
    sending = [_compiled(statement).sending(parameters) for statement, parameters in asked]
    try:
        _tell(connection, sending)
        return pipeline.sent(raw, connection.info.setdefault("prepared", set()), sending)
    except BaseException as error:
        # One whose statements are stale is given up too: the next one makes them known anew.
        if raw.closed or getattr(error, "sqlstate", None) in STALE_SQLSTATES:
            connection.invalidate(error)
        if isinstance(error, psycopg.Error):
            raise _wrapped(connection, error) from error
        raise


def _alone(connection: sa.Connection, statement: Any, parameters: Parameters) -> Rows:
    result = connection.execute(statement, parameters)
    return result.all() if result.returns_rows else ()


def _tell(connection: sa.Connection, sending: Sequence[pipeline.Sending]) -> None:
    """Whoever listens to what SQLAlchemy sends hears of this too."""
    hearing, taking = connection.dispatch.before_cursor_execute, connection.dialect.dispatch.do_execute
    if not (hearing or taking):
        return
    for each in sending:
        text, values = each.statement.said, dict(zip(each.statement.binds, each.values, strict=True))
        for hear in hearing:
            hear(connection, None, text, values, None, False)
        for take in taking:
            take(None, text, values, connection)


def _wrapped(connection: sa.Connection, error: psycopg.Error) -> Exception:
    """The driver's error as SQLAlchemy says it."""
    return DBAPIError.instance(
        None,
        None,
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=connection.invalidated,
        dialect=connection.dialect,
    )


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement as PostgreSQL takes it. `binds`: its parameters in their order, with what makes them of values, and
    what stands where none is given."""

    statement: pipeline.Statement
    binds: tuple[tuple[str, Callable[[Any], Any] | None, object], ...]

    def sending(self, parameters: Parameters) -> pipeline.Sending:
        if not isinstance(parameters, Mapping):
            raise TypeError("many rows are one parameter a column")
        given = ((made, parameters.get(name, value)) for name, made, value in self.binds)
        return pipeline.Sending(self.statement, [value if made is None else made(value) for made, value in given])


_POSTGRES = sa.make_url("postgresql+psycopg://").get_dialect()()


@cache
def _compiled(statement: Any) -> _Compiled:
    compiled = statement.compile(dialect=_POSTGRES)
    known = pipeline.Statement.of(str(compiled))
    binds = [compiled.binds[name] for name in known.binds]
    made = [bind.type.dialect_impl(_POSTGRES).bind_processor(_POSTGRES) for bind in binds]
    return _Compiled(known, tuple(zip(known.binds, made, (bind.value for bind in binds), strict=True)))
