"""Enrolment: a code from the center becomes a token in the store."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from client_sdk.desk import Desk
from client_sdk.errors import CenterError, OfflineError, PersonDiffersError
from client_sdk.schema import Meta
from client_sdk.transport import AnswerTimeoutError, BrokenAnswerError, ProblemError, Transport, UnreachableError
from sync import ids, stamps

NONCE_BYTES = 16


def enrol(desk: Desk, transport: Transport, server: str, code: str, name: str, ca_file: str | None) -> None:
    """Asks for a token and keeps it. Raises OfflineError, CenterError, PersonDiffersError; then the store is as it was,
    but for the nonce: with it, the same code can be tried again."""
    nonce = _nonce(desk, code)
    try:
        answer = transport.enroll(code, nonce, name)
    except (UnreachableError, AnswerTimeoutError, BrokenAnswerError) as error:
        raise OfflineError from error
    except ProblemError as problem:
        raise CenterError(problem.code, zh=problem.zh, en=problem.en, retry_after_s=problem.retry_after_s) from problem
    _keep(desk, answer, server, ca_file)


def _nonce(desk: Desk, code: str) -> str:
    """On the disk before it is sent, and kept: the same nonce is answered alike, so a lost answer burns no code."""
    store = desk.store
    with store.transaction():
        nonce = store.meta(Meta.NONCE) if store.meta(Meta.CODE) == code else None
        if nonce is None:
            nonce = secrets.token_urlsafe(NONCE_BYTES)
            store.put_meta(Meta.CODE, code)
            store.put_meta(Meta.NONCE, nonce)
        return nonce


def _keep(desk: Desk, answer: Mapping[str, Any], server: str, ca_file: str | None) -> None:
    read_ms = desk.clock.raw()
    match answer:
        case {"tablet": str(tablet), "token": str(token), "person": {"id": str(person)}, "scope": list(scope)} if (
            ids.is_person_id(person) and stamps.is_stamp(answer.get("clock"))
        ):
            pass
        case _:
            raise OfflineError(en="The answer to the enrolment is none of the center's")
    store = desk.store
    with store.transaction():
        known = store.meta(Meta.PERSON)
        if known is not None and json.loads(known)["id"] != person:
            raise PersonDiffersError
        for key, value in {
            Meta.TABLET: tablet,
            Meta.TOKEN: token,
            Meta.PERSON: json.dumps(answer["person"], ensure_ascii=False),
            Meta.SCOPE: json.dumps(scope),
            Meta.SERVER: server,
            Meta.CA_FILE: ca_file,
            Meta.REVOKED: None,
        }.items():
            store.put_meta(key, value)
        desk.clock.set_by(answer["clock"], read_ms)
