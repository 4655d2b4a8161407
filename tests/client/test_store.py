"""The store: durable, for several threads and processes, of whatever release; what is none is left alone."""

import contextlib
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from client_sdk import (
    InvalidError,
    OfflineError,
    StoreClosedError,
    StoreError,
    StoreForeignError,
    StoreMissingError,
    StoreNewerError,
    Tablet,
)
from client_sdk.outbox import _ABOUT
from client_sdk.schema import MIGRATIONS, VIEW_COLUMNS, Meta
from client_sdk.store import Store, connect
from tests.client.center import GRID
from tests.client.conftest import Worker
from tests.client.stories import household, sync, visit


def test_a_store_that_another_program_keeps_busy_is_waited_for_once(wang: Worker) -> None:
    household(wang)
    begun = list[str]()
    with contextlib.closing(sqlite3.connect(wang.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wang.tablet._desk.store._connection.execute("PRAGMA busy_timeout = 1")
        wang.tablet._desk.store._connection.set_trace_callback(begun.append)
        with pytest.raises(StoreError):
            wang.tablet.sync()
    assert [each for each in begun if each.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]


def test_a_store_is_durable_or_not_opened(wang: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    store = wang.tablet._desk.store
    assert store.value("PRAGMA journal_mode") == "wal"
    assert store.value("PRAGMA synchronous") == 2
    assert store.value("PRAGMA foreign_keys") == 1
    assert store.value("PRAGMA secure_delete") == 1
    monkeypatch.setattr("client_sdk.store._SYNCHRONOUS_FULL", 3)
    with pytest.raises(StoreError, match="would not be durable"):
        Tablet.open(wang.store)


def test_threads_take_turns(wang: Worker) -> None:
    home = household(wang)

    def save() -> None:
        for _ in range(10):
            visit(wang, home)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    reports = [wang.tablet.sync() for _ in range(3)]
    for thread in threads:
        thread.join()
    reports.append(wang.tablet.sync())
    assert sum(report.sent for report in reports) == 41
    assert len(wang.tablet.visits.list(household=home)) == 40


def test_two_tablets_over_one_store_wait_for_each_other(wang: Worker) -> None:
    with Tablet.open(wang.store, transport=wang.link, clock=wang.clock) as other:
        home = household(wang)
        other.visits.create(household=home, result="met", purposes=["errand"])
        assert (wang.tablet.waiting, wang.tablet.sync().sent, other.waiting) == (2, 2, 0)


def test_a_store_of_a_newer_app_is_left_alone(wang: Worker) -> None:
    wang.tablet._desk.store.run(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(StoreNewerError):
        Tablet.open(wang.store)


def test_an_older_store_becomes_todays_in_one_step_each(wang: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    made = household(wang)
    monkeypatch.setattr("client_sdk.store.MIGRATIONS", (*MIGRATIONS, ("ALTER TABLE view ADD COLUMN colour TEXT",)))
    tablet = wang.reopen()
    assert tablet._desk.store.value("PRAGMA user_version") == len(MIGRATIONS) + 1
    assert tablet._desk.store.rows("SELECT id, colour FROM view") == [(made.id, None)]


def test_a_store_from_before_the_stamps_stood_beside_the_lines_goes_on(
    wang: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "older.tablet"
    with monkeypatch.context() as older, closing(sqlite3.connect(wang.store)) as today:
        older.setattr("client_sdk.store.MIGRATIONS", MIGRATIONS[:2])
        store = Store(path, create=True)
        with store.transaction():
            for key, value in today.execute("SELECT key, value FROM meta"):
                store.put_meta(key, value)
            store.put_meta(Meta.LAST_STAMP, "2031-01-01T00:00:00.000Z-0007")
            store.run("INSERT INTO outbox (seq, edit, line, type, record) VALUES (4, 'a', x'7b', 'visit', 'a')")
            store.run("INSERT INTO outbox (seq, edit, line, type, record) VALUES (9, 'b', x'7d', 'visit', 'a')")
            store.run(
                """INSERT INTO view (type, id, doc, dots, keys, pending, text)
                VALUES ('household', 'h', ?, '{}', '[]', 0, ?)""",
                '{"address":"磨坊A"}',
                "磨坊a",
            )
        store.close()
    with Tablet.open(path, transport=wang.link, clock=wang.clock) as tablet:
        made = tablet.households.create(address="x", unit=GRID)
        kept = tablet._desk.store.rows("SELECT seq, edit, line, record, stamp, state, unsent FROM outbox ORDER BY seq")
        (last,) = tablet.households.history(made)
        assert kept[:2] == [
            (4, "a", b"{", "a", "2031-01-01T00:00:00.000Z-0007", "new", 1),
            (9, "b", b"}", "a", "2031-01-01T00:00:00.000Z-0007", "new", 1),
        ]
        assert (kept[2][:2], kept[2][4]) == ((10, made.id), last.at)
        assert last.at == "2031-01-01T00:00:00.000Z-0008"
        assert tablet.waiting == 3
        assert [each.id for each in tablet.households.find("磨坊a")] == ["h"]


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all, " * 500, encoding="utf-8")
    with pytest.raises(StoreForeignError, match="not a tablet's store"):
        Store(file)
    with pytest.raises(StoreMissingError):
        Store(tmp_path / "none")
    with pytest.raises(StoreError):
        Store(tmp_path / "no" / "folder", create=True)
    with pytest.raises(StoreError):
        Store(tmp_path / "x", create=True, connect=lambda path: connect(os.path.join(path, "y")))  # noqa: PTH118


def test_damaged_text_is_told_without_what_it_says(wang: Worker) -> None:
    home = household(wang)
    wang.tablet._desk.store.run("UPDATE view SET doc = CAST(CAST(doc AS BLOB) || x'ff' AS TEXT)")
    with pytest.raises(StoreError) as found:
        wang.tablet.households.get(home.id)
    assert found.value.en == f"{StoreError.en} (OperationalError)"


def test_what_went_wrong_is_said_and_nothing_else(wang: Worker, tmp_path: Path) -> None:
    household(wang)
    store = wang.tablet._desk.store
    store.rows("PRAGMA max_page_count = 1")
    with pytest.raises(StoreError, match="free some space"):
        store.run("CREATE TABLE much AS SELECT zeroblob(100000)")
    with closing(sqlite3.connect(wang.store)) as other:
        other.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        store.rows("PRAGMA busy_timeout = 0")
        with pytest.raises(StoreError, match="Another program is at work"):
            household(wang)
    store.rows("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="can only be read"):
        household(wang)
    with pytest.raises(StoreError, match="could not be read or written") as found:
        wang.tablet._desk.store.rows("SELECT nothing")
    assert "space" not in found.value.en
    assert found.value.en.endswith("(SQLITE_ERROR)")
    with pytest.raises(StoreError, match="no such folder"):
        Store(tmp_path / "no" / "folder", create=True)


@pytest.mark.parametrize("value", ["\ud800", 2**70, object()])
def test_what_the_store_cannot_hold_is_invalid(wang: Worker, value: Any) -> None:
    households = wang.tablet.households
    for use in (households.get, households.history, lambda record: households.change(record, address="x")):
        with pytest.raises(InvalidError):
            use(value)
    if isinstance(value, str):
        for look in (households.find, lambda unit: households.list(unit=unit)):
            with pytest.raises(InvalidError):
                look(value)


def test_a_closed_store_says_that_it_is_closed(wang: Worker) -> None:
    for _ in range(2):
        wang.tablet.close()
    for use in (lambda: household(wang), wang.tablet.households.list, wang.tablet.sync, wang.tablet.me):
        with pytest.raises(StoreClosedError) as found:
            use()
        assert (found.value.en, found.value.code) == ("The store was closed", "store-closed")


def test_lists_read_an_index(wang: Worker) -> None:
    store = wang.tablet._desk.store
    ran: list[str] = []
    store._connection.set_trace_callback(ran.append)
    indexed = [field for field in VIEW_COLUMNS if field not in ("unit", "removed")]
    for field in indexed:
        wang.tablet._desk.views.select("visit", {field: "x"}, removed=False)
    store._connection.set_trace_callback(None)
    for field, sql in zip(indexed, ran, strict=True):
        (plan,) = store.rows(f"EXPLAIN QUERY PLAN {sql}")
        assert f"view_{field}" in plan[3], plan
    for sql, index in {
        "SELECT edit FROM outbox WHERE unsent = 1 ORDER BY seq LIMIT 500": "outbox_unsent",
        "SELECT record FROM outbox WHERE passed = 0 AND state = 'acked' AND through <= 9": "outbox_awaited",
        f"SELECT line FROM outbox WHERE {_ABOUT} ORDER BY seq".replace("?1", "'x'").replace(
            "?2", "'y'"
        ): "outbox_record",
        "DELETE FROM outbox WHERE unsent = 0 AND outcome_ms < 9": "outbox_outcome",
        "SELECT type, id FROM base WHERE keys = '[]'": "base_leaving",
        "SELECT type, id FROM base WHERE rev = -1 AND generation >= 0": "base_doubted",
    }.items():
        assert index in " ".join(row[3] for row in store.rows(f"EXPLAIN QUERY PLAN {sql}")), sql


def test_a_proxy_that_forbids_wipes_nothing(wang: Worker) -> None:
    sync(wang)
    made = household(wang)
    wang.link.faults.extend([lambda _request, _deliver: httpx.Response(403, text="nginx")] * 4)
    with pytest.raises(OfflineError):
        wang.tablet.sync()
    assert wang.tablet.households.list() == [made]


def test_a_file_that_is_no_store_is_said_so_and_left_alone(tmp_path: Path) -> None:
    text, database, mail = tmp_path / "notes.txt", tmp_path / "doorstep.db", tmp_path / "mail.db"
    text.write_text("今天去了东村。" * 100, encoding="utf-8")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE record (id TEXT)")
    with closing(sqlite3.connect(mail)) as connection:
        connection.execute("CREATE TABLE outbox (id TEXT)")
    for file in (text, database, mail):
        before = file.read_bytes()
        with pytest.raises(StoreForeignError, match="not a tablet's store"):
            Tablet.open(file)
        assert file.read_bytes() == before
        assert list(tmp_path.glob("*-wal")) == []


def test_an_empty_file_is_not_made_a_store_by_opening_it(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(StoreMissingError):
        Tablet.open(tmp_path / "empty")
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("empty", 0)]
