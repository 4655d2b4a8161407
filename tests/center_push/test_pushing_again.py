"""What could not be handed to a center is tried again, in order, and by one worker at a time."""

from threading import Event

import httpx
import pytest
import sqlalchemy as sa

from server.center_push import backoff, targets, worker
from server.center_push.worker import LEASE_MS, Passed
from server.store import center_outbox, center_tables, dialect
from tests.center_push.pair import SECRET, URL, Fault, Pair, answers, fails
from tests.support.clock import DAY_MS
from tests.support.county import COUNTY, GRID
from tests.support.meetings import at_once

WEEK = [f"2026-11-{day}" for day in range(14, 21)]
TIMES_A_DAY = 5
PATIENCE_S = 60


def test_a_center_that_is_down_for_a_week_gets_all_in_order_and_nothing_twice(pair: Pair) -> None:
    pair.way.fault = answers(503)
    for day in WEEK:
        for _ in range(TIMES_A_DAY):
            pair.count(day=day, visits=1)
            pair.push()
            pair.pass_s(DAY_MS / TIMES_A_DAY / 1000)
    assert pair.target()["last_error"] == "status-503"
    # One that was tried stays; of those that nobody tried, the newest of each day.
    assert len(pair.outbox("day")) == len(WEEK) + 1
    assert set(pair.way.messages) == {pair.way.messages[0]}, "the later ones wait for the first"
    assert len(pair.way.messages) <= 7 * TIMES_A_DAY
    waiting = pair.outbox("message")

    pair.way.fault, pair.way.messages = None, []
    assert pair.push() == Passed(delivered=len(WEEK) + 1)
    assert pair.way.messages == waiting
    assert pair.sums()[COUNTY] == {"visits": 7 * TIMES_A_DAY}
    assert {each["result"] for each in pair.way.answers} == {"taken"}
    assert pair.outbox("day") == []
    assert pair.push() == Passed()


def test_a_newer_snapshot_takes_the_place_of_one_that_was_never_tried(pair: Pair) -> None:
    pair.way.fault = answers(500)
    pair.count(day=WEEK[0], visits=1)
    pair.push()
    pair.count(day=WEEK[1], visits=1)
    pair.push()
    before = pair.outbox("day", "message", "attempts")
    pair.count(day=WEEK[0], visits=1)
    pair.count(day=WEEK[1], visits=1)
    pair.push()
    after = pair.outbox("day", "message", "attempts")
    assert [day for day, _, _ in after] == [WEEK[0], WEEK[0], WEEK[1]]
    assert after[0] == before[0], "the one that was tried stays: it may have arrived"
    assert before[1] not in after


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (answers(500), "status-500"),
        (answers(401), "status-401"),
        (answers(404), "status-404"),
        (answers(302, location="http://elsewhere.example/"), "status-302"),
        (fails(httpx.ReadTimeout), "timeout"),
        (fails(httpx.ConnectTimeout), "timeout"),
        (fails(httpx.ConnectError), "connection-failed"),
        (fails(httpx.RemoteProtocolError), "connection-failed"),
    ],
)
def test_what_may_pass_is_tried_again_later(pair: Pair, fault: Fault, word: str) -> None:
    pair.count(visits=1)
    pair.way.fault = fault
    assert pair.push() == Passed(taken=1, failed=1)
    assert pair.target()["last_error"] == word
    assert pair.push() == Passed(), "not at once"
    pair.way.fault = None
    pair.pass_s(backoff.FIRST_S)
    assert pair.push() == Passed(delivered=1)
    assert pair.target()["last_error"] is None
    assert pair.target()["waiting"] == 0
    assert len(set(pair.way.messages)) == 1, "every try of a message has the same id"


