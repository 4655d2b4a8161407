"""How gunicorn serves with threads here: none of them waits for a client that has nothing to say any more, and those of
a process share a core."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakSet

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

BEGINS_WITHIN_S = 0.25
"""On Linux a client has long begun to speak when it comes to a thread (`cli/serve.py`), or will not."""


class Threads(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's worker of threads, of which one takes connections and closes them.

    Python runs one thread of a process at a time, and they hand over to one another several times a request. Across
    cores that is slow, on virtual machines above all: so each process keeps to a core, where the system can be told."""

    _begun: ClassVar["WeakSet[Threads]"] = WeakSet()
    """All that are there, in the process above them."""

    def __init__(self, *said: Any) -> None:
        super().__init__(*said)
        self.core: int | None = _free_core([each.core for each in self._begun])
        self._begun.add(self)

    def init_process(self) -> None:
        if self.core is not None:
            with suppress(OSError):  # Some systems forbid it: it is for speed alone.
                os.sched_setaffinity(0, {self.core})
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answers what comes on a connection; closes one on which nothing does. (gunicorn would wait for five
        seconds.)"""
        if not conn.initialized and not conn.wait_for_data(BEGINS_WITHIN_S):
            return False
        return super().handle(conn)

    def finish_request(self, conn: Any, answered: "Future[Any]") -> None:
        """Closes an answered connection at once; the system sends what is still on its way.

        gunicorn waits for the client to close it as well, up to two seconds, in the one thread that takes connections:
        a tablet with a slow line would keep out all others. It does so lest an answer be lost to whoever is still
        sending. Here a request is read to its end before it is answered, up to what nobody sends by mistake
        (`server/bodies.py`); who sends a second one after it, though told that the connection ends, may lose both."""
        if answered.cancelled() or answered.exception() is not None or answered.result():
            super().finish_request(conn, answered)
        else:
            self.nr_conns -= 1
            conn.close()


def _free_core(taken: Sequence[int | None]) -> int | None:
    """A core on which the fewest are, of those that this process may use; None where the system has no say in it.

    Servers of several counties may share a machine: each begins at another one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(cores)

    def company(core: int) -> tuple[int, int]:
        return sum(taken.count(each) for each in _siblings(core)), taken.count(core)

    return min(cores[first:] + cores[:first], key=company)


def _siblings(core: int) -> Iterator[int]:
    """What Linux calls cores and is one of the processor's, this one too: what runs on one slows the others."""
    try:
        said = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text(encoding="ascii")
    except OSError:
        said = ""
    for part in (said.strip() or str(core)).split(","):
        least, _, most = part.partition("-")
        yield from range(int(least), int(most or least) + 1)
