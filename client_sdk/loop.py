"""The sync loop: requests until nothing waits here and nothing more is to come, whatever the way there is like."""

import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from client_sdk.acquaintance import remember
from client_sdk.application import Applied, apply, end_replay, restart
from client_sdk.desk import Desk
from client_sdk.errors import CenterError, EnrolAgainError, RevokedError, StoreError
from client_sdk.failures import (
    AnswerTimeoutError,
    BrokenAnswerError,
    ProblemError,
    RequestError,
    UnreachableError,
)
from client_sdk.outbox import Line
from client_sdk.report import Progress, SyncProgress, SyncReport
from client_sdk.schema import Meta
from client_sdk.standing import Standing, standing
from client_sdk.transport import Answer, Transport, scope_keys
from client_sdk.turn import is_full
from sync import backoff
from sync.cursor import CURSOR_BYTES_MAX
from sync.frames import RequestHead, request
from sync.limits import EDITS_PER_REQUEST_MAX, PAGE_ROWS_MAX, REQUEST_BYTES_MAX

LINES_BYTES_MAX = REQUEST_BYTES_MAX - CURSOR_BYTES_MAX - 4096
"""Of the edit lines in one request; the rest is for its head."""
FAILURES_MAX = 4
"""Failures in a row after which a sync gives up, to be tried again later."""
BACK_OFF_FIRST_S = 1.0
BACK_OFF_MAX_S = 30.0
RETRY_AFTER_MAX_S = 60.0
"""The longest that one sync waits because the center asked it to; beyond, it ends and says so."""
RESTARTS_MAX = 3
"""How often one sync begins the feed anew before it takes the center to be broken."""
STANDSTILLS_MAX = 3
"""How many answers in a row may bring and take nothing, yet say that there is more."""
ROWS_PER_PROGRESS = 50
CHECK_EVERY_MS = 24 * 60 * 60 * 1000
"""How often a sync compares what the tablet has with what the center says it should have."""
REPAIRS_MAX = 2
"""How often one sync reads keys once more that had drifted; the next sync compares again."""

_log = logging.getLogger(__name__)

