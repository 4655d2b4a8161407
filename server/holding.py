"""Held edits: listed to staff, released or refused by them, and taken up by a new release of the server."""

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from server.administration import NotPossibleError, release
from server.center import Center
from server.loading import arrival_of
from server.push import Lines, Push
from server.store import dialect, ledger, log, tables
from server.store.directory import UnitsCache
from server.store.flight import ask
from server.transaction import pushing, retrying
from sync import lines
from sync.admission import NEXT_RELEASE, Refuse
from sync.batch import Arrival, Decision
from sync.codes import Code, Result
from sync.ids import is_edit_name
from sync.lines import Values, write
from sync.scope import Person
from sync.stamps import instant, stamp

_log = logging.getLogger("doorstep")

RELEASED_BY = "county"
"""Whose word it is in the log when a held edit is decided from the shell."""


def held(center: Center) -> list[Values]:
    """Every held edit, oldest first: who wrote what, since when, and why it is held."""
    with dialect.reading(center.engine) as connection:
        found = ask(connection, log.held_all(center.county(connection).code))
    return [_listed(each) for each in found.values()]


def _listed(each: log.HeldEdit) -> Values:
    try:
        written = lines.read(each.edit.line)
    except lines.LineMalformedError:
        written = {}
    return {
        "edit": each.edit.name,
        "by": each.edit.author,
        "do": written.get("do"),
        "type": written.get("type"),
        "record": each.edit.record,
        "code": each.edit.outcome.code,
        "field": each.edit.outcome.field,
        "at": each.edit.stamp,
        "received_at": instant(each.edit.receipt_ms),
        "waits_for": sorted(each.awaited),
    }


class NotHeldError(NotPossibleError):
    """There is no such edit, or it is held no more."""

    def __init__(self, edit: str) -> None:
        super().__init__(f"{edit} 不是待中心处理的修改", f"{edit} is not held")


class NotDecidedError(NotPossibleError):
    """A word on a held edit that it did not follow; nothing has changed. `decision`: what would have become of it."""

    def __init__(self, decision: Decision) -> None:
        awaited = sorted(decision.awaited) or [decision.code or decision.result]
        super().__init__(f"仍在等待：{'、'.join(awaited)}", f"It still waits for {', '.join(awaited)}")
        self.decision = decision


def let_go(center: Center, edit: str) -> Values:
    """Releases a held edit with the county's rights: it is admitted if what it writes to is there.

    Raises NotPossibleError where it is not held, or still waits for a record; nothing has changed then."""
    person = Person(RELEASED_BY, may_all=True)

    def released(_push: Push, arrival: Arrival) -> Arrival:
        return replace(arrival, verdict=None, released_by=person)

    return told(decided(center, edit, released, RELEASED_BY, frozenset(Result) - {Result.HELD}))


def turn_down(center: Center, edit: str) -> Values:
    """Refuses a held edit; its author sees it. Raises NotPossibleError where it is not held."""
    return told(decided(center, edit, lambda _push, arrival: refused(arrival), RELEASED_BY, {Result.REFUSED}))


def refused(arrival: Arrival) -> Arrival:
    """A held edit as staff refuse it."""
    return replace(arrival, verdict=Refuse(Code.NOT_ALLOWED))


def told(decision: Decision) -> Values:
    """What became of a held edit."""
    told = {"edit": decision.arrival.name, "result": decision.result, "code": decision.code, "field": decision.field}
    return {name: value for name, value in told.items() if value is not None}


def decided(
    center: Center, edit: str, changed: Callable[[Push, Arrival], Arrival], by: str, wanted: AbstractSet[Result]
) -> Decision:
    """What becomes of a held edit that is judged as `changed` says, by the word of `by`, if it is one of `wanted`.

    Raises NotHeldError, NotDecidedError, and what `changed` raises; nothing has changed then."""

    def work(push: Push) -> Decision:
        if not is_edit_name(edit):
            raise NotPossibleError(f"{edit} 不是修改编号", f"{edit} is not the name of an edit")
        known = ask(push.connection, log.known(push.county.code, [edit])).get(edit)
        if known is None or known.outcome.result is not Result.HELD:
            raise NotHeldError(edit)
        rights = {edit: changed(push, arrival_of(known))}
        batch, _ = push.work(Lines(reheard=[edit], author=by), rights)
        decision = batch.decisions[edit]
        if decision.result not in wanted:
            # Rolled back: by its author's rights it is held for what it was held for, not for what these lack.
            raise NotDecidedError(decision)
        return decision

    return pushing(center, work)


def take_up_release(center: Center) -> bool:
    """Judges again what only another release of the server could read, whenever something waits for one: a process of
    the old release may have held a line after the new one was taken up. Says whether the release is a new one.

    A line that cannot be judged is logged and waits on; it keeps no server from starting."""
    is_new = retrying(center, lambda connection, _again: _note_release(center, connection))
    try:
        pushing(center, _take_up)
    except Exception as error:
        if _is_unavailable(error):
            raise
        _log.exception("take_up_failed")
        _take_up_each(center)
    return is_new


def _note_release(center: Center, connection: sa.Connection) -> bool:
    county = ask(connection, ledger.locked(center.county(connection).code))
    if county.release == release():
        return False
    connection.execute(sa.update(tables.county).where(tables.county.c.code == county.code).values(release=release()))
    now_ms = center.clock()
    line = write({"at": stamp(now_ms), "do": "release", "release": release()})
    Push(connection, county, UnitsCache(), now_ms, early=True).work(Lines(directory=[line]))
    return True


def _awaiting_release(push: Push) -> list[str]:
    return sorted(ask(push.connection, log.held_waiting(push.county.code, [NEXT_RELEASE])))


def _take_up(push: Push) -> None:
    if _awaiting_release(push):
        push.work(Lines(awaited=[NEXT_RELEASE]))


def _take_up_each(center: Center) -> None:
    """One transaction a line, so that a bad one holds up no other."""
    for name in pushing(center, _awaiting_release):
        try:
            pushing(center, partial(_rejudged, name=name))
        except Exception as error:
            if _is_unavailable(error):
                raise
            _log.exception("take_up_line_failed", extra={"edit": name})


def _rejudged(push: Push, name: str) -> None:
    if name in _awaiting_release(push):  # One that was taken up before it may have brought this one along.
        push.work(Lines(reheard=[name]))


def _is_unavailable(error: Exception) -> bool:
    return isinstance(error, SQLAlchemyError) and dialect.is_unavailable(error)
