"""One sync: the caller's lines in, outcomes and a page of the caller's feed out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from server import pull
from server.asked import Asked, read_request
from server.center import Center
from server.problems import ProblemError
from server.pull import Plan, Read, Reader
from server.push import Lines, Push
from server.store import dialect, directory, ledger, log, tablets
from server.store.flight import Flight, Sender, ask
from server.store.log import LoggedEdit
from server.store.tablets import Caller
from server.transaction import attempt, retrying
from sync import cursor as cursors
from sync import stamps
from sync.admission import Wait
from sync.batch import Arrival, Decision
from sync.codes import Code, Result
from sync.cursor import Mark
from sync.edits import Edit, Unread
from sync.frames import AnswerHead, Outcome
from sync.lines import digest
from sync.stamps import stamp

_log = logging.getLogger("doorstep")


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


def exchange(center: Center, token: str, body: Callable[[], bytes]) -> Iterator[bytes]:
    """The lines of the answer to a sync request. Raises ProblemError before the first one.

    `body` unpacks the request's body, and is not called for a token that nobody holds."""
    asked = cache(lambda: read_request(body()))
    if dialect.writes_alone(center.engine):
        # Whoever nobody knows, and whatever takes long to read, must not keep the only writer waiting.
        with dialect.reading(center.engine) as connection:
            if ask(connection, tablets.opening(center.settings.county, token))[1] is None:
                raise ProblemError("token-unknown")
        asked()
    pushed = _push(center, token, asked)
    answer = AnswerHead(cursors.encode(pushed.mark), pushed.receipt, pushed.through, pushed.replay, pushed.outcomes)
    cursor = None if pushed.replay else asked().cursor
    return pull.pulled(center, pushed.reader, cursor, asked().head, answer, pushed.read)


# -- push


def _push(center: Center, token: str, asked: Callable[[], Asked]) -> Pushed:
    """The lines in one transaction; where that fails for good, line by line, so that one bad line blocks no other."""
    try:
        return _received(center, token, asked)
    except (ProblemError, ledger.NoCountyError):
        raise
    except Exception as error:
        if _is_unavailable(error) or not asked().lines:
            raise
        _log.exception("batch_failed", extra={"lines": len(asked().lines)})
    return _line_by_line(center, token, asked())


def _line_by_line(center: Center, token: str, asked: Asked) -> Pushed:
    outcomes: list[Outcome] = []
    pushed: Pushed | None = None
    for number in range(1, len(asked.lines) + 1):
        only = partial(asked.alone, number)
        try:
            pushed = _received(center, token, only, reads=False)
        except Exception as error:
            if _is_unavailable(error):
                raise
            _log.exception("line_failed")
            pushed = _received(center, token, only, reads=False, holds_all=True)
        outcomes += [replace(each, line=each.line and number) for each in pushed.outcomes]
    if pushed is None:
        raise ValueError("there is no line to take")
    return replace(pushed, outcomes=tuple(outcomes))


def _received(
    center: Center, token: str, asked: Callable[[], Asked], *, reads: bool = True, holds_all: bool = False
) -> Pushed:
    """What became of the lines in one transaction. `reads`: whether the caller's page is read along."""

    def work(connection: sa.Connection, early: bool) -> Pushed:
        push, caller = attempt(center, connection, partial(tablets.opening, center.settings.county, token), early=early)
        if caller is None:
            raise ProblemError("token-unknown")
        return _Reception(center, push, caller, asked(), holds_all=holds_all).receive(token, reads=reads)

    return retrying(center, work)


def _is_unavailable(error: Exception) -> bool:
    """Whether the fault is not with the lines: the tablet should send them again later."""
    return isinstance(error, SQLAlchemyError) and dialect.is_unavailable(error)