Sleep = Callable[[float], object]
"""Waits so many seconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """`stood` is where the store stood when it was made."""

    stood: Standing
    head: RequestHead
    lines: tuple[Line, ...]


def back_off_s(failures: int, jitter: float, most_s: float = BACK_OFF_MAX_S) -> float:
    """How long a tablet waits after so many failures in a row."""
    return backoff.wait_s(failures, jitter, first_s=BACK_OFF_FIRST_S, most_s=most_s)


def jitter() -> float:
    """A random number within [0, 1): so that tablets that failed together do not come back together."""
    return secrets.SystemRandom().random()


class Loop:
    """Syncs one store, for one thread at a time. Remembers what size of request went through for the next sync."""

    def __init__(
        self, desk: Desk, transport: Transport, *, sleep: Sleep = time.sleep, jitter: Callable[[], float] = jitter
    ) -> None:
        self._desk, self._transport, self._sleep, self._jitter = desk, transport, sleep, jitter
        self.lines_max = EDITS_PER_REQUEST_MAX
        self.rows_max = PAGE_ROWS_MAX
        self._failures = 0
        self._restarts = 0
        self._standstills = 0
        self._repairs = 0
        self._knows_county = desk.store.meta(Meta.COUNTY) is not None

    def run(self, progress: Progress) -> SyncReport:
        """Raises OfflineError, CertificateUntrustedError, AuthorityFileError, AddressWrongError, CenterError,
        EnrolAgainError, RevokedError; everything that came whole is kept."""
        self._failures = self._restarts = self._standstills = self._repairs = 0
        total = SyncReport()
        is_done = False
        while not is_done:
            prepared = self._prepare()
            answer = self._exchange(prepared, total, progress)
            if answer is None:
                continue
            self._failures = 0
            applied = apply(self._desk, prepared.stood, prepared.lines, answer)
            if applied is None:
                continue
            self._repairs += bool(prepared.head.again)
            total += applied.report
            if applied.has_erased:
                self._desk.store.forget()
            self._look_out(prepared, answer, applied)
            progress(SyncProgress(total.sent, total.sent + self._desk.outbox.waiting(), total.received))
            is_done = applied.is_done and not applied.is_revoked and self._has_caught_up(prepared, answer)
        self.lines_max = min(self.lines_max * 2, EDITS_PER_REQUEST_MAX)
        self.rows_max = min(self.rows_max * 2, PAGE_ROWS_MAX)
        self._learn_county()
        _log.info("sync_done", extra={"sent": total.sent, "received": total.received, "refused": total.refused})
        return total

    def _prepare(self) -> Request:
        try:
            return self._made(self._desk.clock.tick)
        except StoreError as error:
            if not is_full(error):
                raise
            # What waits can still be handed over.
            return self._made(self._desk.clock.peek)

    def _made(self, stamp: Callable[[], str]) -> Request:
        """The next request. One transaction: an edit saved later has a later stamp, and was not counted."""
        store, outbox = self._desk.store, self._desk.outbox
        with store.transaction():
            stood = standing(store)
            lines = outbox.next(self.lines_max, LINES_BYTES_MAX)
            head = RequestHead(
                cursor=stood.cursor,
                mark=stood.mark,
                owes=outbox.waiting() - len(lines),
                now=stamp(),
                want=self.rows_max,
                check=self._repairs + bool(stood.again) < REPAIRS_MAX and self._is_check_due(),
                again=stood.again,
            )
            return Request(stood, head, tuple(lines))

    def _has_moved(self, prepared: Request) -> bool:
        """Whether the store stands elsewhere than the request says. Raises RevokedError where it was wiped."""
        return standing(self._desk.store) != prepared.stood

    def _is_check_due(self) -> bool:
        checked_ms = self._desk.store.number(Meta.CHECKED_MS)
        return abs(self._desk.clock.now_ms() - checked_ms) >= CHECK_EVERY_MS

    def _exchange(self, prepared: Request, total: SyncReport, progress: Progress) -> Answer | None:
        """The answer, or None where the request is to be made anew: smaller, later, or from another cursor."""
        to_send = total.sent + len(prepared.lines) + prepared.head.owes

        def on_rows(count: int) -> None:
            if count % ROWS_PER_PROGRESS == 0:
                progress(SyncProgress(total.sent, to_send, total.received + count))

        progress(SyncProgress(total.sent, to_send, total.received))
        body = request(prepared.head, (line.line for line in prepared.lines))
        try:
            return self._transport.sync(prepared.stood.token, body, self._desk.clock.raw, on_rows)
        except UnreachableError as error:
            raise error.said from error
        except AnswerTimeoutError as error:
            self._halve(prepared)
            self.rows_max = max(self.rows_max // 2, 1)
            self._wait(error)
        except BrokenAnswerError as error:
            self._wait(error)
        except ProblemError as problem:
            self._solve(problem, prepared)
        return None

    def _has_caught_up(self, prepared: Request, answer: Answer) -> bool:
        """Ends a replay, where one has brought all that it will. False where something was saved meanwhile."""
        if self._desk.store.meta(Meta.REPLAYING) is None:
            return True
        try:
            scope = scope_keys(self._transport.me(prepared.stood.token))
        except RequestError as error:
            if isinstance(error, ProblemError) and error.code in ("tablet-revoked", "token-unknown"):
                self._restarts += 1  # Lest a center that says so here and not there be asked for ever.
                return False  # The next request hears it too: nothing is set aside for whoever is to have nothing.
            scope = None  # Then whatever did not come is set aside, wherever it stood.
        return end_replay(self._desk, answer.last.cursor, scope)

    def _learn_county(self) -> None:
        """A store that was enrolled before centers said which county they serve hears it once."""
        if self._knows_county:
            return
        self._knows_county = True  # A center of an older release does not say: each opening asks it once.
        with suppress(RequestError):
            remember(self._desk, self._transport.me(standing(self._desk.store).token))

    def _halve(self, prepared: Request) -> bool:
        """Whether the next request can be smaller than this one."""
        self.lines_max = max(len(prepared.lines) // 2, 1)
        return len(prepared.lines) > 1

    def _wait(self, error: RequestError) -> None:
        """Waits before the next attempt, or raises what the error says where there were enough."""
        self._failures += 1
        asked_s = error.said.retry_after_s or 0
        if self._failures >= FAILURES_MAX or asked_s > RETRY_AFTER_MAX_S:
            raise error.said from error
        self._sleep(max(back_off_s(self._failures, self._jitter()), asked_s))

    def _solve(self, problem: ProblemError, prepared: Request) -> None:
        """Returns where another request may do better; raises what the caller of the sync must know."""
        match problem.code:
            case "too-large":
                if not self._halve(prepared):
                    raise problem.said from problem
            case "slow-down" | "unavailable" | "internal":
                self._wait(problem)
            case "cursor-unknown" | "token-unknown" | "tablet-revoked" if self._has_moved(prepared):
                pass  # Said of what the store no longer is.
            case "cursor-unknown":
                self._begin_again(problem)
            case "token-unknown":
                raise EnrolAgainError from problem
            case "tablet-revoked":
                self._leave(prepared)
            case _:
                raise problem.said from problem

    def _begin_again(self, problem: ProblemError) -> None:
        """Drops the cursor; if that was not it, the mark too: then nothing tells of a restore, so all is sent again."""
        self._restarts += 1
        if self._restarts > 2:
            raise problem.said
        with self._desk.store.transaction():
            restart(self._desk, send_again=self._restarts > 1)
            if self._restarts > 1:
                self._desk.store.put_meta(Meta.MARK, None)

    def _leave(self, prepared: Request) -> None:
        """The tablet is revoked. What it owes goes first; then nothing stays on it."""
        store = self._desk.store
        if prepared.lines:
            raise RevokedError(wiped=False)
        with store.transaction():
            owes_nothing = not self._has_moved(prepared) and not self._desk.outbox.waiting()
            if owes_nothing:
                store.wipe()
        if owes_nothing:
            store.forget()
            _log.warning("tablet_wiped")
            raise RevokedError(wiped=True)

    def _look_out(self, prepared: Request, answer: Answer, applied: Applied) -> None:
        """Raises CenterError where the center leads in circles. What it sent is kept."""
        self._restarts += answer.head.replay
        stands_still = not prepared.lines and not answer.parts and answer.last.cursor == prepared.head.cursor
        self._standstills = self._standstills + 1 if stands_still and not applied.is_done else 0
        if self._restarts > RESTARTS_MAX or self._standstills >= STANDSTILLS_MAX:
            raise CenterError(
                "no-progress",
                zh="同步没有进展，已停下；内容都已保留，请联系管理员",
                en="The sync made no progress and has stopped. Everything is kept; tell your administrator",
            )
