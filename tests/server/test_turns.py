"""Calls that come while others are worked on go together into the next turn."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from server import turns
from server.turns import Turns

PATIENCE_S = 30


class Workshop:
    """Answers each call with itself in capitals, once it is let; `turned`: the calls of each turn."""

    def __init__(self) -> None:
        self.turns = Turns[str, str]()
        self.turned: list[list[str]] = []
        self.begun, self.may_end = threading.Semaphore(0), threading.Semaphore(0)
        self.threads = ThreadPoolExecutor(20)

    def work(self, calls: Sequence[str]) -> list[str | BaseException] | None:
        self.turned.append(list(calls))
        self.begun.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        if "shy" in calls and len(calls) > 1:
            return None
        if "everything breaks" in calls:
            raise ZeroDivisionError
        return [ValueError(each) if each == "bad" else each.upper() for each in calls]

    def call(self, said: str, size: int = 1) -> "Future[str]":
        """Makes a call in a thread of its own, and waits until it is in the queue or at work."""
        waiting = len(self.turns._waiting)
        future = self.threads.submit(self.turns.take, said, size, self.work)
        while len(self.turns._waiting) == waiting and not self.begun.acquire(blocking=False):
            pass
        return future

    def end(self, count: int = 1) -> None:
        self.may_end.release(count)


@pytest.fixture
def workshop() -> Workshop:
    return Workshop()


def test_who_comes_alone_is_worked_on_at_once(workshop: Workshop) -> None:
    workshop.end(2)
    assert workshop.turns.take("one", 1, workshop.work) == "ONE"
    assert workshop.turns.take("two", 1, workshop.work) == "TWO"
    assert workshop.turned == [["one"], ["two"]]


def test_all_who_come_meanwhile_go_together(workshop: Workshop) -> None:
    futures = [workshop.call(each) for each in ("first", "a", "b", "c")]
    workshop.end(2)
    assert [each.result(PATIENCE_S) for each in futures] == ["FIRST", "A", "B", "C"]
    assert workshop.turned == [["first"], ["a", "b", "c"]]


def test_an_error_is_raised_where_it_belongs(workshop: Workshop) -> None:
    futures = [workshop.call(each) for each in ("first", "good", "bad")]
    workshop.end(2)
    assert futures[1].result(PATIENCE_S) == "GOOD"
    with pytest.raises(ValueError, match="bad"):
        futures[2].result(PATIENCE_S)


def test_when_a_turn_breaks_all_of_it_hear_of_it_and_the_next_one_goes_on(workshop: Workshop) -> None:
    futures = [workshop.call(each) for each in ("first", "everything breaks", "with it")]
    workshop.end()
    assert futures[0].result(PATIENCE_S) == "FIRST"
    assert workshop.begun.acquire(timeout=PATIENCE_S)
    later = workshop.call("later")
    workshop.end(2)
    for broken in futures[1:]:
        with pytest.raises(ZeroDivisionError):
            broken.result(PATIENCE_S)
    assert later.result(PATIENCE_S) == "LATER"


def test_a_turn_is_of_no_more_calls_and_bytes_than_it_may_be(workshop: Workshop) -> None:
    large = turns.TOGETHER_BYTES_MAX
    sizes = [1, large, 1, *[1] * turns.TOGETHER_MAX, large - 1]
    futures = [workshop.call(f"{number:02}", size) for number, size in enumerate(sizes)]
    workshop.end(len(sizes))
    assert [each.result(PATIENCE_S) for each in futures] == [f"{number:02}" for number in range(len(sizes))]
    assert [len(each) for each in workshop.turned] == [1, 1, turns.TOGETHER_MAX, 2]


def test_those_who_cannot_go_together_have_a_turn_each_before_all_who_came_later(workshop: Workshop) -> None:
    futures = [workshop.call(each) for each in ("first", "shy", "with it")]
    workshop.end()
    assert futures[0].result(PATIENCE_S) == "FIRST"
    assert workshop.begun.acquire(timeout=PATIENCE_S)
    futures += [workshop.call(each) for each in ("later", "latest")]
    workshop.end(4)
    assert [each.result(PATIENCE_S) for each in futures] == ["FIRST", "SHY", "WITH IT", "LATER", "LATEST"]
    assert workshop.turned == [["first"], ["shy", "with it"], ["shy"], ["with it"], ["later", "latest"]]
