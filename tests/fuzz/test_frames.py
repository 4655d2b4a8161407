"""Requests whose frame is nearly right: an answer or a problem that is stated, and never a failure."""

import base64
import gzip
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.effort import tries
from tests.fuzz.ground import NDJSON, PAGES_MAX, Ground
from tests.fuzz.mutations import damaged, encoded, mutated, odd_values
from tests.support.answers import Answer
from tests.support.device import Device

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, mtime=0),
    "zstd": zstandard.ZstdCompressor().compress,
}


def head(device: Device) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(device.body(check=False, again=[]).split(b"\n")[0])
    return found


def follows(ground: Ground, answer: Answer) -> None:
    """From any cursor that is taken the feed comes to its end."""
    for _ in range(PAGES_MAX):
        if not answer.last["more"]:
            return
        body = ground.wang.body(cursor=answer.last["cursor"], mark=answer.head["mark"])
        following = ground.answered(ground.post(body))
        assert following is not None
        answer = following
    raise AssertionError("the feed does not come to an end")


@given(data=st.data())
@tries(40)
def test_heads_with_wrong_members(ground: Ground, data: st.DataObject) -> None:
    name, line = ground.neighbour()
    said = encoded(data.draw(mutated(head(ground.wang))))
    answer = ground.answered(ground.post(said.replace(b"\n", b"") + b"\n" + line + b"\n"))
    if answer is not None:
        assert answer.outcome(name) == {"edit": name, "result": "applied"}
        follows(ground, answer)
    else:
        assert ground.takes([line]).outcome(name)["result"] == "applied", "nothing of it was taken before"


@given(data=st.data())
@tries(60)
def test_cursors_and_marks_of_other_values(ground: Ground, data: st.DataObject) -> None:
    """What one would get who takes the text apart, changes it and puts it together again."""
    ground.wang.catch_up()
    said: dict[str, object] = {}
    for member in ("cursor", "mark"):
        text = str(getattr(ground.wang, member))
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        changed = data.draw(mutated({"x": values}, most=2)).get("x")
        packed = json.dumps(changed, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")
        said[member] = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    answer = ground.answered(ground.post(ground.wang.body((), **said)))
    if answer is not None:
        follows(ground, answer)


@given(data=st.data())
@tries(40)
def test_cursors_and_marks_of_other_letters(ground: Ground, data: st.DataObject) -> None:
    ground.wang.catch_up()
    said: dict[str, object] = {
        member: data.draw(damaged(str(getattr(ground.wang, member)).encode())).decode("latin-1")
        for member in ("cursor", "mark")
    }
    answer = ground.answered(ground.post(ground.wang.body((), **said)))
    if answer is not None:
        follows(ground, answer)


@given(data=st.data())
@tries(60)
def test_bodies_with_damaged_bytes(ground: Ground, data: st.DataObject) -> None:
    lines = [encoded({"edit": "01a1fd3d-1080-7000-8000-00000000beef", **data.draw(st.sampled_from(ground.seeds))})]
    ground.answered(ground.post(data.draw(damaged(ground.wang.body(lines)))))


@given(data=st.data(), encoding=st.sampled_from(sorted(PACKERS)))
@tries(80)
def test_packed_bodies_with_damaged_bytes(ground: Ground, data: st.DataObject, encoding: str) -> None:
    line = encoded({"edit": "01a1fd3d-1080-7000-8000-00000000cafe", **ground.seeds[0]})
    packed = PACKERS[encoding](ground.wang.body([line] * data.draw(st.integers(1, 20))))
    ground.answered(ground.post(data.draw(damaged(packed)), **{"Content-Encoding": encoding}))


@given(data=st.data())
@tries(40)
def test_headers_of_other_values(ground: Ground, data: st.DataObject) -> None:
    values = st.sampled_from(
        ["", " ", ",", "*", "x", "gzip", "zstd", "gzip, zstd", "identity", "GZIP", "gzip;q=x", "zstd;q=-1", "*;q=0",
         ";", "Bearer", "Bearer  ", "bearer x", "Basic eDp4", "text/plain; charset=x", "-1", "1e3", "é"]
    ) | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)  # fmt: skip
    names = [
        "Accept-Encoding",
        "Content-Encoding",
        "Content-Type",
        "Authorization",
        "Accept",
        "Accept-Language",
        "Range",
    ]
    headers = data.draw(st.dictionaries(st.sampled_from(names), values))
    said = {"Authorization": f"Bearer {ground.wang.token}", "Content-Type": NDJSON, **headers}
    # Not by httpx, whose WSGI transport takes ASCII only; a server hands on the bytes as Latin-1.
    http = ground.county.app.test_client()
    for answer in (
        http.post("/api/v1/sync", headers=said, data=ground.wang.body()),
        http.get("/api/v1/me", headers=said),
    ):
        if answer.status_code != 200:
            ground.answered(httpx.Response(answer.status_code, headers=list(answer.headers), content=answer.data))
        ground.has_not_failed()


@given(data=st.data())
@tries(60)
def test_requests_to_enrol(ground: Ground, data: st.DataObject) -> None:
    asked = {"code": "2222-2222", "nonce": "n", "tablet": {"name": "平板"}}
    said = encoded(data.draw(mutated(asked)))
    body = data.draw(damaged(said)) if data.draw(st.booleans()) else said
    response = ground.wang.http.post("/api/v1/enroll", content=body)
    assert ground.answered(response) is None


@given(value=odd_values)
@tries(20)
def test_heads_that_are_no_objects(ground: Ground, value: object) -> None:
    ground.answered(ground.post(encoded(value) + b"\n"))
