"""Requests that are refused as a whole: each with its status and code, as problem+json, and nothing lost."""

import base64
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import zstandard
from werkzeug.test import EnvironBuilder, run_wsgi_app

from server import administration, holding
from sync import limits
from tests.support.answers import Answer, ProblemAnswerError
from tests.support.county import GRID, County
from tests.support.device import Device

MEBIBYTE = 1024 * 1024


@pytest.fixture
def county(shared_county: County) -> County:
    return shared_county


def problem(answer: httpx.Response, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)
    assert document.get("field") == field
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert document.keys() >= {"type", "title", "detail", "zh", "en", "instance"}
    return document


def a_body(device: Device) -> bytes:
    return device.body([device.line(do="create", type="household", now={"unit": GRID, "address": "东"})[1]])


HEADS: dict[str, tuple[bytes | dict[str, Any], str | None]] = {
    "garbage": (b"\x00\xff\x00", None),
    "nothing": (b"", None),
    "a list": (b"[]", None),
    "another version": ({"v": 99}, "v"),
    "a version that is no number": ({"v": True}, "v"),
    "no clock": ({"now": None}, "now"),
    "a clock of another form": ({"now": "noon"}, "now"),
    "a debt below nothing": ({"owes": -1}, "owes"),
    "a debt that is no number": ({"owes": "5"}, "owes"),
    "nothing wanted": ({"want": 0}, "want"),
    "half a row wanted": ({"want": 0.5}, "want"),
    "a cursor that is no text": ({"cursor": 5}, "cursor"),
    "a mark that is no text": ({"mark": []}, "mark"),
}


@pytest.mark.parametrize("case", HEADS)
def test_a_head_that_is_not_as_it_must_be(county: County, wang: Device, case: str) -> None:
    head, field = HEADS[case]
    body = head if isinstance(head, bytes) else wang.body(**head)
    problem(wang.post(body), 400, "malformed", field)


def token_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


FORGED = ["", "x", "%%%", "東", "a" * 300_000, token_of(), token_of(1), token_of(-1, "a"), token_of(2**60, "a")]
FORGED += [token_of("1", 1, "a", "b", [], 0), token_of(1, 1, "a", "b", [5], 0), token_of(1, True, "a", "b", [], 0)]


@pytest.mark.parametrize("text", FORGED, ids=range(len(FORGED)))
@pytest.mark.parametrize("member", ["cursor", "mark"])
def test_a_cursor_or_a_mark_that_was_never_given(county: County, wang: Device, member: str, text: str) -> None:
    made = wang.create("household", unit=GRID)
    problem(wang.post(wang.body(list(wang.outbox.values()), **{member: text})), 400, "cursor-unknown")
    wang.sync()
    assert wang.sees(made)


def test_a_cursor_that_is_well_formed_and_of_nobody_is_a_restore(county: County, wang: Device) -> None:
    made = wang.create("household", unit=GRID)
    wang.sync()
    for cursor in (token_of(5, 5, "00" * 8, "ab" * 8, [], 0), token_of(0, 0, "00" * 8, "ab" * 8, ["unit:x"], 3)):
        answer = wang.push([], cursor=cursor)
        assert answer.head["replay"] is True
        assert made in answer.ids("household")


# -- size and encoding


@pytest.mark.parametrize("more", [0, 1])
def test_a_request_may_have_500_edits(county: County, wang: Device, more: int) -> None:
    for _ in range(limits.EDITS_PER_REQUEST_MAX + more):
        wang.create("household", unit=GRID)
    if more:
        problem(wang.post(wang.body(list(wang.outbox.values()))), 413, "too-large")
    else:
        assert wang.sync(limits.EDITS_PER_REQUEST_MAX).outcomes == []


@pytest.mark.parametrize("more", [0, 1])
def test_a_request_may_have_4_mebibytes(county: County, wang: Device, more: int) -> None:
    body = a_body(wang)[:-1]
    body += b" " * (limits.REQUEST_BYTES_MAX + more - len(body))
    answer = wang.post(body)
    if more:
        problem(answer, 413, "too-large")
    else:
        # The spaces are of the one line, which is too long then; the request is not.
        assert Answer.read(answer.content).outcomes[0]["code"] == "line-too-long"


def zstd(body: bytes, **options: Any) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(body)


