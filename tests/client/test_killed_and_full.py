"""A process killed at any statement, a disk that is full: all of a save or an answer is kept, or none of it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client_sdk import (
    StoreError,
    Tablet,
)
from tests.client.center import OTHER_GRID, Center, Link
from tests.client.conftest import Worker
from tests.client.stories import dispute, everything, household, sync, without_stamps


class Killed(BaseException):
    """The process ends here."""


class Mortal(sqlite3.Connection):
    """A connection whose process is killed before its statement number `left`, or (`is_full`) whose disk is full."""

    left: int | None = None
    is_full = False
    is_dead = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self.is_dead:
            raise Killed
        if self.left is not None:
            self.left -= 1
            if self.left < 0 and self.is_full:
                if sql == "ROLLBACK":
                    return super().execute(sql, parameters)
                full = sqlite3.OperationalError("database or disk is full")
                full.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise full
            if self.left < 0:
                self.is_dead = True
                raise Killed
        return super().execute(sql, parameters)


def mortal(path: str) -> Mortal:
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Mortal)


def open_mortal(worker: Worker, *, is_full: bool = False) -> tuple[Tablet, Mortal]:
    tablet = Tablet.open(worker.store, transport=worker.link, clock=worker.clock, connect=mortal)
    connection = tablet._desk.store._connection
    assert isinstance(connection, Mortal)
    connection.is_full = is_full
    return tablet, connection


def deaths(worker: Worker, act: Callable[[Tablet], object]) -> list[dict[str, Any]]:
    """Does `act` over and over on the same store, killed before each of its statements in turn until it comes to its
    end, with what the store held after each."""
    worker.tablet.close()
    kept = []
    for statement in range(10_000):
        tablet, connection = open_mortal(worker)
        connection.left = statement
        try:
            act(tablet)
        except Killed:
            pass
        else:
            statement = -1
        connection.left, connection.is_dead = None, False
        connection.close()  # What was open is rolled back by SQLite, as after the death of a process.
        worker.tablet = Tablet.open(worker.store, transport=worker.link, clock=worker.clock)
        kept.append(everything(worker))
        if statement == -1:
            return kept
        worker.tablet.close()
    raise AssertionError("it never comes to its end")


def test_a_process_killed_while_it_saves_has_saved_all_or_nothing(wang: Worker) -> None:
    made = dispute(wang)
    before = everything(wang)
    kept = deaths(wang, lambda tablet: tablet.disputes.change(made, title="Drain", amount_yuan=3))
    assert len(kept) > 5
    assert all(state == before for state in kept[:-1])
    assert [len(kept[-1][table]) - len(before[table]) for table in ("outbox", "view")] == [1, 0]
    changed = wang.tablet.disputes.get(made)
    assert changed is not None
    assert changed.title == "Drain"


def test_a_process_killed_while_it_takes_an_answer_has_taken_all_or_nothing(
    wang: Worker, li: Worker, center: Center
) -> None:
    made = dispute(wang)
    sync(wang, li)
    li.tablet.disputes.change(made, title="Wall")
    household(li)
    sync(li)
    wang.tablet.disputes.change(made, title="Drain")
    dispute(wang, unit=OTHER_GRID)
    center.sync_ms = 0

    before = without_stamps(everything(wang))
    kept = [without_stamps(state) for state in deaths(wang, lambda tablet: tablet.sync())]
    assert len(kept) > 30
    after = kept[-1]
    assert all(state in (before, after) for state in kept)
    assert kept[0] == before
    assert before != after
    assert [item.code for item in wang.tablet.attention] == ["not-allowed"]
    assert len(wang.tablet.conflicts.open()) == 1


def test_a_process_killed_while_it_enrols_can_do_it_again(wang: Worker, center: Center, tmp_path: Path) -> None:
    store = tmp_path / "new.tablet"
    link = Link(center)
    for statement in range(10_000):

        def connect_mortal(path: str, left: int = statement) -> Mortal:
            connection = mortal(path)
            connection.left = left
            return connection

        try:
            Tablet.enroll(
                "https://center.example", "LI", store, transport=link, clock=wang.clock, connect=connect_mortal
            ).close()
        except Killed:
            continue
        break
    with Tablet.open(store) as tablet:
        assert tablet.person["id"] == "li"
    assert len(center.nonces) == 2, "one code, one nonce, however often it died"


@pytest.mark.parametrize("statement", range(0, 12, 3))
def test_a_full_disk_is_told_and_nothing_is_half_written(wang: Worker, statement: int) -> None:
    made = dispute(wang)
    before = everything(wang)
    wang.tablet.close()
    wang.tablet, connection = open_mortal(wang, is_full=True)
    connection.left = statement
    with pytest.raises(StoreError) as found:
        wang.tablet.disputes.change(made, title="Drain")
    assert (found.value.code, "full" in found.value.en) == ("store-failed", True)
    connection.left = None
    assert everything(wang) == before
    assert wang.tablet.disputes.change(made, title="Drain").title == "Drain"


class Full(sqlite3.Connection):
    """A connection to a disk on which nothing more can be written, once it `is_full`."""

    is_full = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if self.is_full and sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise full
        return super().execute(sql, parameters)


def test_what_waits_on_a_full_disk_is_handed_over(wang: Worker, center: Center) -> None:
    for _ in range(3):
        household(wang)
    wang.tablet.close()
    connect_full = lambda path: sqlite3.connect(  # noqa: E731
        path, isolation_level=None, check_same_thread=False, factory=Full
    )
    wang.tablet = Tablet.open(wang.store, transport=wang.link, clock=wang.clock, connect=connect_full)
    wang.tablet._desk.store._connection.is_full = True  # type: ignore[attr-defined]
    with pytest.raises(StoreError):
        wang.tablet.sync()
    assert (len(center.past.rows), wang.tablet.waiting) == (3, 3)
    wang.tablet._desk.store._connection.is_full = False  # type: ignore[attr-defined]
    assert wang.tablet.sync().sent == 3
    assert len(center.past.rows) == 3


KILLED_FOR_REAL = """
import os, sys
from client_sdk import Tablet
tablet = Tablet.open(sys.argv[1])
for number in range(5):
    print(tablet.households.create(address=f"河边{number}号").id, flush=True)
