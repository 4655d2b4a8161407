"""What a center takes in: from whom, in any order, and nothing else."""

import gzip
import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
import time_machine
from standardwebhooks import Webhook

from server.center_push import signing, sources
from server.center_push.signing import SIGNATURES_MAX, TOLERANCE_S
from server.store import center_status
from server.store.center_status import Standing
from sync.limits import REQUEST_BYTES_MAX, SNAPSHOT_BYTES_MAX
from tests.center_push.pair import OTHER_SECRET, SECRET, TODAY, Pair, message, refused
from tests.support.county import COUNTY, GRID
from tests.support.meetings import at_once
from tests.support.statements import statements


def test_a_message_that_comes_again_changes_nothing(pair: Pair) -> None:
    body = message()
    now_ms = pair.clock()
    headers = signing.headers(SECRET, COUNTY, "msg_1", now_ms, body)
    said = [pair.upper.http.post("/api/v1/center/status", content=body, headers=headers).json() for _ in range(3)]
    told = {"source": COUNTY, "day": TODAY, "version": 7}
    assert said == [told | {"result": result} for result in ("taken", "known", "known")]
    assert pair.sums()[GRID] == {"visits": 3}


def test_versions_may_come_in_any_order(pair: Pair) -> None:
    for version, result, here in ((7, "taken", 7), (5, "older", 7), (9, "taken", 9), (8, "older", 9), (9, "known", 9)):
        body = message(version=version, counters=[{"unit": GRID, "measures": {"visits": version}}])
        said = pair.post(body).json()
        assert (said["result"], said["version"]) == (result, here)
        assert pair.sums()[GRID] == {"visits": here}


def test_several_at_once_leave_the_newest(pair: Pair) -> None:
    bodies = [message(version=version, counters=[]) for version in range(10, 16)]
    said = [each.json() for each in at_once([partial(pair.post, body) for body in bodies])]
    assert {each["result"] for each in said} <= {"taken", "older"}
    assert pair.kept() == {TODAY: 15}


def test_the_first_of_a_day_does_not_take_the_place_of_a_newer_first(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pair.upper.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nobody comes between")
    standing, between = center_status.standing, list[str]()

    def overtaken(*arguments: Any) -> Standing | None:
        found = standing(*arguments)
        if not between:
            between.append("")
            between.append(pair.post(message(version=15, counters=[])).json()["result"])
        return found

    monkeypatch.setattr(center_status, "standing", overtaken)
    assert pair.post(message(version=14, counters=[])).json()["result"] == "older"
    assert (between[1], pair.kept()) == ("taken", {TODAY: 15})


def test_a_day_is_read_once_and_its_sender_locked_only_while_it_is_written(pair: Pair) -> None:
    pair.post(message(version=1))
    engine = pair.upper.center.engine
    with statements(engine) as said:
        assert pair.post(message(version=2)).json()["result"] == "taken"
    assert len([each for each in said if "SELECT" in each and "center_status" in each]) == 1
    locked = [each for each in said if "FOR SHARE" in each]
    assert len(locked) == (0 if engine.dialect.name == "sqlite" else 1)  # SQLite has one writer at a time.


@pytest.mark.parametrize("beside_s", [-TOLERANCE_S - 1, -TOLERANCE_S, TOLERANCE_S, TOLERANCE_S + 1])
def test_a_message_is_good_for_five_minutes_by_the_receivers_clock(pair: Pair, beside_s: int) -> None:
    body = message()
    headers = signing.headers(SECRET, COUNTY, "msg_1", pair.clock() + beside_s * 1000, body)
    answer = pair.upper.http.post("/api/v1/center/status", content=body, headers=headers)
    if abs(beside_s) <= TOLERANCE_S:
        assert answer.json()["result"] == "taken"
    else:
        refused(pair, answer, 401, "signature-wrong", "webhook-timestamp")


def test_one_of_several_signatures_is_enough(pair: Pair) -> None:
    """A sender that changes its secret signs by the old one and the new one for a while."""
    body = message()
    headers = signing.headers(SECRET, COUNTY, "msg_1", pair.clock(), body)
    other = signing.headers(OTHER_SECRET, COUNTY, "msg_1", pair.clock(), body)["webhook-signature"]

    def sent(others: int) -> httpx.Response:
        several = {**headers, "webhook-signature": f"{other} " * others + headers["webhook-signature"]}
        return pair.upper.http.post("/api/v1/center/status", content=body, headers=several)

    refused(pair, sent(SIGNATURES_MAX), 401, "signature-wrong")
    assert [sent(SIGNATURES_MAX - 1).json()["result"], sent(1).json()["result"]] == ["taken", "known"]


def test_others_who_verify_by_the_specification_agree() -> None:
    body, now = message(), datetime(2026, 11, 21, tzinfo=UTC)
    headers = signing.headers(SECRET, COUNTY, "msg_1", int(now.timestamp() * 1000), body)
    with time_machine.travel(now, tick=False):
        assert Webhook(SECRET.text).verify(body, headers) == json.loads(body)


def test_a_county_that_is_forgotten_or_has_another_secret(pair: Pair) -> None:
    sources.accept(pair.upper.center, COUNTY, None, OTHER_SECRET)
    refused(pair, pair.post(message()), 401, "signature-wrong")
    assert pair.post(message(), secret=OTHER_SECRET).json()["result"] == "taken"
    sources.forget(pair.upper.center, COUNTY, with_days=True)
    refused(pair, pair.post(message(), secret=OTHER_SECRET), 401, "signature-wrong")


def test_what_came_is_told_of_each_county_by_itself(pair: Pair) -> None:
    sources.accept(pair.upper.center, "990102", "邻县", OTHER_SECRET)
    for day in ("2026-11-19", TODAY):
        pair.post(message(day=day))
    told = {each["county"]: (each["days"], each["last_day"]) for each in sources.shown(pair.upper.center)}
    assert told == {COUNTY: (2, TODAY), "990102": (0, None)}


def test_a_test_message_keeps_nothing(pair: Pair) -> None:
    answer = pair.post(json.dumps({"v": 1, "county": COUNTY, "test": True}).encode())
    assert answer.json() == {"source": COUNTY, "result": "test"}
    assert pair.kept() == {}
    refused(pair, pair.post(json.dumps({"v": 1, "county": COUNTY, "test": False}).encode()), 422, "invalid", "day")


def test_it_is_signed_as_it_is_unpacked(pair: Pair) -> None:
    body = message()
    headers = signing.headers(SECRET, COUNTY, "msg_1", pair.clock(), body) | {"Content-Encoding": "gzip"}
    packed = pair.upper.http.post("/api/v1/center/status", content=gzip.compress(body), headers=headers)
    assert packed.json()["result"] == "taken"


def test_a_message_that_is_too_large_however_small_it_is_packed(pair: Pair) -> None:
    body = message()
    fits = body + b" " * (SNAPSHOT_BYTES_MAX - len(body))

    def sent(text: bytes) -> Any:
        headers = signing.headers(SECRET, COUNTY, "msg_1", pair.clock(), text) | {"Content-Encoding": "gzip"}
        return pair.upper.http.post("/api/v1/center/status", content=gzip.compress(text, 1), headers=headers)

    refused(pair, sent(fits + b" "), 413, "too-large")
    refused(pair, pair.post(b" " * (REQUEST_BYTES_MAX + 1)), 413, "too-large")
    assert sent(fits).json()["result"] == "taken"
