"""One sync: the caller's lines in, outcomes and a page of the caller's feed out.

Those who come while a process is at work on others go together into its next transaction, where nothing is special
about any of them: what a transaction costs is paid once. Within a batch nothing depends on the order of the lines.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from sqlalchemy.exc import SQLAlchemyError

from server import pull, sitting
from server.asked import Asked, read_request
from server.center import Center
from server.problems import ProblemError
from server.sitting import Call, NotTogetherError, Pushed
from server.store import dialect, ledger, tablets
from server.store.flight import ask
from server.turns import given
from sync import cursor as cursors
from sync.frames import AnswerHead, Outcome

_log = logging.getLogger("doorstep")


def exchange(center: Center, token: str, body: Callable[[], bytes], size: int = 0) -> Iterator[bytes]:
    """The lines of the answer to a sync request of `size` bytes. Raises ProblemError before the first one.

    `body` unpacks the request's body, and is not called for a token that nobody holds."""
    call = Call(token, cache(partial(_read, body)))
    if dialect.writes_alone(center.engine):
        # Whoever nobody knows, and whatever takes long to read, must not keep the only writer waiting.
        with dialect.reading(center.engine) as connection:
            if ask(connection, tablets.opening(center.settings.county, token))[1] is None:
                raise ProblemError("token-unknown")
        given(call.asked())
    pushed = _pushed(center, call, size)
    asked = given(call.asked())
    answer = AnswerHead(cursors.encode(pushed.mark), pushed.receipt, pushed.through, pushed.replay, pushed.outcomes)
    cursor = None if pushed.replay else asked.cursor
    return pull.pulled(center, pushed.reader, cursor, asked.head, answer, pushed.read)


def _read(body: Callable[[], bytes]) -> Asked | ProblemError:
    """What a body says. A problem is kept like anything else: a body is unpacked once."""
    try:
        return read_request(body())
    except ProblemError as problem:
        return problem


# -- from a call to what became of it


def _pushed(center: Center, call: Call, size: int) -> Pushed:
    """The lines in one transaction, with those of others who came meanwhile; where that fails for good, line by line,
    so that one bad line blocks no other."""
    try:
        pushed: Pushed = center.turns.take(call, size, partial(_answered, center))
        return pushed
    except ProblemError:
        raise
    except Exception as error:
        if _is_unavailable(error):
            raise
        asked = given(call.asked())
        if not asked.lines:
            raise
        _log.exception("batch_failed", extra={"lines": len(asked.lines)})
    return _line_by_line(center, call.token, asked)


def _answered(center: Center, calls: Sequence[Call]) -> Sequence[Pushed | Exception] | None:
    """All calls of a turn in one transaction; None where that cannot be, and each is to go by itself."""
    try:
        return sitting.received(center, calls)
    except NotTogetherError:
        return None
    except Exception as error:  # noqa: BLE001 - if it is one call's own, it comes again when that goes by itself
        if len(calls) == 1 or _is_unavailable(error):
            return [error] * len(calls)
        _log.exception("turn_failed", extra={"calls": len(calls)})
        return None


def _line_by_line(center: Center, token: str, asked: Asked) -> Pushed:
    outcomes: list[Outcome] = []
    pushed: Pushed | None = None
    for number in range(1, len(asked.lines) + 1):
        only = Call(token, partial(asked.alone, number))
        try:
            pushed = _alone(center, only, holds_all=False)
        except Exception as error:
            if _is_unavailable(error):
                raise
            _log.exception("line_failed")
            pushed = _alone(center, only, holds_all=True)
        outcomes += [replace(each, line=each.line and number) for each in pushed.outcomes]
    if pushed is None:
        raise ValueError("there is no line to take")
    return replace(pushed, outcomes=tuple(outcomes))


def _alone(center: Center, call: Call, *, holds_all: bool) -> Pushed:
    """What became of one line; no page is read along."""
    [pushed] = sitting.received(center, [call], reads=False, holds_all=holds_all)
    return given(pushed)


def _is_unavailable(error: Exception) -> bool:
    """Whether the fault is not with the lines: the tablet should send them again later."""
    if isinstance(error, SQLAlchemyError):
        return dialect.is_unavailable(error)
    return isinstance(error, ledger.NoCountyError)
