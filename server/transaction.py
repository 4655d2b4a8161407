"""Transactions that take revisions: where another one came between, tried again with the county locked first."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from server.center import Center
from server.push import OvertakenError, Push
from server.store import dialect, ledger
from server.store.flight import Question, ask
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
    return attempt(center, connection, partial(_county, center.settings.county), early=early)[0]


def _county(code: str | None) -> Question[tuple[County, None]]:
    return (yield from ledger.county_named(code)), None


def attempt(
    center: Center, connection: sa.Connection, opening: Callable[[], Question[tuple[County, Seen]]], *, early: bool
) -> tuple[Push, Seen]:
    """One attempt of a transaction, and what its opening saw beside the county; `early`: with the county locked first,
    so that nobody can change what the opening sees."""
    alone = dialect.writes_alone(connection)
    county, seen = ask(connection, opening())
    if early and not alone:
        ask(connection, ledger.locked(county.code))
        county, seen = ask(connection, opening())
    return Push(connection, county, center.units, center.clock(), early or alone), seen
