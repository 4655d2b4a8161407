"""What a center does not take in. Nothing that is refused is kept: these tests share a center that stays empty."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.center_push import signing
from tests.center_push.pair import OTHER_SECRET, SECRET, TODAY, UPPER, Pair, message, refused
from tests.support.county import COUNTY, GRID


@pytest.fixture
def pair(shared_pair: Pair) -> Pair:
    return shared_pair


def test_a_forged_signature(pair: Pair) -> None:
    body = message()
    good = signing.headers(SECRET, COUNTY, "msg_1", pair.clock(), body)
    refused(pair, pair.post(body, secret=OTHER_SECRET), 401, "signature-wrong")
    refused(pair, pair.post(body, headers={"doorstep-county": "990102"}), 401, "signature-wrong")
    refused(pair, pair.post(body, headers={"doorstep-county": ""}), 401, "signature-wrong", "doorstep-county")
    for header in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        lacking = {name: value for name, value in good.items() if name != header}
        answer = pair.upper.http.post("/api/v1/center/status", content=body, headers=lacking)
        refused(pair, answer, 401, "signature-wrong")
    changed = pair.upper.http.post("/api/v1/center/status", content=message(version=8), headers=good)
    refused(pair, changed, 401, "signature-wrong")
    assert changed.headers["WWW-Authenticate"] == "Standard-Webhooks"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-id", "msg.1"),
        ("webhook-id", "x" * 65),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "1e9"),
        ("webhook-timestamp", "9" * 12),
        ("webhook-timestamp", "99999999999"),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,%%%"),
        ("webhook-signature", "v2,AAAA v1a,BBBB , "),
    ],
)
def test_headers_that_cannot_be(pair: Pair, header: str, value: str) -> None:
    answer = pair.post(message(), headers={header: value})
    refused(pair, answer, 401, "signature-wrong")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"v":1,"v":1}', b"\xff", b'{"v":NaN}', b"[" * 100_000])
def test_what_is_no_object(pair: Pair, body: bytes) -> None:
    answer = (
        pair.post(body)
        if body != b"\xff"
        else pair.upper.http.post(
            "/api/v1/center/status",
            content=body,
            headers=signing.headers(SECRET, COUNTY, "msg_1", pair.clock(), b"") | {"Content-Length": "1"},
        )
    )
    expected = ("signature-wrong", 401) if body == b"\xff" else ("malformed", 400)
    refused(pair, answer, expected[1], expected[0])


UNITS = json.loads(message())["units"]
COUNTERS = json.loads(message())["counters"]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"v": 2}, "v"),
        ({"county": "990102"}, "county"),
        ({"county": None}, "county"),
        ({"day": "2026-11"}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"version": -1}, "version"),
        ({"version": 2**53}, None),
        ({"version": "7"}, "version"),
        ({"units": None}, "units"),
        ({"units": [*UNITS, {"unit": "a b", "name": "x", "parent": None}]}, "units.2.unit"),
        ({"units": [*UNITS, UNITS[0]]}, "units"),
        ({"units": [UNITS[1]]}, "units.0.parent"),
        ({"units": [{"unit": GRID, "name": "x", "parent": GRID}]}, "units.0.parent"),
        (
            {"units": [{"unit": "a", "name": "x", "parent": "b"}, {"unit": "b", "name": "x", "parent": "a"}]},
            "units.0.parent",
        ),
        ({"counters": [*COUNTERS, *COUNTERS]}, "counters.1.unit"),
        ({"counters": [{"unit": "nowhere", "measures": {}}]}, "counters.0.unit"),
        ({"counters": [{"unit": GRID, "measures": {"a b": 1}}]}, "counters.0.measures"),
        ({"counters": [{"unit": GRID, "measures": {"visits": 1.5}}]}, "counters.0.measures.visits.value"),
        ({"counters": [{"unit": GRID}]}, "counters.0.measures"),
        ({"more": 1}, "more"),
    ],
)
def test_a_value_that_is_not_as_it_must_be(pair: Pair, members: dict[str, object], field: str | None) -> None:
    status, code = (422, "invalid") if field is not None else (400, "malformed")
    refused(pair, pair.post(message(**members)), status, code, field)


def test_nothing_is_unpacked_for_those_we_do_not_know(pair: Pair) -> None:
    answer = pair.upper.http.post("/api/v1/center/status", content=b"x", headers={"Content-Encoding": "gzip"})
    refused(pair, answer, 401, "signature-wrong", "doorstep-county")
    assert UPPER not in answer.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([GRID, COUNTY, TODAY]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
members_ = st.sampled_from(["v", "day", "version", "units", "counters", "test"])


@given(changes=st.dictionaries(members_, json_values, max_size=3))
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_is_signed_the_server_does_not_fail(pair: Pair, changes: dict[str, object]) -> None:
    # What is right otherwise is another county's, so that nothing is kept.
    answer = pair.post(message(**changes, county="990102"))
    assert answer.status_code in (400, 422), answer.text
