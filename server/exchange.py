"""One sync: the caller's lines in, outcomes and a page of the caller's feed out."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError

from schemas.catalog import CATALOG
from server import pull
from server.center import Center
from server.problems import ProblemError
from server.push import Lines, Push
from server.store import dialect, ledger, log, tablets
from server.store.log import LoggedEdit
from server.store.tables import tablet
from server.store.tablets import Caller
from server.transaction import pushing
from sync import cursor as cursors
from sync import edits, frames, stamps
from sync.admission import Wait
from sync.batch import Arrival, Decision
from sync.codes import Code, Result
from sync.cursor import Cursor, CursorUnknownError, Mark
from sync.edits import Edit, Unread
from sync.frames import AnswerHead, Outcome, RequestHead
from sync.limits import LINE_BYTES_MAX
from sync.lines import digest
from sync.stamps import stamp

_log = logging.getLogger("doorstep")


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a request's lines, in their order; `through`: the revision at which the feed holds them."""

    outcomes: tuple[Outcome, ...]
    mark: Mark
    through: int
    replay: bool
    receipt: str


def check_token(center: Center, token: str) -> None:
    """Raises ProblemError token-unknown where no tablet holds the token."""
    with dialect.reading(center.engine) as connection:
        if tablets.caller(connection, center.county(connection).code, token) is None:
            raise ProblemError("token-unknown")


def exchange(center: Center, token: str, body: bytes) -> Iterator[bytes]:
    """The lines of the answer to a sync request. Raises ProblemError before the first one."""
    head, edit_lines = _request(body)
    cursor, marks = _positions(head)
    pushed, caller = _push(center, token, head, edit_lines, marks)
    answer = AnswerHead(cursors.encode(pushed.mark), pushed.receipt, pushed.through, pushed.replay, pushed.outcomes)
    if caller.revoked_at is not None:
        return pull.nothing_more(head, answer)
    return pull.pulled(center, caller, None if pushed.replay else cursor, head, answer)


def _request(body: bytes) -> tuple[RequestHead, list[bytes]]:
    try:
        return frames.read_request(body)
    except frames.RequestTooLargeError as error:
        raise ProblemError("too-large") from error
    except frames.FrameMalformedError as error:
        raise ProblemError("malformed", error.field) from error


def _positions(head: RequestHead) -> tuple[Cursor | None, list[Mark]]:
    try:
        cursor = None if head.cursor is None else cursors.cursor(head.cursor)
        marks = [] if head.mark is None else [cursors.mark(head.mark)]
    except CursorUnknownError as error:
        raise ProblemError("cursor-unknown") from error
    return cursor, marks if cursor is None else [*marks, cursor.mark]


# -- push


def _push(
    center: Center, token: str, head: RequestHead, edit_lines: Sequence[bytes], marks: list[Mark]
) -> tuple[Pushed, Caller]:
    """The lines in one transaction; where that fails for good, line by line, so that one bad line blocks no other."""

    def work(push: Push) -> tuple[Pushed, Caller]:
        return _Reception(push, token, head, marks).receive(edit_lines)

    try:
        return pushing(center, work)
    except (ProblemError, ledger.NoCountyError):
        raise
    except Exception as error:
        if not edit_lines or _is_unavailable(error):
            raise
        _log.exception("batch_failed", extra={"lines": len(edit_lines)})
    return _line_by_line(center, token, head, edit_lines, marks)


