"""Transactions that take revisions: where another one came between, tried again with the county locked first."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from server.center import Center
from server.push import OvertakenError, Push
from server.store import dialect, ledger
from server.store.flight import Flight, Question, ask
from server.store.ledger import County

TRIES_MAX = 6

Answer = TypeVar("Answer")
Seen = TypeVar("Seen")


def pushing(center: Center, work: Callable[[Push], Answer]) -> Answer:
    """Runs `work` in one transaction and commits it. From the second try on nothing can overtake it."""
    return retrying(center, lambda connection, again: work(attempt_of(center, connection, early=again)))


def retrying(center: Center, work: Callable[[sa.Connection, bool], Answer]) -> Answer:
    """Runs `work` in one transaction and commits it, and tries again where another one came between. `work` is told
    whether this is another try."""
    for attempt in range(1, TRIES_MAX + 1):
        try:
            with dialect.writing(center.engine) as connection:
                return work(connection, attempt > 1)
        except OvertakenError:
            continue
        except DBAPIError as error:
            if attempt == TRIES_MAX or not dialect.is_retryable(error):
                raise
    raise AssertionError("with the county locked first nothing overtakes a transaction")


def attempt_of(center: Center, connection: sa.Connection, *, early: bool) -> Push:
    return attempt(center, connection, lambda: [_county(center.settings.county)], early=early)[0]


def _county(code: str | None) -> Question[tuple[County, None]]:
    return (yield from ledger.county_named(code)), None


def attempt(
    center: Center,
    connection: sa.Connection,
    opening: Callable[[], Sequence[Question[tuple[County, Seen]]]],
    *,
    early: bool,
) -> tuple[Push, list[Seen]]:
    """One attempt of a transaction, and what its opening saw beside the county, of one question or more; `early`: with
    the county locked first, so that nobody can change what the opening sees."""
    alone = dialect.writes_alone(connection)
    county, seen = _opened(connection, opening())
    if early and not alone:
        ask(connection, ledger.locked(county.code))
        county, seen = _opened(connection, opening())
    return Push(connection, county, center.units, center.clock(), early or alone), seen


def _opened(connection: sa.Connection, opening: Sequence[Question[tuple[County, Seen]]]) -> tuple[County, list[Seen]]:
    """The county as the first question saw it: whatever came after that is found out when it is locked."""
    with Flight(connection) as flight:
        answers = [flight.put(question) for question in opening]
    return answers[0].given[0], [answer.given[1] for answer in answers]
