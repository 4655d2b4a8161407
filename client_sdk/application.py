"""An answer of the center, taken into the store: all of it in one transaction, or none of it."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from client_sdk.desk import Desk
from client_sdk.outbox import Line
from client_sdk.report import SyncReport
from client_sdk.schema import Meta, State
from client_sdk.standing import Standing, standing
from client_sdk.transport import Answer
from client_sdk.values import instant_of_ms
from client_sdk.views import Name
from sync import stamps
from sync.answers import ERASED
from sync.codes import Code, Result
from sync.digests import drifted
from sync.frames import Outcome, Row, ScopeLost
from sync.limits import HEAD_BYTES_MAX

AGAIN_BYTES_MAX = HEAD_BYTES_MAX // 4

_log = logging.getLogger(__name__)


_AS_TOLD: Mapping[Result, frozenset[State]] = {
    Result.APPLIED: frozenset({State.ACKED, State.ERASED}),
    Result.CONFLICT: frozenset({State.ACKED, State.ERASED}),
    Result.REFUSED: frozenset({State.DISCARDED, State.ERASED}),
    Result.HELD: frozenset({State.ERASED}),
}
"""In which states of an edit its held record, which says this result, tells nothing new, whatever its reason. A
restored center may have forgotten its decision, and holds once more what was refused or applied here."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an answer brought. `is_done`: nothing more to fetch and nothing more to send. `is_revoked`: the center held
    lines because the tablet is revoked. `has_erased`: something is to leave no trace on the tablet."""

    report: SyncReport
    is_done: bool
    is_revoked: bool
    has_erased: bool


def apply(desk: Desk, stood: Standing, sent: Sequence[Line], answer: Answer) -> Applied | None:
    """Takes a whole answer to a request that carried `sent`, made where the store stood. Where it stands elsewhere by
    now (another process has synced or enrolled), nothing is taken: gives None. Raises RevokedError where it was wiped.
    """
    with desk.store.transaction():
        return _Application(desk, answer).apply(sent) if standing(desk.store) == stood else None


class _Application:
    def __init__(self, desk: Desk, answer: Answer) -> None:
        self.desk, self.answer = desk, answer
        self.clock_ms = stamps.milliseconds(answer.head.clock)
        self.touched: set[Name] = set()
        self.generation = 0
        self.results: list[Result] = []
        self.keys = set(desk.scope)

    def apply(self, sent: Sequence[Line]) -> Applied:
        if self.answer.head.replay:
            restart(self.desk, send_again=True)
        self.generation = self.desk.store.number(Meta.GENERATION)
        # Outcomes before rows: a page may hold our own edits.
        outcomes = self._outcomes(sent)
        for part in self.answer.parts:
            self._part(part)
        if not self.answer.last.more:
            self.touched.update(self.desk.views.drop_doubted())
        # Asked of every page, the last one or not: what was to be read again is being read.
        has_drifted = self._has_drifted()
        is_done = not self.answer.last.more and not has_drifted and not self.desk.outbox.waiting()
        if not self.answer.last.more:
            self.touched.update(self.desk.outbox.pass_through(self.answer.last.revision))
        self.touched.update(self.desk.views.drop_left())
        self.desk.views.refresh(self.touched)
        self.desk.outbox.prune(self.clock_ms)
        self._note(is_done=is_done)
        return Applied(
            self._report(len(sent)),
            is_done,
            is_revoked=any(each.code == Code.TABLET_REVOKED for each in outcomes),
            has_erased=any(each.code == Code.ERASED for each in outcomes)
            or any(isinstance(part, Row) and part.gone == ERASED for part in self.answer.parts),
        )

    def _has_drifted(self) -> bool:
        """Compares the digests, where the center gave them. The keys that differ are to be read once more; then it is
        told whether that has helped."""
        store, views = self.desk.store, self.desk.views
        store.put_meta(Meta.AGAIN, None)
        if self.answer.last.digests is None or self.answer.last.more or store.meta(Meta.REPLAYING):
            # Of a restored center's past there is more here than there: that is set aside, not dropped as drift.
            return False
        differing = _fitting(drifted(views.digests(), self.answer.last.digests))
        if not differing:
            store.put_meta(Meta.CHECKED_MS, str(self.clock_ms))
            return False
        _log.warning("scope_drifted", extra={"keys": len(differing)})
        views.doubt(differing)
        store.put_meta(Meta.AGAIN, json.dumps(differing))
        return True

    def _outcomes(self, sent: Sequence[Line]) -> list[Outcome]:
        """The outcome of each line that was sent; a line that the answer does not list was applied."""
        head = self.answer.head
        by_name = {outcome.edit: outcome for outcome in head.outcomes if outcome.line is None}
        by_number = {outcome.line: outcome for outcome in head.outcomes if outcome.line is not None}
        found = []
        for number, line in enumerate(sent, start=1):
            outcome = by_number.get(number) or by_name.get(line.edit) or Outcome(Result.APPLIED)
            self.desk.outbox.take(line.edit, outcome, head.through, self.clock_ms)
            if outcome.code == Code.ERASED:
                # Also where no row of the feed says it: a restore may have lost where the record stood.
                self.desk.views.erase(line.type, line.record)
            self.touched.add((line.type, line.record))
            self.results.append(outcome.result)
            found.append(outcome)
        return found

    def _part(self, part: Row | ScopeLost) -> None:
        if isinstance(part, ScopeLost):
            self.touched.update(self.desk.views.lose(part.key))
            self.keys.discard(part.key)
            return
        self.desk.views.put(part, self.generation)
        self.keys.update(part.keys)
        self.touched.add((part.type, part.id))
        if part.type == "held" and part.document is not None:
            self._held(part)

    def _held(self, row: Row) -> None:
        """What became of an edit that the center held: the author's feed says it."""
        document = row.document or {}
        kept = self.desk.outbox.find(str(document.get("edit")))
        code, field, result = (document.get(member) for member in ("code", "field", "result"))
        if kept is None or result not in set(Result) or kept.state in _AS_TOLD[Result(str(result))]:
            return
        if (kept.state, kept.code, kept.field) == (result, code, field):
            return  # Held or refused, and for that reason.
        outcome = Outcome(
            Result(str(result)),
            edit=kept.line.edit,
            code=str(code) if code is not None else None,
            field=str(field) if field is not None else None,
        )
        self.desk.outbox.decide(kept.line.edit, outcome, row.revision, self.clock_ms)
        self.touched.add((kept.line.type, kept.line.record))
        if outcome.result is not Result.HELD:
            self.results.append(outcome.result)

    def _note(self, *, is_done: bool) -> None:
        store, answer = self.desk.store, self.answer
        store.put_meta(Meta.CURSOR, answer.last.cursor)
        store.put_meta(Meta.MARK, answer.head.mark)
        store.put_meta(Meta.SCOPE, json.dumps(sorted(self.keys)))
        self.desk.clock.set_by(answer.head.clock, answer.read_ms)
        if is_done:
            # Only a whole sync is one: nothing waits, nothing more is to come.
            store.put_meta(Meta.LAST_SYNC, instant_of_ms(self.clock_ms))

    def _report(self, sent: int) -> SyncReport:
        return SyncReport(
            sent=sent,
            received=sum(isinstance(part, Row) for part in self.answer.parts),
            conflicts=self.results.count(Result.CONFLICT),
            refused=self.results.count(Result.REFUSED),
            held=self.results.count(Result.HELD),
        )


