"""Requests made to break the server: each is refused for what it is, and costs little."""

import gzip
import sqlite3
import tracemalloc
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from server import bodies
from server.store import tablets
from server.store.flight import Question
from sync import chain
from sync.cursor import Cursor, encode
from sync.limits import ENROLMENT_BYTES_MAX, HEAD_BYTES_MAX
from tests.support.answers import ProblemAnswerError
from tests.support.county import County
from tests.support.device import Device

MIB = 1024 * 1024
TAG = chain.tag(chain.START)


def post(county: County, path: str, body: bytes, token: str = "nobody's") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip", "Content-Type": "application/x-ndjson"}
    answer = county.http.post(f"/api/v1/{path}", content=gzip.compress(body), headers=headers)
    return answer.status_code, str(answer.json()["code"])


def peak_bytes(work: Callable[[], object]) -> int:
    """The most memory that was taken while `work` ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def nested(before: bytes) -> bytes:
    """A JSON object of a mebibyte that would take fifty when it is parsed."""
    return before + b"[]," * 350_000 + b"[]]}\n"


def test_nothing_is_unpacked_for_a_token_that_is_not_known(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[object] = []
    monkeypatch.setattr(bodies.Body, "unpacked", unpacked.append)
    assert post(county, "sync", nested(b'{"v":1,"again":[')) == (401, "token-unknown")
    assert unpacked == []


def test_nothing_is_unpacked_while_nobody_can_say_whose_token_it_is(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_county: str | None, token: str) -> Question[None]:
        if token:
            raise sa.exc.OperationalError("SELECT", {}, sqlite3.OperationalError("away"))
        yield sa.text("SELECT 1"), {}

    unpacked: list[object] = []
    monkeypatch.setattr(bodies.Body, "unpacked", unpacked.append)
    monkeypatch.setattr(tablets, "opening", away)
    assert post(county, "sync", nested(b'{"v":1,"again":['), wang.token) == (503, "unavailable")
    assert unpacked == []


def test_a_first_line_that_is_too_long_is_not_parsed(county: County, wang: Device) -> None:
    body = nested(b'{"v":1,"now":"2026-11-21T08:19:58.000Z-0000","again":[')
    told: list[tuple[int, str]] = []
    token = wang.token
    peak = peak_bytes(lambda: told.append(post(county, "sync", body, token)))
    assert told == [(413, "too-large")]
    assert peak < 10 * MIB
    room = b" " * (HEAD_BYTES_MAX - 2)
    assert post(county, "sync", b"{" + room + b"}\n", token) == (400, "malformed")
    assert post(county, "sync", b"{ " + room + b"}\n", token) == (413, "too-large")


def test_an_enrolment_that_is_too_long_is_not_unpacked(county: County) -> None:
    told: list[tuple[int, str]] = []
    peak = peak_bytes(lambda: told.append(post(county, "enroll", nested(b'{"code":['))))
    assert told == [(413, "too-large")]
    assert peak < 5 * MIB
    assert post(county, "enroll", b"{" + b" " * (ENROLMENT_BYTES_MAX - 2) + b"}") == (422, "invalid")
    assert county.http.post("/api/v1/enroll", content=b" " * (ENROLMENT_BYTES_MAX + 1)).status_code == 413


@pytest.mark.parametrize(
    "forged",
    [
        Cursor(0, 0, TAG, "\0"),
        Cursor(0, 0, TAG, "x" * 150_000),
        Cursor(0, 0, "\0", ""),
        Cursor(0, 0, TAG, "", ("unit:\0",)),
    ],
)
def test_a_forged_cursor_is_not_known(county: County, wang: Device, forged: Cursor) -> None:
    wang.cursor = encode(forged)
    with pytest.raises(ProblemAnswerError, match="cursor-unknown"):
        wang.sync()
