"""Turns as a test wants them: each call by itself, as if it came to a process of its own, or so many together."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from server.turns import Turns, Work, given

Answer = TypeVar("Answer")
PATIENCE_S = 30


def answers(calls: Sequence[Any], work: Work[Any, Any]) -> Sequence[Any]:
    """What a turn answers to calls; where they cannot go together, what one turn each does."""
    found = work(calls)
    return [answers([each], work)[0] for each in calls] if found is None else found


class Apart(Turns[Any, Any]):
    """Nobody waits for anybody: what comes between two requests comes between them as it would in two processes."""

    def take(self, call: Any, size: int, work: Work[Any, Any]) -> Any:
        return given(answers([call], work)[0])


@dataclass(slots=True)
class Together(Turns[Any, Any]):
    """The calls of some jobs are gathered, in the order of the jobs, and worked on in one turn."""

    jobs: int = 0
    ended: int = 0
    calls: dict[str, tuple[Any, Work[Any, Any]]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, call: Any, size: int, work: Work[Any, Any]) -> Any:
        name = threading.current_thread().name
        with self.changed:
            self.calls[name] = call, work
            self._work_if_all_are_there()
            assert self.changed.wait_for(lambda: name in self.answers, PATIENCE_S)
            answer = self.answers.pop(name)
        return given(answer)

    def _work_if_all_are_there(self) -> None:
        """All jobs but those that ended without a call, or after theirs."""
        if self.calls and len(self.calls) + self.ended == self.jobs:
            names = sorted(self.calls)
            found = answers([self.calls[each][0] for each in names], self.calls[names[0]][1])
            self.answers = dict(zip(names, found, strict=True))
            self.calls.clear()
            self.changed.notify_all()

    def run(self, *jobs: Callable[[], Answer]) -> list[Answer | Exception]:
        """What the jobs give or raise."""
        self.jobs, self.ended = len(jobs), 0

        def named(number: int) -> Answer | Exception:
            threading.current_thread().name = f"job {number:02}"
            try:
                return jobs[number]()
            except Exception as error:  # noqa: BLE001 - it is what the test looks at
                return error
            finally:
                with self.changed:
                    self.ended += 1
                    self._work_if_all_are_there()

        with ThreadPoolExecutor(len(jobs)) as threads:
            return list(threads.map(named, range(len(jobs))))