def streamed_zstd(body: bytes) -> bytes:
    """As a client packs that does not know the size beforehand."""
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return packer.compress(body) + packer.flush()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd, "zstd in a stream": streamed_zstd}


@pytest.mark.parametrize("packing", PACKINGS)
class TestPacking:
    def post(self, device: Device, packing: str, packed: bytes) -> httpx.Response:
        return device.post(packed, **{"Content-Encoding": packing.partition(" ")[0]})

    def test_it_is_unpacked(self, county: County, wang: Device, packing: str) -> None:
        body = a_body(wang)
        answer = self.post(wang, packing, PACKINGS[packing](body))
        assert Answer.read(answer.content).outcomes == []
        wang.catch_up()
        assert wang.sees(json.loads(body.splitlines()[1])["edit"])

    @pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
    def test_it_was_cut(self, county: County, wang: Device, packing: str, kept: float) -> None:
        made = {wang.create("household", unit=GRID) for _ in range(30)}
        packed = PACKINGS[packing](wang.body(list(wang.outbox.values())))
        for cut in (packed[: int(len(packed) * kept)], packed[:-1]):
            problem(self.post(wang, packing, cut), 400, "malformed", "Content-Encoding")
        wang.catch_up()
        assert wang.all("household").keys() >= made

    def test_it_is_garbage(self, county: County, wang: Device, packing: str) -> None:
        problem(self.post(wang, packing, b"garbage"), 400, "malformed", "Content-Encoding")

    def test_something_follows(self, county: County, wang: Device, packing: str) -> None:
        packed = PACKINGS[packing](a_body(wang))
        problem(self.post(wang, packing, packed + b"more"), 400, "malformed", "Content-Encoding")

    @pytest.mark.parametrize("mebibytes", [17, 100])
    def test_a_bomb(self, county: County, wang: Device, packing: str, mebibytes: int) -> None:
        packed = bomb(packing, mebibytes)
        assert len(packed) < limits.REQUEST_BYTES_MAX
        problem(self.post(wang, packing, packed), 413, "too-large")


def bomb(packing: str, mebibytes: int) -> bytes:
    nothing = bytes(MEBIBYTE)
    if packing == "gzip":
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb") as file:
            for _ in range(mebibytes):
                file.write(nothing)
        return packed.getvalue()
    size = mebibytes * MEBIBYTE if packing == "zstd" else -1
    packer = zstandard.ZstdCompressor().compressobj(size=size)
    return b"".join(packer.compress(nothing) for _ in range(mebibytes)) + packer.flush()


def test_a_zstd_frame_that_wants_a_huge_window(county: County, wang: Device) -> None:
    huge = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=huge).compressobj()
    packed = packer.compress(a_body(wang)) + packer.flush()
    problem(wang.post(packed, **{"Content-Encoding": "zstd"}), 400, "malformed", "Content-Encoding")


@pytest.mark.parametrize("encoding", ["br", "gzip, zstd", "x"])
def test_an_unknown_encoding(county: County, wang: Device, encoding: str) -> None:
    problem(wang.post(a_body(wang), **{"Content-Encoding": encoding}), 415, "media-unknown", "Content-Encoding")


