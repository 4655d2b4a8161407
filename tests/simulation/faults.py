"""Faults of disks and databases: a process that is killed between any two statements, a disk that is full, a bug."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

BUSY_TIMEOUT_MS = 40
"""How long a statement waits for a lock. Whoever holds one waits for the same thread, so that it waits in vain."""


class KilledError(BaseException):
    """A process was killed here. Not an Exception: nothing may catch it and go on."""


class InjectedBugError(Exception):
    """A mistake in the server's program."""


class Fault(StrEnum):
    """What happens to the server at a statement; KILLED_AFTER at a commit that has come to the disk."""

    KILLED = "killed"
    KILLED_AFTER = "killed_after"
    FULL = "full"
    BUG = "bug"
    OVERTAKEN = "overtaken"


# -- a tablet's disk


class DiskConnection(sqlite3.Connection):
    """A store's connection, whose statements pass its disk. Where that is full, no change can be committed, and some
    (those for which the file must grow) cannot even be made."""

    disk: "Disk"
    changes_before: int = 0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.disk.before()
        if sql.startswith("BEGIN"):
            self.changes_before = self.total_changes
        elif sql == "COMMIT" and self.disk.is_full and self.total_changes > self.changes_before:
            raise _sqlite_full()
        cursor = super().execute(sql, parameters)
        self.disk.after()
        return cursor

    def allow_pages(self, most: int) -> None:
        """SQLite takes the present size where `most` is less: then it can grow no further."""
        super().execute(f"PRAGMA max_page_count = {most}").fetchall()


PAGES_MAX = 1_073_741_823


@dataclass(slots=True)
class Disk:
    """What one tablet's process meets: it may be killed at the nth statement from now, and its disk may be full."""

    is_full: bool = False
    is_dead: bool = False
    killed_in: int | None = None
    is_after: bool = False
    _open: list[DiskConnection] = field(default_factory=list)

    def connect(self, path: str) -> sqlite3.Connection:
        """As client_sdk.store.connect, but for the lock's time-out."""
        made = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000, factory=DiskConnection
        )
        made.disk = self
        self._open.append(made)
        if self.is_full:
            made.allow_pages(1)
        return made

    def kill_in(self, statements: int, *, after: bool) -> None:
        self.killed_in, self.is_after = statements, after

    def fill(self, *, full: bool) -> None:
        self.is_full = full
        for connection in self._open:
            with suppress(sqlite3.ProgrammingError):  # It may have been closed.
                connection.allow_pages(1 if full else PAGES_MAX)

    def before(self) -> None:
        if self.killed_in is not None and not self.is_dead:
            self.killed_in -= 1
            self.is_dead = self.killed_in < 0 and not self.is_after
        if self.is_dead:
            raise KilledError

    def after(self) -> None:
        if self.killed_in is not None and self.killed_in < 0:
            self.is_dead = True
            raise KilledError

    def reboot(self) -> None:
        """What the process had open is gone with it; its transaction was rolled back by that."""
        for connection in self._open:
            connection.close()
        self._open.clear()
        self.killed_in, self.is_dead = None, False


# -- the server's database


@dataclass(slots=True)
class DatabaseFaults:
    """Watches an engine's statements, commits among them, and strikes once, at the nth from when it was armed."""

    fault: Fault | None = None
    strikes_in: int = 0
    overtake: Callable[[], None] | None = None
    """What another process does between two statements of this one."""
    struck: Counter[str] = field(default_factory=Counter)
    counted: int = 0
    """Statements so far."""

    def arm(self, fault: Fault, strikes_in: int, overtake: Callable[[], None] | None = None) -> None:
        self.fault, self.strikes_in, self.overtake = fault, strikes_in, overtake

    def disarm(self) -> None:
        self.fault = self.overtake = None

    def watch(self, engine: sa.Engine) -> None:
        event.listen(engine, "connect", _impatient)
        # What SQLAlchemy itself asks on the first connection is not the server's to be overtaken in: it holds a lock.
        engine.connect().close()
        for name in ("do_execute", "do_executemany"):
            event.listen(engine, name, self._execute)
        event.listen(engine, "do_execute_no_params", self._execute_alone)
        commit = engine.dialect.do_commit

        def do_commit(connection: Any) -> None:
            strikes = self._due(Fault.KILLED_AFTER) or self._due()
            self._strike(strikes, engine.dialect)
            commit(connection)
            if strikes is Fault.KILLED_AFTER:
                raise KilledError

        engine.dialect.do_commit = do_commit  # type: ignore[method-assign,assignment] # SQLAlchemy has no event after a commit

    def _execute(self, _cursor: Any, _statement: str, _parameters: Any, context: Any) -> None:
        self.counted += 1
        self._strike(self._due(), context.dialect)

    def _execute_alone(self, _cursor: Any, _statement: str, context: Any) -> None:
        self.counted += 1
        self._strike(self._due(), context.dialect)

    def _due(self, counted: Fault | None = None) -> Fault | None:
        """The fault that strikes now. One after a commit counts commits, the others count statements and commits."""
        after = self.fault is Fault.KILLED_AFTER
        if self.fault is None or after is not (counted is Fault.KILLED_AFTER):
            return None
        self.strikes_in -= 1
        if self.strikes_in >= 0:
            return None
        due, self.fault = self.fault, None
        self.struck[f"server {due}"] += 1
        return due

    def _strike(self, fault: Fault | None, dialect: sa.Dialect) -> None:
        match fault:
            case Fault.KILLED:
                raise KilledError
            case Fault.FULL:
                raise _disk_full(dialect)
            case Fault.BUG:
                raise InjectedBugError
            case Fault.OVERTAKEN if self.overtake is not None:
                overtake, self.overtake = self.overtake, None
                overtake()


def _impatient(connection: Any, _entry: Any) -> None:
    """Statements wait for locks no longer than a test has patience."""
    cursor = connection.cursor()
    if isinstance(connection, sqlite3.Connection):
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    else:
        cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
        connection.commit()
    cursor.close()


def _sqlite_full() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def _disk_full(dialect: sa.Dialect) -> Exception:
    if dialect.name == "sqlite":
        return _sqlite_full()
    import psycopg

    return psycopg.errors.DiskFull("could not extend file: No space left on device")
