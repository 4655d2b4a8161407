"""Work that a process does in turns: all who come while one runs go together into the next.

So what a turn costs however much it does is paid once for all of them; and who comes alone does not wait.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

Call = TypeVar("Call")
Answer = TypeVar("Answer")

TOGETHER_MAX = 8
TOGETHER_BYTES_MAX = 64 * 1024
_TOO_LARGE = TOGETHER_BYTES_MAX + 1
"""For any company: a call of this size goes by itself."""

Work: TypeAlias = Callable[[Sequence[Call]], Sequence[Answer | BaseException] | None]
"""What answers each of some calls; None where they cannot go together."""


@dataclass(slots=True)
class _Place(Generic[Call, Answer]):
    """Where a call waits, until it is answered or it is its turn to work for all."""

    call: Call
    size: int
    answers: list[Answer | BaseException] = field(default_factory=list)
    calling: threading.Lock = field(default_factory=threading.Lock)
    """Held until it is called."""

    def __post_init__(self) -> None:
        self.calling.acquire()


@dataclass(slots=True)
class Turns(Generic[Call, Answer]):
    """`runs`: whether somebody works; the first of those who wait is called when that has ended."""

    _waiting: list[_Place[Call, Answer]] = field(default_factory=list)
    _runs: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, call: Call, size: int, work: Work[Call, Answer]) -> Answer:
        """The answer to a call, of so many bytes, by whoever works in its turn. Raises what was answered as an error.

        `work` is the same for all who take turns here. Where it answers nothing to several calls, each has a turn of
        its own."""
        place = _Place[Call, Answer](call, size)
        with self._lock:
            self._waiting.append(place)
            if not self._runs:
                self._call_first()
        while not place.answers:
            place.calling.acquire()
            if not place.answers:
                self._work(work)
        return given(place.answers[0])

    def _work(self, work: Work[Call, Answer]) -> None:
        with self._lock:
            count = self._together()
            turn, self._waiting = self._waiting[:count], self._waiting[count:]
        try:
            answered = work([each.call for each in turn])
            answers = [] if answered is None else list(zip(turn, answered, strict=True))
        except BaseException as error:  # noqa: BLE001 - each raises it for itself
            answers = [(place, error) for place in turn]
        with self._lock:
            if not answers:
                for place in turn:
                    place.size = _TOO_LARGE
                self._waiting = turn + self._waiting
            self._call_first()
        for place, answer in answers:
            place.answers.append(answer)
            place.calling.release()

    def _call_first(self) -> None:
        self._runs = bool(self._waiting)
        if self._waiting:
            self._waiting[0].calling.release()

    def _together(self) -> int:
        """How many of those who wait go into one turn: the first in any case."""
        size, count = self._waiting[0].size, 1
        for place in self._waiting[1:TOGETHER_MAX]:
            size += place.size
            if size > TOGETHER_BYTES_MAX:
                break
            count += 1
        return count


def given(answer: Answer | BaseException) -> Answer:
    """An answer; raised where it is an error."""
    if isinstance(answer, BaseException):
        raise answer
    return answer