class _Reception:
    """Receives the lines of one request in one transaction."""

    def __init__(self, center: Center, push: Push, caller: Caller, asked: Asked, *, holds_all: bool) -> None:
        self.center, self.push, self.caller, self.asked = center, push, caller, asked
        self.head, self.lines = asked.head, asked.lines
        self.holds_all = holds_all
        self.county = push.county.code
        self.receipt = stamp(push.now_ms)
        self.loading = push.loading()
        names = {line.name for line in self.lines if line.name is not None}
        with Flight(push.connection) as flight:
            knows = flight.put(ledger.knows(push.county, asked.marks))
            known = flight.put(log.known(self.county, names))
            people = flight.put(directory.people(self.county, [caller.person]))
            self.loading.ask_ahead(flight, self.lines)
        self.replay, self.known = not knows.given, known.given
        self.person = people.given[caller.person]
        self.loading.world.people |= people.given

    def receive(self, token: str, *, reads: bool) -> Pushed:
        """Commits what became of the lines, and reads the caller's page."""
        if self.caller.revoked_at is not None and not self.lines:
            raise ProblemError("tablet-revoked")
        lines, known = self.lines, self.known
        first: dict[str, bytes] = {}
        for line in lines:
            if line.name is not None and line.by == self.caller.person:
                first.setdefault(line.name, line.line)
        work = self._work(first)
        county = self.push.county
        mark, through, decisions = county.mark, county.revision, dict[str, Decision]()
        with Flight(self.push.connection) as flight:
            if work.arrivals or work.strays:
                batch, book = self.push.put(flight, work, self.loading)
                mark, through, decisions = book.mark, book.revision, batch.decisions
            self._note(flight)
            flight.commit()
            # The scope is that of now: whoever waited for the county may have lost a key meanwhile.
            plan = self._plan() if reads else None
            page = None if plan is None else flight.put(plan.page)
        for decision in decisions.values():
            if decision.error is not None:
                _log.error("line_held", extra={"edit": decision.arrival.name, "error": decision.error})
        read = None if plan is None or page is None else Read.of(plan, page.given)
        outcomes = tuple(self._outcomes(lines, known, first, decisions))
        reader = Reader(token, county, self.person)
        return Pushed(outcomes, mark, through, self.replay, self.receipt, reader, read)

    def _work(self, first: dict[str, bytes]) -> Lines:
        """Those of the lines that are new. `first`: the lines by their names, of which each counts once."""
        read, known = self.lines, self.known
        strays = {digest(line.line): line.line for line in read if self._is_stray(line, known, first)}
        kept = log.strays(self.push.connection, self.county, strays)
        new = {line.name: line for line in reversed(read) if line.name in first and line.line == first[line.name]}
        return Lines(
            arrivals=self._arrivals([line for name, line in reversed(new.items()) if name not in known]),
            strays=[line for name, line in strays.items() if name not in kept],
            tablet=self.caller.tablet,
            author=self.caller.person,
        )

    def _plan(self) -> Plan | None:
        """What is read along with the commit. Nobody sees a feed whose tablet is revoked; and digests must be of one
        moment with their page."""
        if self.caller.revoked_at is not None or self.head.check:
            return None
        cursor = None if self.replay else self.asked.cursor
        return pull.planned(self.center, self.push.connection, self.push.county, self.person, cursor, self.head)

    def _is_stray(self, line: Edit | Unread, known: dict[str, LoggedEdit], first: dict[str, bytes]) -> bool:
        """Whether the line has no name of its own: none that can be read, one that other bytes bear, or one that is
        only its author's to take: the line may still come from them."""
        if line.name is None:
            return True
        if line.name in known and known[line.name].outcome.code == Code.ERASED:
            return False  # Whatever bytes bear an erased name, they are not to be kept.
        return line.line != (known[line.name].line if line.name in known else first.get(line.name))

    # -- dates

    def _arrivals(self, new: Sequence[Edit | Unread]) -> list[Arrival]:
        caller, head = self.caller, self.head
        floor = max(caller.enrolled_at, caller.owed_nothing_at or "")
        announced = caller.announced
        arrivals = []
        for line in new:
            at = line.at if line.at is not None and stamps.is_stamp(line.at) else self.receipt
            at = stamps.taken(at, head.now, self.receipt, floor)
            judged = max(min(at, self.receipt), caller.owed_nothing_at or "")
            if announced is not None and caller.last_now is not None and at <= caller.last_now:
                # Older than the last request: as many as that one announced may be, no more.
                judged = judged if announced > 0 else max(judged, caller.last_now)
                announced -= 1
            stamped = line.stamped(at) if isinstance(line, Edit) else replace(line, at=at)
            arrivals.append(Arrival(stamped, judged, self._verdict()))
        return arrivals

    def _verdict(self) -> Wait | None:
        """What is decided before any line is looked at."""
        if self.caller.revoked_at is not None:
            return Wait(Code.TABLET_REVOKED, None, frozenset())
        return Wait(Code.SERVER_ERROR, None, frozenset({"release"})) if self.holds_all else None

    def _note(self, sender: Sender) -> None:
        """Remembers what this request said of what is still owed."""
        now = None if self.replay else stamps.corrected_now(self.head.now, self.receipt)
        tablets.heard(sender, self.county, self.caller.tablet, self.receipt, now, self.head.owes)

    # -- outcomes

    def _outcomes(
        self,
        read: Sequence[Edit | Unread],
        known: dict[str, LoggedEdit],
        first: dict[str, bytes],
        decisions: dict[str, Decision],
    ) -> list[Outcome]:
        outcomes = []
        for number, line in enumerate(read, 1):
            if line.name is None:
                outcomes.append(Outcome(Result.REFUSED, line=number, code=line.code, field=line.field))
            elif self._is_stray(line, known, first):
                code, field = _why_stray(line, is_taken=line.name in known or line.name in first)
                place = number if code is Code.EDIT_REUSED else None
                outcomes.append(Outcome(Result.REFUSED, edit=line.name, line=place, code=code, field=field))
            elif line.name in decisions:
                decision = decisions[line.name]
                outcomes.append(log.as_outcome(decision, _moved(line, decision.arrival.line.at)))
            else:
                stored = known[line.name]
                outcomes.append(replace(stored.outcome, at=_moved(line, stored.stamp)))
        return outcomes


def _why_stray(line: Edit | Unread, *, is_taken: bool) -> tuple[Code, str | None]:
    """The code and the field of a line whose name is not its own."""
    if is_taken:
        return Code.EDIT_REUSED, None
    if isinstance(line, Unread) and not line.held:
        return line.code, line.field
    return Code.NOT_ALLOWED, "by"


def _moved(line: Edit | Unread, taken: str | None) -> str | None:
    """The stamp that was taken, where it is not the one that the line says."""
    return taken if isinstance(line, Edit) and taken != line.at else None
