"""What gunicorn itself logs, in the form of our own log."""

import logging
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from cli.logs import Lines


class Log(Logger):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's logger, in its first process and in each of its workers, wherever it is told to write."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.addFilter(_is_ours)
        for handler in self.error_log.handlers:
            handler.setFormatter(Lines())


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether an error is one: not that a client was given up since it said nothing for long, nor that what it said is
    no request, which is told to it, and here would be said in its own words."""
    if isinstance(record.msg, str) and record.msg.startswith("Invalid request from "):
        return False
    return record.exc_info is None or not isinstance(record.exc_info[1], BlockingIOError)
