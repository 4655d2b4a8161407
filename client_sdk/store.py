"""The store: one SQLite file a person, on the disk when a call returns, whole or unchanged whatever happens."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from client_sdk.errors import (
    InvalidError,
    StoreError,
    StoreForeignError,
    StoreMissingError,
    StoreMovedError,
    StoreNewerError,
)
from client_sdk.schema import MIGRATIONS, TABLES, Meta
from client_sdk.turn import Turn, is_full
from schemas.problems import INVALID, Problem
from sync.codes import Detail

BUSY_TIMEOUT_MS = 15_000
_OWNER_ONLY = 0o600
_SYNCHRONOUS_FULL = 2
_WORDS: Mapping[type[Exception], Detail] = {
    FileNotFoundError: Detail("没有这个文件夹，本次没有保存", "There is no such folder, and nothing was saved"),
    NotADirectoryError: Detail("没有这个文件夹，本次没有保存", "There is no such folder, and nothing was saved"),
    PermissionError: Detail(
        "没有权限使用这个文件或文件夹，本次没有保存",
        "This file or folder is not yours to use, and nothing was saved",
    ),
}

Connect = Callable[[str], sqlite3.Connection]


def connect(path: str) -> sqlite3.Connection:
    """A connection that may move between threads and begins no transaction by itself."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)


