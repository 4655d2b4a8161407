"""Threads that meet at a point inside the server, so that a race happens each time and not one time in a thousand."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from server.store import dialect

PATIENCE_S = 30.0
"""For the others, who are sure to come: only a test that fails waits as long."""
PATIENCE_ALONE_S = 0.3
"""SQLite has one writer at a time: while one stands here with the database in its hand, the others cannot come."""

Answer = TypeVar("Answer")


class Meeting:
    """Each thread that calls the function stops before it, once, until `people` have come.

    Within transactions that write to `engine` they meet on PostgreSQL, and do not meet on SQLite, where whoever came
    first goes on after a while: `run` fails where it is otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, engine: sa.Engine, owner: object, name: str, people: int):
        self.can_meet = not dialect.writes_alone(engine)
        self.has_met = False
        self.barrier = threading.Barrier(people, self._note)
        self.seen: set[int] = set()
        self.is_open = False
        called: Callable[..., Any] = getattr(owner, name)

        def meeting(*arguments: Any, **named: Any) -> Any:
            if self.is_open and threading.get_ident() not in self.seen:
                self.seen.add(threading.get_ident())
                self._wait()
            return called(*arguments, **named)

        monkeypatch.setattr(owner, name, meeting)

    def _note(self) -> None:
        self.has_met = True

    def _wait(self) -> None:
        try:
            self.barrier.wait(PATIENCE_S if self.can_meet else PATIENCE_ALONE_S)
        except threading.BrokenBarrierError:
            self.is_open = False

    def run(self, *jobs: Callable[[], Answer]) -> list[Answer]:
        """Runs the jobs in threads of their own. Raises what any of them raises, and AssertionError where they were to
        meet and did not, or met where that cannot be."""
        self.is_open = True
        answers = at_once(jobs)
        assert self.has_met is self.can_meet, f"{len(self.seen)} came to the meeting"
        return answers


def at_once(jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Runs the jobs in threads of their own, and gives what they give. Raises what any of them raises."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        return [each.result() for each in [threads.submit(job) for job in jobs]]
