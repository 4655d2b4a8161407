"""Held edits as those see them who may: their authors, and the staff of their authors' units."""

from dataclasses import replace
from typing import Any

import orjson

from schemas import reading
from schemas.catalog import CATALOG
from schemas.validation import shape_problems
from server import holding
from server.center import Center
from server.problems import ProblemError
from server.push import Push
from server.reading.query import Arguments, Query, query
from server.reading.records import page, seen
from server.reading.viewer import Viewer, viewer_of, viewing
from server.store import listing
from server.store.listing import Item
from sync import lines
from sync.batch import Arrival
from sync.codes import ADMITTED, DETAILS, Code, Result
from sync.lines import Values
from sync.scope import Assignment, Person, Span

_HELD = CATALOG.types["held"]


def held(center: Center, token: str, arguments: Arguments) -> dict[str, Any]:
    """A page of the edits that are held. Raises ProblemError: token-unknown, tablet-revoked, invalid, malformed."""
    with viewing(center, token) as viewer:
        asked = query(_HELD, arguments, reading.ListQuery, without=["result"])
        still = Query(_HELD, asked.said, {**asked.members, "result": (f'"{Result.HELD}"',)})
        items, following = page(viewer, still)
    return {"items": [_described(each) for each in items], "next": following}


def _described(item: Item) -> Values:
    document: dict[str, Any] = orjson.loads(item.document)
    detail = DETAILS[Code(document["code"])] if "code" in document else None
    described = {name: document.get(name) for name in ("edit", "by", "record_type", "record", "code", "field")}
    described |= {
        "detail": None if detail is None else {"zh": detail.zh, "en": detail.en},
        "since": document["received_at"],
    }
    return {name: value for name, value in described.items() if value is not None}


def decide(center: Center, token: str, edit: str, body: bytes) -> Values:
    """The caller's word on a held edit. Raises ProblemError: token-unknown, tablet-revoked, malformed, invalid;
    not-found where the caller does not see it; not-allowed where it is not the staff's who ask; not-held; not-released.

    It is the word of the staff under whose units the edit stands. Releasing it needs the right to write what it writes:
    the roles that they hold now, over the places where things were when it was written."""
    word = _word(body)
    with viewing(center, token) as viewer:
        by = _decider(viewer, edit).id

    def changed(push: Push, arrival: Arrival) -> Arrival:
        # Asked once more where it is decided: who was staff a moment ago may be so no longer.
        person = _decider(viewer_of(center, push.connection, token), edit)
        return holding.refused(arrival) if word == "refuse" else replace(arrival, verdict=None, released_by=person)

    try:
        decision = holding.decided(center, edit, changed, by, {Result.REFUSED} if word == "refuse" else set(ADMITTED))
        return holding.told(decision)
    except holding.NotHeldError as error:
        raise ProblemError("not-held") from error
    except holding.NotDecidedError as error:
        raise ProblemError("not-released") from error


def _word(body: bytes) -> str:
    try:
        said = lines.read(body)
    except lines.LineMalformedError as error:
        raise ProblemError("malformed") from error
    for found in shape_problems(reading.HeldDecision, said):
        raise ProblemError.of(found)
    return str(said["decision"])


def _decider(viewer: Viewer, edit: str) -> Person:
    """The viewer as one who may decide the edit. Raises ProblemError not-found, not-allowed."""
    if not _is_staffs(viewer, seen(viewer, "held", edit)):
        raise ProblemError("not-allowed")
    return _of_now(viewer)


def _is_staffs(viewer: Viewer, found: Item) -> bool:
    """Whether the edit stands with the viewer as staff, and not only as its author."""
    held = frozenset(key for key in viewer.scope.keys if key.startswith("staff:"))
    as_staff = replace(viewer.scope, keys=held)
    return bool(held) and listing.one(viewer.connection, viewer.county.code, as_staff, "held", found.id) is not None


def _of_now(viewer: Viewer) -> Person:
    """The viewer with the rights of this moment, as if they had always held them."""
    person, now = viewer.person, viewer.now
    return Person(
        person.id,
        tuple(Assignment(each.role, each.unit) for each in person.assignments if each.holds(now)),
        tuple(Span(each.value) for each in person.memberships if each.holds(now)),
    )
