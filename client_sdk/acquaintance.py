"""Whom a tablet knows: what the center last said of its person, of the scope and of colleagues (`GET /api/v1/me`)."""

import json
from collections.abc import Mapping
from typing import Any

from client_sdk.desk import Desk
from client_sdk.schema import Meta
from client_sdk.transport import scope_keys


def remembered(desk: Desk) -> Mapping[str, Any] | None:
    """What the center last said, None where it was never asked."""
    known = desk.store.meta(Meta.ME)
    return None if known is None else json.loads(known)


def remember(desk: Desk, me: Mapping[str, Any]) -> None:
    """Keeps what the center says of this person. Roles change: what one may do here follows them."""
    store, keys, person = desk.store, scope_keys(me), me.get("person")
    store.put_meta(Meta.ME, json.dumps(me, ensure_ascii=False))
    if keys is not None:
        store.put_meta(Meta.SCOPE, json.dumps(keys))
    if (county := county_of(me)) is not None:
        store.put_meta(Meta.COUNTY, county)
    if isinstance(person, dict) and person.get("id") == desk.person["id"]:
        store.put_meta(Meta.PERSON, json.dumps({**desk.person, **person}, ensure_ascii=False))


def county_of(told: Mapping[str, Any]) -> str | None:
    """The county that a center says it serves; None of one that does not say."""
    county = told.get("county")
    return county if isinstance(county, str) else None


def names(desk: Desk) -> Mapping[str, str]:
    """What people call keys of the scope, colleagues and bodies: `{"person:…": "王一", "unit:…": "东村一网格"}`."""
    me = remembered(desk) or {}
    person = desk.person
    own = [{"key": f"person:{person['id']}", "name": person.get("name")}]
    return {**_named(me.get("scope"), "key"), **_named(me.get("colleagues"), "assignee"), **_named(own, "key")}


def _named(rows: Any, member: str) -> dict[str, str]:
    found = [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []
    return {str(each.get(member)): each["name"] for each in found if isinstance(each.get("name"), str)}
