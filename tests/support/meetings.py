"""Threads that meet at a point inside the server, so that a race happens each time and not one time in a thousand."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

PATIENCE_S = 0.4
"""SQLite has one writer at a time: there the others cannot come to the meeting, and it is called off."""

Answer = TypeVar("Answer")


class Meeting:
    """Each thread that calls the function stops before it, once, until `people` have come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, people: int) -> None:
        self.barrier = threading.Barrier(people)
        self.seen: set[int] = set()
        self.is_open = False
        called: Callable[..., Any] = getattr(owner, name)

        def meeting(*arguments: Any, **named: Any) -> Any:
            if self.is_open and threading.get_ident() not in self.seen:
                self.seen.add(threading.get_ident())
                self._wait()
            return called(*arguments, **named)

        monkeypatch.setattr(owner, name, meeting)

    def _wait(self) -> None:
        try:
            self.barrier.wait(PATIENCE_S)
        except threading.BrokenBarrierError:
            self.is_open = False

    def run(self, *jobs: Callable[[], Answer]) -> list[Answer]:
        """Runs the jobs in threads of their own. Raises what any of them raises."""
        self.is_open = True
        return at_once(jobs)


def at_once(jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Runs the jobs in threads of their own, and gives what they give. Raises what any of them raises."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        return [each.result() for each in [threads.submit(job) for job in jobs]]