def end_replay(desk: Desk, cursor: str, scope: Sequence[str] | None) -> bool:
    """Sets aside what a feed that began anew has not brought back, once it has come to its end, at `cursor`. False
    where an edit was saved meanwhile (that goes first), or the feed was taken elsewhere.

    `scope`: the scope keys as the center says them now, for no line of such a feed tells which were lost. Where they
    are not known, they stay as they are."""
    with desk.store.transaction():
        if desk.outbox.waiting() or desk.store.meta(Meta.CURSOR) != cursor:
            return False
        desk.views.refresh(desk.views.set_old_aside(scope))
        desk.store.put_meta(Meta.REPLAYING, None)
        if scope is not None:
            desk.store.put_meta(Meta.SCOPE, json.dumps(sorted(scope)))
        return True


def _fitting(keys: Sequence[str]) -> list[str]:
    """As many of the keys as a request's first line has room for beside a cursor; the next check finds the others."""
    taken, room = [], AGAIN_BYTES_MAX
    for key in keys:
        room -= len(json.dumps(key, ensure_ascii=False).encode()) + 1
        if room < 0:
            break
        taken.append(key)
    return taken


def restart(desk: Desk, *, send_again: bool) -> None:
    """The feed begins anew, for a center whose past differs; what does not come back will be set aside."""
    with desk.store.transaction():
        desk.store.put_meta(Meta.GENERATION, str(desk.store.number(Meta.GENERATION) + 1))
        desk.store.put_meta(Meta.REPLAYING, "1")
        desk.store.put_meta(Meta.CURSOR, None)
        desk.store.put_meta(Meta.AGAIN, None)
        desk.views.trust()
        if send_again:
            desk.outbox.send_again()
