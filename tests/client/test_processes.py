"""Several processes at one store: none takes another's work away, or takes in what is no longer its to have."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from client_sdk import OfflineError, RevokedError, StoreForkedError, StoreMissingError, Tablet
from client_sdk.schema import Meta
from tests.client.center import GRID, OTHER_GRID, Center, Deliver, request_lost
from tests.client.conftest import Worker
from tests.client.stories import everything, household, sync

LOOK = "import sys; from client_sdk import Tablet; Tablet.open(sys.argv[1]).close()"
DONE, FORKED, FAILED = 0, 7, 9


def test_enrolling_again_keeps_the_locks_of_an_open_store(wang: Worker, center: Center) -> None:
    center.codes["WANG2"] = "wang"
    made = household(wang)
    with wang.enroll("WANG2"):
        log = wang.store.with_name("wang.tablet-wal")
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", LOOK, wang.store], check=True)
        assert log.stat().st_ino == before, "who closes last empties the log, and this one has not closed"
    assert wang.reopen().households.get(made) is not None


def in_a_fork(act: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(DONE)
        except StoreForkedError:
            os._exit(FORKED)
        finally:
            os._exit(FAILED)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_use_the_store_of_its_parent(wang: Worker) -> None:
    first = household(wang)
    for act in (lambda: household(wang), wang.tablet.households.list, lambda: Tablet.open(wang.store)):
        assert in_a_fork(act) == FORKED
    assert in_a_fork(wang.tablet.close) == DONE
    second = household(wang)
    assert {each.id for each in wang.reopen().households.list()} == {first.id, second.id}
    wang.tablet.close()
    assert in_a_fork(lambda: Tablet.open(wang.store).close()) == DONE


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_process_that_was_forked_in_a_sync_is_told_at_once(wang: Worker) -> None:
    under_way, goes_on = threading.Event(), threading.Event()

    def wait(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        under_way.set()
        goes_on.wait()
        return deliver(request)

    wang.link.faults.append(wait)
    syncing = threading.Thread(target=sync, args=(wang,))
    syncing.start()
    under_way.wait()
    forked = in_a_fork(wang.tablet.sync)
    goes_on.set()
    syncing.join()
    assert forked == FORKED


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_that_stands_elsewhere_does_not_use_it_either(
    wang: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    wang.tablet.close()
    monkeypatch.chdir(wang.store.parent)
    with Tablet.open(wang.store.name, transport=wang.link):

        def elsewhere() -> None:
            os.chdir("/")
            Tablet.open(wang.store)

        assert in_a_fork(elsewhere) == FORKED


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_what_could_not_be_opened_is_nobodys(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError) as missing:
        Tablet.open(tmp_path / "none.tablet")

    def ask() -> None:
        with pytest.raises(StoreMissingError):
            Tablet.open(tmp_path / "none.tablet")

    assert missing.value.code == "store-missing"
    assert in_a_fork(ask) == DONE


@pytest.fixture
def other(zhao: Worker) -> Tablet:
    """Another process, in effect, at Zhao's store."""
    return Tablet.open(zhao.store, transport=zhao.link, clock=zhao.clock, sleep=zhao.waits.append)


def meanwhile(act: Callable[[], object]) -> Callable[[httpx.Request, Deliver], httpx.Response]:
    """The center answers, and before the answer has come something else happens."""

    def fault(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        answer = deliver(request)
        act()
        return answer

    return fault


def wipe(center: Center, other: Tablet) -> None:
    center.revoked.add(f"token-{len(center.tokens) - 1}")
    with contextlib.suppress(RevokedError):
        other.sync()


def test_an_answer_that_comes_after_a_wipe_is_not_taken(
    li: Worker, zhao: Worker, other: Tablet, center: Center
) -> None:
    household(li)
    sync(li)
    zhao.link.faults.append(meanwhile(lambda: wipe(center, other)))
    with pytest.raises(RevokedError) as found:
        zhao.tablet.sync()
    assert found.value.wiped
    kept = everything(zhao)
    assert kept == {**{table: [] for table in kept}, "meta": [(Meta.REVOKED, "1")]}
    other.close()


def test_an_answer_to_who_worked_here_before_is_not_taken(zhao: Worker, other: Tablet, center: Center) -> None:
    household(zhao, unit=OTHER_GRID)
    sync(zhao)

    def give_to_li() -> None:
        wipe(center, other)
        zhao.enroll("LI").close()

    for ask in (zhao.tablet.me, zhao.tablet.sync):
        center.codes["ZHAO2"] = "zhao"
        zhao.link.faults.append(meanwhile(give_to_li))
        ask()
        assert zhao.tablet.scope == ("person:li", "unit:5301-1-1")
        assert zhao.tablet.households.list() == []
        wipe(center, other)
        center.nonces.clear()
        zhao.enroll("ZHAO2").close()
    other.close()


def test_an_answer_from_before_another_ones_sync_is_not_taken(
    li: Worker, zhao: Worker, other: Tablet, center: Center
) -> None:
    def more() -> None:
        household(li)
        sync(li)
        other.sync()

    sync(zhao)
    center.requests.clear()
    zhao.link.faults.append(meanwhile(more))
    sync(zhao)
    asked = [head.cursor for head in center.requests]
    assert asked[-1] == "1:first", "where the other one has come to"
    other.close()


def test_a_word_on_a_token_that_was_replaced_wipes_nothing(zhao: Worker, center: Center) -> None:
    center.codes["ZHAO2"] = "zhao"
    made = household(zhao, unit=GRID)
    sync(zhao)
    old = f"token-{len(center.tokens) - 1}"

    def enrol_anew(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        center.revoked.add(old)
        zhao.enroll("ZHAO2").close()
        return deliver(request)

    zhao.link.faults.append(enrol_anew)
    sync(zhao)
    assert [each.id for each in zhao.tablet.households.list()] == [made.id]


def test_a_replay_that_another_one_began_anew_is_not_ended(
    li: Worker, zhao: Worker, other: Tablet, center: Center
) -> None:
    made = [household(li) for _ in range(3)]
    sync(li, zhao)
    backup = center.backup()

    def restore_again() -> None:
        center.restore(backup)
        center.past.tag = "restored once more"
        other._loop.rows_max = 1
        zhao.link.faults.extend([meanwhile(lambda: None), request_lost])
        with pytest.raises(OfflineError):
            other.sync()

    center.restore(backup)
    zhao.link.faults.extend([meanwhile(lambda: None), meanwhile(restore_again)])
    sync(zhao)
    assert {each.id for each in zhao.tablet.households.list()} == {each.id for each in made}
    assert zhao.tablet.set_aside == []
    other.close()
