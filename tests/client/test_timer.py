"""Syncing by itself: at once, then at intervals; after a failure sooner, then less and less often."""

import threading

import pytest

from client_sdk import CenterError, EnrolAgainError, OfflineError, SyncReport, TabletError
from tests.client.center import Center, refusing, request_lost
from tests.client.conftest import Worker
from tests.client.stories import household


class Stop(threading.Event):
    """Set after so many waits; nobody really waits."""

    def __init__(self, rounds: int) -> None:
        super().__init__()
        self.rounds = rounds
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        if len(self.waits) == self.rounds:
            self.set()
        return self.is_set()


def test_it_syncs_until_it_is_stopped(wang: Worker) -> None:
    household(wang)
    seen: list[SyncReport | TabletError] = []
    wang.link.faults.extend([request_lost, request_lost, refusing("slow-down", **{"Retry-After": "600"})])
    stop = Stop(5)
    wang.tablet.keep_in_sync(300, stop, on_report=seen.append)
    assert [type(each) for each in seen] == [OfflineError, OfflineError, CenterError, SyncReport, SyncReport]
    assert 0.5 <= stop.waits[0] <= 1
    assert 1 <= stop.waits[1] <= 2
    assert stop.waits[2:] == [600, 300, 300]
    assert wang.tablet.waiting == 0


@pytest.mark.parametrize("asked", ["99999999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_it_waits_an_hour_at_most_because_the_center_asks(wang: Worker, asked: str) -> None:
    wang.link.faults.append(refusing("unavailable", **{"Retry-After": asked}))
    stop = Stop(2)
    wang.tablet.keep_in_sync(300, stop)
    assert stop.waits == [3600, 300]


def test_an_interval_without_end_is_one_sync(wang: Worker) -> None:
    stop = threading.Event()
    reports: list[SyncReport | TabletError] = []

    def end(report: SyncReport | TabletError) -> None:
        reports.append(report)
        threading.Timer(0.1, stop.set).start()

    wang.tablet.keep_in_sync(float("inf"), stop, on_report=end)
    assert reports == [SyncReport()]


def test_what_waiting_does_not_mend_ends_it(wang: Worker, center: Center) -> None:
    center.tokens.clear()
    with pytest.raises(EnrolAgainError):
        wang.tablet.keep_in_sync(300, Stop(2))
    stop = Stop(1)
    stop.set()
    wang.tablet.keep_in_sync(300, stop)
    assert stop.waits == []


def test_it_ends_quietly_when_the_tablet_is_closed(wang: Worker) -> None:
    seen: list[SyncReport | TabletError] = []
    stop = Stop(9)

    def close_after_two(outcome: SyncReport | TabletError) -> None:
        seen.append(outcome)
        if len(seen) == 2:
            wang.tablet.close()

    wang.tablet.keep_in_sync(300, stop, on_report=close_after_two)
    assert ([type(each) for each in seen], len(stop.waits)) == ([SyncReport] * 2, 2)


def test_nobody_needs_to_listen(wang: Worker) -> None:
    wang.tablet.keep_in_sync(1, Stop(1))
    assert wang.tablet.last_sync is not None