def test_the_waits_double_up_to_an_hour_and_chance_takes_up_to_half(pair: Pair) -> None:
    full = [backoff.wait_ms(attempts, 1.0) for attempts in (1, 2, 3, 8, 9, 1000)]
    assert full == [30_000, 60_000, 120_000, 3_600_000, 3_600_000, 3_600_000]
    assert backoff.wait_ms(1, 0.0) == 15_000
    pair.count(visits=1)
    pair.way.fault = answers(500)
    for wait_s in (30, 60, 120):
        assert pair.push().failed == 1
        pair.pass_s(wait_s - 0.001)
        assert pair.push().failed == 0
        pair.pass_s(0.001)


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        ("7200", 7200),
        ("5", backoff.FIRST_S),
        (str(10**20), backoff.RETRY_AFTER_S_MAX),
        ("-1", backoff.FIRST_S),
        ("soon", backoff.FIRST_S),
        ("Wed, 01 Jan 2020 00:00:00 GMT", backoff.FIRST_S),
        ("Wed, 01 Jan 2020 00:00:00 -0000", backoff.FIRST_S),
    ],
)
def test_a_center_may_ask_for_a_longer_wait(pair: Pair, asked: str, wait_s: int) -> None:
    pair.count(visits=1)
    pair.way.fault = answers(429, retry_after=asked)
    pair.push()
    assert pair.outbox("next_try_ms") == [pair.clock() + wait_s * 1000]


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_message_that_is_refused_is_set_aside_and_shown(pair: Pair, status: int) -> None:
    pair.count_days(WEEK[:2], visits=1)
    refusing = answers(status)

    def refuses_the_first(request: httpx.Request) -> httpx.Response:
        pair.way.fault = None
        return refusing(request)

    pair.way.fault = refuses_the_first
    assert pair.push() == Passed(taken=2, delivered=1, failed=1)
    assert list(pair.kept()) == WEEK[1:2]
    shown = pair.target()
    assert (shown["refused"], shown["waiting"]) == (1, 0)
    assert pair.outbox("day", "refused") == [(WEEK[0], f"status-{status}")]
    pair.pass_s(DAY_MS / 1000)
    assert pair.push() == Passed()
    targets.retry(pair.lower.center, URL)
    assert pair.push() == Passed(delivered=1)
    assert pair.target()["refused"] == 0
    assert sorted(pair.kept()) == WEEK[:2]


def test_a_center_that_is_gone_is_asked_no_more(pair: Pair) -> None:
    pair.count(visits=1)
    pair.way.fault = answers(410)
    assert pair.push() == Passed(taken=1, failed=1)
    pair.way.fault = None
    pair.pass_s(DAY_MS / 1000)
    pair.count(visits=1)
    assert pair.push() == Passed(taken=1)
    assert pair.target()["stopped"] == "status-410"
    assert pair.target()["waiting"] == 2
    targets.retry(pair.lower.center, URL)
    assert pair.push() == Passed(delivered=2)
    assert pair.sums()[GRID] == {"visits": 2}


def test_an_answer_that_is_lost_is_no_answer(pair: Pair) -> None:
    pair.count(visits=3)
    pair.way.loses_answers = True
    assert pair.push() == Passed(taken=1, failed=1)
    pair.way.loses_answers = False
    pair.pass_s(backoff.FIRST_S)
    assert pair.push() == Passed(delivered=1)
    assert [each["result"] for each in pair.way.answers] == ["taken", "known"]
    assert pair.sums()[GRID] == {"visits": 3}


def test_a_worker_that_dies_after_a_delivery_leaves_it_to_be_sent_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.count(visits=3)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(center_outbox, "delivered", dies)
        with pytest.raises(KeyboardInterrupt):
            pair.push()
    assert pair.push() == Passed(), "the center is still the dead worker's"
    pair.pass_s(LEASE_MS / 1000 - 0.001)
    assert pair.push() == Passed()
    pair.pass_s(0.001)
    assert pair.push() == Passed(delivered=1)
    assert [each["result"] for each in pair.way.answers] == ["taken", "known"]
    assert pair.sums()[GRID] == {"visits": 3}


