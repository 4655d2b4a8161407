"""Enrolment: a code from the center becomes a token in the store."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from client_sdk.acquaintance import county_of
from client_sdk.desk import Desk
from client_sdk.errors import OfflineError, PersonDiffersError, TabletError
from client_sdk.failures import AnswerTimeoutError, BrokenAnswerError, ProblemError, UnreachableError
from client_sdk.schema import Meta
from client_sdk.store import Store
from client_sdk.transport import Transport
from sync import ids, stamps

NONCE_BYTES = 16
_UNDECIDED = frozenset({"unavailable", "internal"})
"""Problems that may come from a proxy, with the center's own answer lost behind it."""
_BETWEEN = " "
"""What stands between the codes of a text; within one it says nothing."""
_OVER = frozenset({"code-unknown", "code-spent"})
"""Problems of the code itself: it is good with no nonce any more."""


def enrol(desk: Desk, transport: Transport, server: str, code: str, name: str, ca_file: str | None) -> None:
    """Asks for a token and keeps it. Raises OfflineError and its like, CenterError, PersonDiffersError; then the store
    is as it was, but for the nonce while the center may have spent a code: with it, that code can be tried again."""
    nonce, is_new = _nonce(desk, code)
    try:
        answer = transport.enroll(code, nonce, name)
    except UnreachableError as error:
        if is_new:  # It was never sent. Earlier it may have been.
            _forget(desk, code)
        raise _said(error, server) from error
    except (AnswerTimeoutError, BrokenAnswerError) as error:
        raise error.said from error
    except ProblemError as problem:
        # Whatever this answer says of the request, an earlier one that was lost may have spent the code.
        if problem.code in _OVER or (is_new and problem.code not in _UNDECIDED):
            _forget(desk, code)
        raise problem.said from problem
    _keep(desk, answer, server, ca_file)


def _nonce(desk: Desk, code: str) -> tuple[str, bool]:
    """The store's nonce, on the disk with the code before they are sent: the same nonce is answered alike, so a lost
    answer burns no code, whatever others are tried in between. Says whether the code was not tried before."""
    store = desk.store
    with store.transaction():
        store.require_place()
        nonce, tried = store.meta(Meta.NONCE) or secrets.token_urlsafe(NONCE_BYTES), _tried(store)
        store.put_meta(Meta.NONCE, nonce)
        _put_tried(store, {*tried, _normal(code)})
        return nonce, _normal(code) not in tried


def _normal(code: str) -> str:
    """A code however it was typed, as the center reads it."""
    return code.strip().upper().replace("-", "").replace(" ", "")


def _tried(store: Store) -> set[str]:
    """The codes that the center may have spent on the store's nonce."""
    return {_normal(code) for code in (store.meta(Meta.CODE) or "").split(_BETWEEN) if code}


def _put_tried(store: Store, codes: set[str]) -> None:
    store.put_meta(Meta.CODE, _BETWEEN.join(sorted(codes)) or None)


def _said(error: UnreachableError, server: str) -> TabletError:
    if not isinstance(error.said, OfflineError):
        return error.said
    return OfflineError(
        zh=f"连不上 {server}：没有网络，或地址不对；没有注册",
        en=f"Nothing answers at {server}: no network, or another address; not enrolled",
    )


def _forget(desk: Desk, code: str) -> None:
    """The nonce is good for this code no more; it goes with the last such code."""
    with desk.store.transaction():
        others = _tried(desk.store) - {_normal(code)}
        _put_tried(desk.store, others)
        if not others:
            desk.store.put_meta(Meta.NONCE, None)


def _keep(desk: Desk, answer: Mapping[str, Any], server: str, ca_file: str | None) -> None:
    read_ms = desk.clock.raw()
    match answer:
        case {"tablet": str(tablet), "token": str(token), "person": {"id": str(person)}, "scope": list(scope)} if (
            ids.is_person_id(person) and stamps.is_stamp(answer.get("clock"))
        ):
            pass
        case _:
            raise OfflineError(en="The answer to the enrolment is none of the center's")
    store, county = desk.store, county_of(answer)
    with store.transaction():
        store.require_place()
        _require_same(store, person, county)
        for key, value in {
            Meta.TABLET: tablet,
            Meta.TOKEN: token,
            Meta.PERSON: json.dumps(answer["person"], ensure_ascii=False),
            Meta.COUNTY: county or store.meta(Meta.COUNTY),
            Meta.SCOPE: json.dumps(scope),
            Meta.SERVER: server,
            Meta.CA_FILE: ca_file,
            Meta.REVOKED: None,
        }.items():
            store.put_meta(key, value)
        desk.clock.set_by(answer["clock"], read_ms)


def _require_same(store: Store, person: str, county: str | None) -> None:
    """Two counties may have a person of the same id: what was saved for one must not go to the other. Raises
    PersonDiffersError."""
    known, before = store.meta(Meta.PERSON), store.meta(Meta.COUNTY)
    if known is not None and json.loads(known)["id"] != person:
        raise PersonDiffersError
    if before is not None and county is not None and before != county:
        raise PersonDiffersError(
            zh=f"注册码属于另一个县（{county}），本机数据属于 {before}。这个注册码已用掉，"
            "请另取新码，注册到另一份本机数据",
            en=f"This enrolment code belongs to another county ({county}); this store holds work of {before}. The code "
            "is spent now: ask for a new one, and enrol into another store",
        )
