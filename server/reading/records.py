"""Records as staff look them up: a page of a type, masked; or one, whole."""

from collections.abc import Sequence
from typing import Any

import orjson

from schemas import reading
from schemas.masking import masked
from server.center import Center
from server.problems import ProblemError
from server.reading.query import Arguments, Query, page_token, query, record_type
from server.reading.viewer import Viewer, viewing
from server.store import listing
from server.store.listing import Item
from sync.ids import is_record_id


def listed(center: Center, token: str, name: str, arguments: Arguments) -> dict[str, Any]:
    """A page of the caller's records of a type. Raises ProblemError: token-unknown, tablet-revoked, not-found, invalid,
    malformed."""
    with viewing(center, token) as viewer:
        kind = record_type(name)
        asked = query(kind, arguments, reading.ListQuery)
        items, following = page(viewer, asked)
    described = [_described(each) | {"doc": masked(kind, orjson.loads(each.document))} for each in items]
    return {"items": described, "next": following}


def page(viewer: Viewer, asked: Query) -> tuple[Sequence[Item], str | None]:
    """The records of a page, and where the next one begins."""
    order, wanted = asked.order(), asked.wanted(viewer)
    found = listing.page(viewer.connection, viewer.county.code, viewer.scope, wanted, order, asked.limit)
    if not found.cut:
        return found.items, None
    last = found.items[-1]
    place: list[object] = [last.revision] if order.by == "rev" else [last.made_at, last.id]
    return found.items, page_token(asked.digest, place)


def single(center: Center, token: str, name: str, identity: str) -> dict[str, Any]:
    """One record, nothing masked. Raises ProblemError: token-unknown, tablet-revoked, not-found: that one alike for a
    record that is not there and for one that is not the caller's."""
    with viewing(center, token) as viewer:
        found = seen(viewer, name, identity)
    return _described(found) | {"doc": orjson.loads(found.document)}


def seen(viewer: Viewer, name: str, identity: str) -> Item:
    """A record that the viewer may see. Raises ProblemError not-found."""
    kind = record_type(name)
    found = None
    if is_record_id(identity):
        found = listing.one(viewer.connection, viewer.county.code, viewer.scope, kind.name, identity)
    if found is None:
        raise ProblemError.unseen()
    return found


def _described(item: Item) -> dict[str, Any]:
    return {"id": item.id, "rev": item.revision, "made_at": item.made_at, "made_by": item.made_by}
