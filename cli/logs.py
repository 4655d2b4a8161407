"""The log of what keeps running: one line of JSON an event, on stderr.

What exceptions say is not in it: the values that they name may be a person's."""

import json
import logging
import sys
import traceback
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

FRAMES_MAX = 20
"""Of each exception, the innermost ones."""
CHAIN_MAX = 5
"""Exceptions of a chain: that which was met, and what it came of."""

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
"""What a record has without any `extra`. (Newer Pythons have more.)"""
_log = logging.getLogger("doorstep")


class Lines(logging.Formatter):
    """A record as a line: time (UTC), level, pid, the event, its fields, and of an exception what `raised` tells.

    Of a library's sentence the words alone and the numbers that go into it: what else does may be of a request."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "pid": record.process,
            "event": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
            **{name: value for name, value in vars(record).items() if name not in _OWN},
        }
        if isinstance(record.args, tuple) and (numbers := [each for each in record.args if isinstance(each, int)]):
            said["numbers"] = numbers
        if record.exc_info and record.exc_info[1] is not None:
            # A warning is no bug: there is nothing to look for in our code.
            said["raised"] = _chain(record.exc_info[1], framed=record.levelno >= logging.ERROR)
        return json.dumps(said, default=lambda value: type(value).__name__)


def to_stderr() -> None:
    """Sends the log of this process, and of those that it becomes, to stderr: our events from INFO on, and warnings of
    the libraries, which would print what exceptions say. So would Python of one that ends the process."""
    logging.getLogger().addHandler(_STDERR)
    _log.setLevel(logging.INFO)
    sys.excepthook = _ended


def _chain(error: BaseException | None, *, framed: bool) -> list[dict[str, Any]]:
    raised: list[dict[str, Any]] = []
    while error is not None and len(raised) < CHAIN_MAX:
        raised.append(_raised(error, framed=framed))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return raised


def _raised(error: BaseException, *, framed: bool) -> dict[str, Any]:
    """An exception's type, the database's code for it, and where it came from; never its message."""
    told: dict[str, Any] = {"type": type(error).__name__}
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    if code is not None:
        told["code"] = code
    if framed:
        frames = deque(traceback.walk_tb(error.__traceback__), FRAMES_MAX)
        told["frames"] = [f"{frame.f_code.co_filename}:{line} {frame.f_code.co_qualname}" for frame, line in frames]
    return told


def _ended(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    _log.critical("process_ended", exc_info=(kind, error, at))


class _Stderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - whoever logs goes on
            line = json.dumps({"event": "log_failed", "raised": type(error).__name__})
        with suppress(OSError, ValueError):  # Nobody reads it any more: no reason not to go on.
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


_STDERR = _Stderr()
_STDERR.setFormatter(Lines())
