"""The history of a record: who changed what from what to what, when, when it arrived, and what became of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from schemas import reading
from schemas.catalog import CATALOG
from schemas.rules import WORKFLOW_REGISTER, Rule
from server.center import Center
from server.reading.query import Arguments, digest, page_token, parameters, revision_after
from server.reading.records import seen
from server.reading.viewer import Viewer, viewing
from server.store import history
from server.store.history import Logged, Reader
from server.store.listing import Item
from sync import edits
from sync.edits import Edit
from sync.lines import Values
from sync.stamps import instant
from sync.touches import Touch, rule_of


def history_of(center: Center, token: str, name: str, identity: str, arguments: Arguments) -> Values:
    """A page of a record's history, oldest edit first. Raises ProblemError: token-unknown, tablet-revoked, not-found,
    invalid, malformed.

    A conflict's history is that of its field, a held edit's is the edit. A page may be short of what was asked for, and
    empty, where there is more."""
    with viewing(center, token) as viewer:
        found = seen(viewer, name, identity)
        asked = parameters(reading.PageQuery, arguments)
        bound = digest(["history", name, identity])
        after, limit = revision_after(asked.get("page"), bound), int(asked.get("limit", reading.LIST_ROWS))
        logged, field = _logged(viewer, name, found, after, limit + 1)
    following = page_token(bound, [logged[limit - 1].revision]) if len(logged) > limit else None
    items = [_described(each, field) for each in logged[:limit]]
    return {"items": [each for each in items if field is None or each["changes"]], "next": following}


def _logged(viewer: Viewer, name: str, found: Item, after: int, rows: int) -> tuple[list[Logged], str | None]:
    """The edits that a record's history is made of, and the one register that it is about."""
    connection, county = viewer.connection, viewer.county.code
    reader = Reader(viewer.person.id, viewer.scope)
    if name == "held":
        return history.of_edit(connection, county, reader, found.id, after), None
    kind, identity, field = name, found.id, None
    if name == "conflict":
        document = orjson.loads(found.document)
        kind, identity, field = document["record_type"], document["record"], document["field"]
    return history.of_record(connection, county, reader, kind, identity, after, rows), field


def _described(logged: Logged, register: str | None) -> dict[str, Any]:
    edit = edits.read(logged.line, CATALOG)
    touches = edit.touches if isinstance(edit, Edit) else ()
    changes = [
        change
        for touch in touches
        if register in (None, touch.register) and isinstance(edit, Edit)
        for change in _changes(edit.type, touch)
    ]
    described = {
        "edit": logged.name,
        "do": edit.do if isinstance(edit, Edit) else None,
        "by": logged.author,
        "tablet": logged.tablet,
        "at": logged.stamp,
        "received_at": instant(logged.receipt_ms),
        "result": logged.result,
        "code": logged.code,
        "field": logged.field,
        "changes": changes,
    }
    return {name: value for name, value in described.items() if value is not None}


def _changes(record_type: str, touch: Touch) -> Iterator[dict[str, Any]]:
    """The fields of a touch: status, tier and assignee are carried whole, and told apart here."""
    settles = {"settles": True} if touch.settles else {}
    rule = rule_of(CATALOG.types[record_type], touch.register)
    if touch.register == WORKFLOW_REGISTER and rule is Rule.WORKFLOW and isinstance(touch.value, Mapping):
        was = touch.was if isinstance(touch.was, Mapping) else {}
        for field, now in touch.value.items():
            if now != was.get(field) or touch.settles:
                yield {"field": field, "was": was.get(field), "now": now} | settles
        return
    was_in = None if touch.value is None else not touch.value
    yield {
        "field": touch.register,
        "was": was_in if rule is Rule.SET else touch.was,
        "now": touch.value,
    } | settles