@pytest.mark.parametrize(
    ("accepted", "given"),
    [
        *(("zstd, gzip", "zstd"), ("gzip", "gzip"), ("GZIP", "gzip"), ("identity", None), ("", None), ("br", None)),
        *(("gzip;q=0, identity", None), ("zstd;q=0, gzip", "gzip"), ("*", "zstd"), ("gzip;q=nonsense", None)),
    ],
)
def test_an_answer_is_packed_as_the_caller_takes_it(
    county: County, wang: Device, accepted: str, given: str | None
) -> None:
    for _ in range(20):
        wang.create("household", unit=GRID)
    wang.sync()
    answer = wang.post(wang.body(cursor=None), **{"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == given
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(Answer.read(answer.content).rows) >= 20


# -- who, where and how


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic d2FuZzp3YW5n", "Bearer nobody's"])
def test_without_a_token(county: County, wang: Device, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for answer in (
        county.http.post("/api/v1/sync", content=a_body(wang), headers=headers),
        county.http.get("/api/v1/me", headers=headers),
    ):
        problem(answer, 401, "token-unknown")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_read_in_any_case(county: County, wang: Device) -> None:
    assert county.http.get("/api/v1/me", headers={"Authorization": f"bearer  {wang.token} "}).is_success


def test_a_wrong_address_and_a_wrong_method(county: County) -> None:
    problem(county.http.get("/api/v1/nowhere"), 404, "not-found")
    problem(county.http.get("/api/v1/me/"), 404, "not-found")
    answer = county.http.get("/api/v1/sync")
    problem(answer, 405, "method-unknown")
    assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    problem(county.http.delete("/api/v1/enroll"), 405, "method-unknown")


def raw(county: County, device: Device, body: bytes, length: int | None) -> tuple[str, dict[str, Any]]:
    """What a WSGI server would hand over: the status, and the problem."""
    headers = [("Authorization", f"Bearer {device.token}")]
    environ = EnvironBuilder(
        "/api/v1/sync", method="POST", headers=headers, input_stream=io.BytesIO(body)
    ).get_environ()
    environ.pop("CONTENT_LENGTH", None)
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    answered, status, _ = run_wsgi_app(county.app, environ)
    return status, json.loads(b"".join(answered))


def test_a_request_that_does_not_say_its_length(county: County, wang: Device) -> None:
    status, document = raw(county, wang, a_body(wang), None)
    assert (status, document["code"]) == ("411 LENGTH REQUIRED", "length-required")


def test_a_body_that_is_shorter_than_it_says(county: County, wang: Device) -> None:
    body = a_body(wang)
    status, document = raw(county, wang, body[:-10], len(body))
    assert (status, document["code"]) == ("400 BAD REQUEST", "malformed")


def test_a_batch_that_is_cut_otherwise_when_it_is_sent_again(county: County, wang: Device, li: Device) -> None:
    for _ in range(20):
        wang.create("household", unit=GRID)
    wrong = wang.create("household", unit="nowhere")
    lines = list(wang.outbox.values())
    first = wang.push(lines)
    assert [each["edit"] for each in first.outcomes] == [wrong]
    for part in (lines[:7], lines[7:13], lines[5:], lines, lines[::-1]):
        answer = wang.push(part)
        assert answer.outcomes == (first.outcomes if lines[-1] in part else [])
        assert answer.head["mark"] == first.head["mark"], "nothing new was logged"
    li.catch_up()
    assert li.all("household").keys() >= set(wang.outbox) - {wrong}


def test_a_revoked_tablet_may_hand_over_and_no_more(county: County, wang: Device, li: Device) -> None:
    known = wang.create("household", unit=GRID)
    wang.sync()
    owed = wang.create("household", unit=GRID)
    wrong = wang.put(do="create", type="horoscope", now={})
    administration.revoke(county.center, wang.tablet)
    with pytest.raises(ProblemAnswerError) as refused:
        wang.push([])
    assert (refused.value.status, refused.value.code) == (403, "tablet-revoked")
    with pytest.raises(ProblemAnswerError, match="tablet-revoked"):
        wang.me()
    before = wang.cursor
    answer = wang.push([*wang.sent.values(), *wang.outbox.values()])
    assert answer.rows == ()
    assert (answer.last["cursor"], answer.last["more"]) == (before, False)
    assert {each["edit"]: each["code"] for each in answer.outcomes} == {owed: "tablet-revoked", wrong: "tablet-revoked"}
    assert answer.outcome(known)["result"] == "applied"
    li.catch_up()
    assert not li.sees(owed)
    assert holding.let_go(county.center, owed)["result"] == "applied"
    assert holding.turn_down(county.center, wrong)["result"] == "refused"
    li.catch_up()
    assert li.sees(owed)
    fresh = county.device(wang.person)
    fresh.catch_up()
    assert {edit: held["result"] for edit, held in fresh.all("held").items() if held["by"] == wang.person} == {
        owed: "applied",
        wrong: "refused",
    }


class Gone:
    """A body of which nothing more comes, as gunicorn gives it."""

    asked = 0

    def read(self, _size: int = -1) -> bytes:
        self.asked += 1
        raise BlockingIOError


def test_a_body_that_stops_coming_is_waited_for_once(county: County, wang: Device) -> None:
    headers = [("Authorization", f"Bearer {wang.token}")]
    environ = EnvironBuilder("/api/v1/sync", method="POST", headers=headers).get_environ()
    body = Gone()
    environ |= {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": "1000"}
    said, status, _ = run_wsgi_app(county.app, environ, buffered=True)
    assert status.startswith("503")
    assert json.loads(b"".join(said))["code"] == "unavailable"
    assert body.asked == 1
