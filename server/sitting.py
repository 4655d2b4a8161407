"""One transaction of one request or of some: who asks, what is new, what became of it, the page of each."""

import logging
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import sqlalchemy as sa

from server import pull
from server.asked import Asked
from server.center import Center
from server.loading import Loading
from server.problems import ProblemError
from server.pull import Plan, Read, Reader
from server.push import Lines, Push
from server.reception import Reception
from server.store import directory, ledger, log, tablets
from server.store.flight import Flight
from server.store.tablets import Caller
from server.transaction import attempt, retrying
from sync.batch import Decision
from sync.cursor import Mark
from sync.frames import Outcome

_log = logging.getLogger("doorstep")


@dataclass(frozen=True, slots=True)
class Call:
    """A sync request: the token that it bears, and what it says, which is not read before somebody holds the token."""

    token: str
    asked: Callable[[], Asked | ProblemError]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a request's lines, in their order; `through`: the revision at which the feed holds them. Who pulls
    then, and what was read for them on the way."""

    outcomes: tuple[Outcome, ...]
    mark: Mark
    through: int
    replay: bool
    receipt: str
    reader: Reader
    read: Read | None


class NotTogetherError(Exception):
    """Something is special about one of several requests: each goes by itself."""


def received(
    center: Center, calls: Sequence[Call], *, reads: bool = True, holds_all: bool = False
) -> list[Pushed | ProblemError]:
    """What became of each call's lines in one transaction, and the callers' pages, if it `reads` them along.

    `holds_all`: whether the lines are held unread. Raises NotTogetherError, never for one call alone; for such a one
    ProblemError: tablet-revoked."""

    def opening() -> list[tablets.Opening]:
        return [tablets.opening(center.settings.county, call.token) for call in calls]

    def work(connection: sa.Connection, early: bool) -> list[Pushed | ProblemError]:
        push, callers = attempt(center, connection, opening, early=early)
        met = [_met(push, call, caller, holds_all) for call, caller in zip(calls, callers, strict=True)]
        receptions = [each for each in met if isinstance(each, Reception)]
        pushed = iter(_Sitting(center, push, receptions).received(reads=reads) if receptions else ())
        return [next(pushed) if isinstance(each, Reception) else each for each in met]

    return retrying(center, work)


def _met(push: Push, call: Call, caller: Caller | None, holds_all: bool) -> Reception | ProblemError:
    """Who calls, and what they say."""
    if caller is None:
        return ProblemError("token-unknown")
    asked = call.asked()
    if isinstance(asked, ProblemError):
        return asked
    return Reception(call.token, push, caller, asked, holds_all)


class _Sitting:
    """Receives some requests in one transaction. Raises NotTogetherError where they cannot go together."""

    def __init__(self, center: Center, push: Push, receptions: Sequence[Reception]) -> None:
        self.center, self.push, self.receptions = center, push, receptions
        self.loading = self._loaded()

    def _loaded(self) -> Loading:
        """Asks all that is to be known beforehand, and tells the receptions of it."""
        county, loading = self.push.county, self.push.loading()
        if len(self.receptions) > 1:  # One alone need not be looked through.
            self._check_together(all(each.is_plain for each in self.receptions))
            self._check_together(_are_apart([{each.caller.tablet} for each in self.receptions]))
            self._check_together(_are_apart([each.subjects for each in self.receptions]))
        lines = [line for each in self.receptions for line in each.asked.lines]
        names = {line.name for line in lines if line.name is not None}
        with Flight(self.push.connection) as flight:
            marks = flight.put(
                ledger.known_marks(county, [mark for each in self.receptions for mark in each.asked.marks])
            )
            known = flight.put(log.known(county.code, names))
            people = flight.put(directory.people(county.code, [each.caller.person for each in self.receptions]))
            loading.ask_ahead(flight, lines)
        for each in self.receptions:
            each.learn(people.given[each.caller.person], marks.given, known.given)
            if each.is_turned_away:
                raise ProblemError("tablet-revoked")
        loading.world.people |= people.given
        self._check_together(not loading.somebody_waits)
        return loading

    def _check_together(self, fits: bool) -> None:
        if len(self.receptions) > 1 and not fits:
            raise NotTogetherError

    def received(self, *, reads: bool) -> list[Pushed]:
        """Commits what became of the lines, and reads the callers' pages."""
        county, decisions = self.push.county, dict[str, Decision]()
        mark, through = county.mark, county.revision
        lines = self._lines()
        with Flight(self.push.connection) as flight:
            if lines.arrivals or lines.strays:
                batch, book = self.push.put(flight, lines, self.loading)
                mark, through, decisions = book.mark, book.revision, batch.decisions
            # In one order, whoever works: of two who wait for one another's tablets nobody would go on.
            for each in sorted(self.receptions, key=lambda each: each.caller.tablet):
                each.note(flight)
            flight.commit()
            # The scopes are those of now: whoever waited for the county may have lost a key meanwhile.
            plans = [self._plan(each) if reads else None for each in self.receptions]
            pages = [None if plan is None else flight.put(plan.page) for plan in plans]
        for decision in decisions.values():
            if decision.error is not None:
                _log.error("line_held", extra={"edit": decision.arrival.name, "error": decision.error})
        return [
            Pushed(
                outcomes=tuple(each.outcomes(decisions)),
                mark=mark,
                through=through,
                replay=each.replay,
                receipt=each.receipt,
                reader=Reader(each.token, county, each.person),
                read=None if plan is None or page is None else Read.of(plan, page.given),
            )
            for each, plan, page in zip(self.receptions, plans, pages, strict=True)
        ]

    def _lines(self) -> Lines:
        """What is new in all of them."""
        parts = [each.work() for each in self.receptions]
        self._check_together(not any(part.strays for part in parts))
        if len(parts) == 1:
            return parts[0]
        return Lines(
            arrivals=[arrival for part in parts for arrival in part.arrivals],
            tablets={name: tablet for part in parts for name, tablet in part.tablets.items()},
        )

    def _plan(self, reception: Reception) -> Plan | None:
        """What is read along with the commit. Nobody sees a feed whose tablet is revoked; and digests must be of one
        moment with their page."""
        head = reception.asked.head
        if reception.caller.revoked_at is not None or head.check:
            return None
        push = self.push
        return pull.planned(self.center, push.connection, push.county, reception.person, reception.cursor, head)


def _are_apart(sets: Sequence[AbstractSet[str]]) -> bool:
    """Whether nothing is in two of the sets."""
    return len(frozenset[str]().union(*sets)) == sum(map(len, sets))
