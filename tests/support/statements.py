"""What a server says to its database: counted, and looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that are executed in the block, in their order. Many rows for one statement count as many."""
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, executemany: bool) -> None:
        # SQLite has no arrays: there, many rows are one prepared statement that stays within the process.
        times = len(parameters) if executemany and engine.dialect.name != "sqlite" else 1
        said.extend([text] * times)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", listen)