def _line_by_line(
    center: Center, token: str, head: RequestHead, edit_lines: Sequence[bytes], marks: list[Mark]
) -> tuple[Pushed, Caller]:
    outcomes: list[Outcome] = []
    answered: tuple[Pushed, Caller] | None = None
    for number, line in enumerate(edit_lines, 1):
        owed = replace(head, owes=head.owes + len(edit_lines) - number)

        def work(push: Push, line: bytes = line, owed: RequestHead = owed) -> tuple[Pushed, Caller]:
            return _Reception(push, token, owed, marks).receive([line])

        def hold(push: Push, line: bytes = line, owed: RequestHead = owed) -> tuple[Pushed, Caller]:
            return _Reception(push, token, owed, marks, holds_all=True).receive([line])

        try:
            answered = pushing(center, work)
        except Exception as error:
            if _is_unavailable(error):
                raise
            _log.exception("line_failed")
            answered = pushing(center, hold)
        outcomes += [replace(each, line=each.line and number) for each in answered[0].outcomes]
    if answered is None:
        raise ValueError("there is no line to take")
    return replace(answered[0], outcomes=tuple(outcomes)), answered[1]


def _is_unavailable(error: Exception) -> bool:
    """Whether the fault is not with the lines: the tablet should send them again later."""
    return isinstance(error, SQLAlchemyError) and dialect.is_unavailable(error)


class _Reception:
    """Receives the lines of one request in one transaction."""

    def __init__(
        self, push: Push, token: str, head: RequestHead, marks: list[Mark], *, holds_all: bool = False
    ) -> None:
        self.push, self.head, self.holds_all = push, head, holds_all
        self.county = push.county.code
        self.receipt = stamp(push.now_ms)
        caller = tablets.caller(push.connection, self.county, token)
        if caller is None:
            raise ProblemError("token-unknown")
        self.caller = caller
        self.replay = not ledger.knows(push.connection, self.county, marks)

    def receive(self, edit_lines: Sequence[bytes]) -> tuple[Pushed, Caller]:
        if self.caller.revoked_at is not None and not edit_lines:
            raise ProblemError("tablet-revoked")
        county = self.push.county
        outcomes: list[Outcome] = []
        mark, through = county.mark, county.revision
        if edit_lines:
            outcomes, mark, through = self._receive(edit_lines)
        self._note()
        return Pushed(tuple(outcomes), mark, through, self.replay, self.receipt), self.caller

    def _receive(self, edit_lines: Sequence[bytes]) -> tuple[list[Outcome], Mark, int]:
        read = [self._read(line) for line in edit_lines]
        connection = self.push.connection
        known = log.known(connection, self.county, {line.name for line in read if line.name is not None})
        first: dict[str, bytes] = {}
        for line in read:
            if line.name is not None and line.by == self.caller.person:
                first.setdefault(line.name, line.line)
        strays = {digest(line.line): line.line for line in read if self._is_stray(line, known, first)}
        kept = log.strays(connection, self.county, strays)
        new = {line.name: line for line in reversed(read) if line.name in first and line.line == first[line.name]}
        arrivals = self._arrivals([line for name, line in reversed(new.items()) if name not in known])
        lines = Lines(
            arrivals=arrivals,
            strays=[line for name, line in strays.items() if name not in kept],
            tablet=self.caller.tablet,
            author=self.caller.person,
        )
        if not lines.arrivals and not lines.strays:
            county = self.push.county
            return self._outcomes(read, known, first, {}), county.mark, county.revision
        batch, book = self.push.work(lines)
        for decision in batch.decisions.values():
            if decision.error is not None:
                _log.error("line_held", extra={"edit": decision.arrival.name, "error": decision.error})
        return self._outcomes(read, known, first, batch.decisions), book.mark, book.revision

    def _read(self, line: bytes) -> Edit | Unread:
        if len(line) > LINE_BYTES_MAX:
            return Unread(Code.LINE_TOO_LONG, line)
        return edits.read(line, CATALOG)

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

    def _note(self) -> None:
        """Remembers what this request said of what is still owed."""
        head = self.head
        now = stamps.corrected_now(head.now, self.receipt)
        columns: dict[str, object] = {"last_sync": self.receipt}
        if not self.replay:
            columns |= {"last_now": tablets.latest(tablet.c.last_now, now), "announced": head.owes}
            if head.owes == 0:
                columns["owed_nothing_at"] = tablets.latest(tablet.c.owed_nothing_at, now)
        tablets.heard(self.push.connection, self.county, self.caller.tablet, columns)

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
