"""Where a store stands with its center: what a request is made from, and what its answer alone is an answer to."""

import json
from dataclasses import dataclass

from client_sdk.errors import EnrolAgainError, RevokedError
from client_sdk.schema import Meta
from client_sdk.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """All that answers move. Another process may move it too, while an answer to this one is on its way."""

    token: str
    cursor: str | None
    mark: str | None
    generation: int
    again: tuple[str, ...]


def standing(store: Store) -> Standing:
    """Raises RevokedError where the store was wiped, EnrolAgainError where it has no token."""
    token = store.meta(Meta.TOKEN)
    if token is None:
        raise RevokedError(wiped=True) if store.meta(Meta.REVOKED) else EnrolAgainError
    return Standing(
        token,
        store.meta(Meta.CURSOR),
        store.meta(Meta.MARK),
        store.number(Meta.GENERATION),
        tuple(json.loads(store.meta(Meta.AGAIN) or "[]")),
    )