with tablet._desk.store.transaction():
    tablet.households.create(address="half")
    os._exit(9)
"""


def test_what_was_saved_is_there_after_a_real_death(wang: Worker) -> None:
    wang.tablet.close()
    died = subprocess.run(
        [sys.executable, "-c", KILLED_FOR_REAL, wang.store], capture_output=True, text=True, check=False
    )
    assert died.returncode == 9, died.stderr
    wang.reopen()
    assert [each.id for each in wang.tablet.households.list()] == sorted(died.stdout.split())
    assert wang.tablet.sync().sent == 5


class Cramped(Full):
    """A connection to a full disk that has no room for the index of the log either, which processes share."""

    is_full = True
    is_alone = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.is_alone |= sql == "PRAGMA locking_mode = EXCLUSIVE"
        if not self.is_alone:
            cramped = sqlite3.OperationalError("disk I/O error")
            cramped.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
            raise cramped
        return super().execute(sql, parameters)


def test_a_store_can_be_opened_on_a_full_disk_to_hand_over_what_waits(wang: Worker, center: Center) -> None:
    made = household(wang)
    wang.tablet.close()
    wang.tablet = Tablet.open(
        wang.store,
        transport=wang.link,
        clock=wang.clock,
        connect=lambda path: sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Cramped),
    )
    assert wang.tablet.households.list() == [made]
    with pytest.raises(StoreError, match="disk is full"):
        household(wang)
    with pytest.raises(StoreError, match="disk is full"):
        wang.tablet.sync()
    assert list(center.past.rows) == [("household", made.id)]
    assert not wang.store.with_name("wang.tablet-shm").exists()
    assert wang.reopen().sync().sent == 1