def test_workers_at_once_send_nothing_twice_and_keep_the_order(pair: Pair) -> None:
    pair.way.takes_s = 0.005
    for round_ in range(3):
        for day in WEEK:
            pair.count(day=day, visits=1)
        at_once([pair.worker().once for _ in range(4)])
        pair.push()  # Where each of them left the rest to the others.
        assert pair.sums()[COUNTY] == {"visits": 7 * (round_ + 1)}
    assert len(pair.way.messages) == len(set(pair.way.messages))
    assert {each["result"] for each in pair.way.answers} == {"taken"}
    versions = [each["version"] for each in pair.way.answers]
    assert versions == sorted(versions)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_slow_center_keeps_no_other_waiting(pair: Pair, is_first: bool) -> None:
    """Neither in its own pass nor in those to come: it answers when the other has everything."""
    slow = f"http://{'a' if is_first else 'z'}.example/slow"
    targets.add(pair.lower.center, slow, SECRET)
    pair.count_days(WEEK, visits=1)
    working, asked, everything, told = pair.worker(), Event(), Event(), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(str(request.url))
        if str(request.url) == slow:
            asked.set()
            assert everything.wait(PATIENCE_S)
        elif told.count(URL) == len(WEEK):
            pair.count(visits=1)
        elif told.count(URL) > len(WEEK):
            assert asked.wait(PATIENCE_S)
            working.stopping.set()
            everything.set()
        return httpx.Response(200, request=request)

    pair.way.fault = answer
    working.run(every_s=0.01)
    assert told.count(slow) == 1
    assert told.count(URL) == len(WEEK) + 1


def test_a_worker_that_is_told_to_stop_ends_after_the_message_on_its_way(pair: Pair) -> None:
    pair.count_days(WEEK, visits=1)
    working = pair.worker()

    def stops(request: httpx.Request) -> httpx.Response:
        working.stopping.set()
        return httpx.Response(200, request=request)

    pair.way.fault = stops
    working.run(every_s=1000)
    assert len(pair.outbox("day")) == len(WEEK) - 1
    pair.way.fault = None
    assert pair.push().delivered == len(WEEK) - 1


@pytest.mark.parametrize("where", ["targets", "changed"])
def test_a_worker_waits_for_a_database_that_is_away(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, where: str
) -> None:
    pair.count(visits=1)
    working = pair.worker()
    away = [sa.exc.OperationalError("SELECT", {}, Exception(), connection_invalidated=True)]
    asked = getattr(center_outbox, where)

    def failing(*arguments: object) -> object:
        if away:
            raise away.pop()
        working.stopping.set()
        return asked(*arguments)

    monkeypatch.setattr(center_outbox, where, failing)
    working.run(every_s=0.001)
    assert "center_push_waits_for_database" in caplog.text


@pytest.mark.parametrize("where", ["targets", "changed"])
def test_a_fault_of_our_own_ends_the_worker(pair: Pair, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def failing(*_: object) -> list[center_outbox.Target]:
        raise sa.exc.ProgrammingError("SELECT", {}, Exception())

    monkeypatch.setattr(center_outbox, where, failing)
    with pytest.raises(sa.exc.ProgrammingError):
        pair.worker().run(every_s=1000)


def test_what_was_delivered_is_forgotten_after_a_week(pair: Pair) -> None:
    pair.count(visits=1)
    pair.push()

    def rows() -> int:
        with dialect.reading(pair.lower.center.engine) as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(center_tables.center_outbox)) or 0

    pair.pass_s(worker.DELIVERED_KEPT_MS / 1000)
    pair.push()
    assert rows() == 1
    pair.pass_s(0.001)
    pair.push()
    assert rows() == 0


def test_a_center_that_has_something_newer_is_told_of(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """After a restore of this one from a backup its versions run behind what the other was told before."""
    pair.count(visits=1)
    pair.way.fault = lambda request: httpx.Response(200, json={"result": "older"}, request=request)
    assert pair.push().delivered == 1
    assert pair.target()["last_result"] == "older"
    assert "center_push_older" in caplog.text


def test_what_a_center_answers_is_not_believed_to_be_short_or_right(pair: Pair) -> None:
    for content in (b"", b"[]", b"{", b'{"result": 7}', b'{"result": "<b>taken</b>"}', b"x" * 1_000_000):
        pair.count(visits=1)
        pair.way.fault = lambda request, said=content: httpx.Response(200, content=said, request=request)
        assert pair.push() == Passed(taken=1, delivered=1)
        assert pair.target()["last_result"] is None
