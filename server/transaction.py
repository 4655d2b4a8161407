"""Transactions that take revisions: where another one came between, tried again with the county locked first."""

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from server.center import Center
from server.push import OvertakenError, Push
from server.store import dialect, ledger
from server.store.flight import ask
from server.store.ledger import County

TRIES_MAX = 6

Answer = TypeVar("Answer")


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
    return attempt(center, connection, center.county(connection), early=early)


def attempt(center: Center, connection: sa.Connection, county: County, *, early: bool) -> Push:
    """One attempt of a transaction; `early`: with the county locked first. `county`: as the transaction sees it."""
    alone = dialect.writes_alone(connection)
    if early and not alone:
        county = ask(connection, ledger.locked(county.code))
    return Push(connection, county, center.units, center.clock(), early or alone)