class Store:
    """One connection: threads of a process take turns at it, processes wait for each other in SQLite."""

    def __init__(self, path: str | Path, *, create: bool = False, connect: Connect = connect) -> None:
        """Raises StoreMissingError where there is no file or an empty one (unless `create`), StoreForeignError,
        StoreForkedError, StoreNewerError, StoreError."""
        self._find_file(Path(path), create=create)
        self._turn = Turn(self.path)
        try:
            with self._turn:
                self._connection = connect(str(self.path))
        except StoreError:
            self._turn.end()
            raise
        self._place = _place(self.path)
        try:
            self._make_ready(connect, create=create)
        except BaseException:
            self.close()
            raise

    def _find_file(self, path: Path, *, create: bool) -> None:
        try:
            self.path = path.absolute()  # SQLite has its own idea of `:memory:` and `file:…`.
            if create:
                self._make_file()
            elif not stat.S_ISREG(self.path.stat().st_mode):
                raise StoreMissingError
        except (OSError, ValueError) as error:  # A NUL or half a surrogate pair is in no file's name.
            if not create and isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
                raise StoreMissingError from error
            words = _WORDS.get(type(error)) or Detail(StoreError.zh, f"{StoreError.en} ({_reason(error)})")
            raise StoreError(zh=words.zh, en=words.en) from error

    def _make_file(self) -> None:
        # One that is there is not even opened: closing it would end every lock that this process has on it (POSIX).
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ONLY))

    def _make_ready(self, connect: Connect, *, create: bool) -> None:
        try:
            self._prepare(create=create)
        except StoreError as error:
            if not is_full(error):
                raise
            # No room for the index of the log that processes share. Alone with the file, SQLite keeps it in memory.
            with self._turn:
                self._connection.close()
                self._connection = connect(str(self.path))
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._prepare(create=create)

    def _prepare(self, *, create: bool) -> None:
        self._require_own(create=create)
        self._keep_to_owner()
        with self._turn:
            (mode,) = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
                self._connection.execute(f"PRAGMA {pragma}").fetchall()
            (synchronous,) = self._connection.execute("PRAGMA synchronous").fetchone()
        if mode != "wal" or synchronous != _SYNCHRONOUS_FULL:
            raise StoreError(en=f"The store would not be durable: journal_mode {mode}, synchronous {synchronous}")
        self._migrate()

    def _require_own(self, *, create: bool) -> None:
        """Before anything is written: the file may be another program's database, or an empty one."""
        tables = {str(name) for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables.issuperset(TABLES):
            raise StoreForeignError
        if not tables and not create:
            raise StoreMissingError

    def _keep_to_owner(self) -> None:
        """The store holds a token and people's data: nobody else on the tablet reads it, whoever made the file."""
        for file in (self.path, *self._logs()):
            with suppress(OSError):  # One of them may not be there, and some disks know no owners.
                file.chmod(_OWNER_ONLY)

    def _logs(self) -> list[Path]:
        """SQLite's files beside the store's, while somebody has it open."""
        return [self.path.with_name(self.path.name + suffix) for suffix in ("-wal", "-shm")]

    def _migrate(self) -> None:
        with self.transaction():
            version = int(self.value("PRAGMA user_version"))
            if version > len(MIGRATIONS):
                raise StoreNewerError
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self.run(statement)
            if version < len(MIGRATIONS):
                self.run(f"PRAGMA user_version = {len(MIGRATIONS)}")

    # -- statements

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._execute(sql, parameters).fetchall()

    def _execute(self, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        """Raises InvalidError where SQLite has no form for a parameter: half a surrogate pair, a number too large."""
        try:
            return self._connection.execute(sql, parameters)
        except (UnicodeEncodeError, OverflowError, sqlite3.InterfaceError, sqlite3.ProgrammingError) as error:
            raise InvalidError(
                [Problem(INVALID, "", zh="这个值本机无法存储或查找", en=f"No value that the store can hold ({error})")]
            ) from error

    def row(self, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
        found = self.rows(sql, *parameters)
        return found[0] if found else None

    def value(self, sql: str, *parameters: Any) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, *parameters)
        return None if found is None else found[0]

    def run(self, sql: str, *parameters: Any) -> int:
        """The number of rows that a statement changed."""
        with self._turn:
            return self._execute(sql, parameters).rowcount

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is inside, or nothing. One inside another is part of it. Raises StoreError where SQLite fails."""
        with self._turn:
            if self._is_inside():
                yield
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._is_inside():
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise

    def _is_inside(self) -> bool:
        return self._connection.in_transaction

    # -- meta

    def meta(self, key: Meta) -> str | None:
        found: str | None = self.value("SELECT value FROM meta WHERE key = ?", key)
        return found

    def put_meta(self, key: Meta, value: str | None) -> None:
        if value is None:
            self.run("DELETE FROM meta WHERE key = ?", key)
        else:
            self.run(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value
            )

    def number(self, key: Meta) -> int:
        """A value of meta that is a whole number; 0 where there is none."""
        return int(self.meta(key) or 0)

    # -- the end

    def wipe(self) -> None:
        """Deletes everything but the note that the tablet was revoked, and overwrites what it deletes."""
        with self.transaction():
            for table in TABLES:
                self.run(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
            self.put_meta(Meta.REVOKED, "1")

    def forget(self) -> None:
        """Overwrites the log of what was deleted, outside any transaction. Where another process still reads the store,
        that is done by whoever closes it last."""
        with suppress(StoreError):
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def require_place(self) -> None:
        """Raises StoreMovedError where the file at the path is not the one that is open: nobody would find again what
        is saved into that one. Within the transaction that saves."""
        if _place(self.path) != self._place:
            raise StoreMovedError

    def require_process(self) -> None:
        """Raises StoreForkedError in a process that was forked from the one that opened it."""
        self._turn.require_process()

    def close(self) -> None:
        """Once is enough, and a process that was forked has nothing to close: the store is its parent's."""
        with suppress(StoreError), self._turn:
            self._turn.end()
            self._connection.close()

    def leave(self) -> None:
        """Closes it, and takes away the file of a store that holds nothing at all and that nobody else has open."""
        try:
            is_empty = self.value("SELECT count(*) FROM meta") == 0 and self.value("SELECT count(*) FROM outbox") == 0
        except StoreError:
            is_empty = False
        self.close()
        # Whoever closes last takes the log away.
        if is_empty and not any(file.exists() for file in self._logs()):
            self.path.unlink(missing_ok=True)


def _place(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path now; None where none does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or "no name of a file"
