"""A turn at the store's connection: one thread at a time, in the process that opened it, until it is closed."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path

from client_sdk.errors import StoreClosedError, StoreError, StoreForeignError, StoreForkedError
from sync.codes import Detail

_PRIMARY = 0xFF
"""Of SQLite's extended result codes: the bits that say the kind of failure."""
_WORDS: Mapping[int, Detail] = {
    sqlite3.SQLITE_FULL: Detail(
        "本机存储空间已满，本次没有保存；请清理空间后重试",
        "The disk is full, and nothing was saved; free some space and try again",
    ),
    sqlite3.SQLITE_READONLY: Detail(
        "本机数据文件只能读取，本次没有保存",
        "The store can only be read, and nothing was saved",
    ),
    sqlite3.SQLITE_BUSY: Detail(
        "另一个程序正在使用本机数据，本次没有保存；请稍后重试",
        "Another program is at work in the store, and nothing was saved; try again later",
    ),
    sqlite3.SQLITE_CANTOPEN: Detail(
        "本机数据文件打不开，本次没有保存；请检查文件夹和权限",
        "The store's file cannot be opened, and nothing was saved; look at its folder and who may use it",
    ),
    sqlite3.SQLITE_CORRUPT: Detail(
        "本机数据文件已损坏，本次没有保存",
        "The store's file is damaged, and nothing was saved",
    ),
}


class Turn:
    """`with turn:` waits for the other threads. Raises StoreClosedError once it is over, and StoreForkedError in a
    process that was forked from the one that made it. SQLite's own errors come out of it as StoreError."""

    def __init__(self, path: Path) -> None:
        """`path` is the store's. Raises StoreForkedError where this process was forked while that one was open."""
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._is_over = False
        self.path = path.resolve()  # As it is now: the process may come to stand in another folder.
        # SQLite takes the locks of a connection that came along with a fork for this process's own, and asks for none.
        for known in tuple(_KNOWN):
            other = known()
            if other is not None and other.is_inherited and other.path == self.path:
                raise StoreForkedError
        _KNOWN.add(weakref.ref(self, _KNOWN.discard))

    def __enter__(self) -> None:
        self.require_process()
        self._lock.acquire()
        if self._is_over:
            self._lock.release()
            raise StoreClosedError

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._lock.release()
        if isinstance(error, sqlite3.Error):
            raise _told(error) from error

    def require_process(self) -> None:
        """Raises StoreForkedError. Asked before any lock: a thread that this process has not may have held it when the
        process was forked."""
        if self.is_inherited:
            raise StoreForkedError

    @property
    def is_inherited(self) -> bool:
        """Whether it was open when this process was forked from the one that made it."""
        return not self._is_over and os.getpid() != self._process

    def end(self) -> None:
        """Within the last turn: there is none after it."""
        self._is_over = True


_KNOWN: set["weakref.ref[Turn]"] = set()
"""Every turn that was made here, or in a process that this one was forked from."""


def is_full(error: StoreError) -> bool:
    """Whether there is no room to write, where reading still goes on."""
    return _kind(error.__cause__) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _kind(error: BaseException | None) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY


def _told(error: sqlite3.Error) -> StoreError:
    if _kind(error) == sqlite3.SQLITE_NOTADB:
        return StoreForeignError()
    words = _WORDS.get(_kind(error)) or Detail(StoreError.zh, StoreError.en)
    # Not its text: that of a damaged row begins with what the row says of people.
    kind = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return StoreError(zh=words.zh, en=f"{words.en} ({kind})")
