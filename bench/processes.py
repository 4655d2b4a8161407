"""What processes take, as Linux keeps it under /proc: processor time and memory of one and all that it started."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.measurement import Usage

SAMPLED_EVERY_S = 2
"""It takes some 20 ms of a processor: of those who are measured."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _CPU = 1, slice(11, 15)
"""Where /proc/PID/stat has them, counted from the state on: own time, and that of children that have ended."""


@dataclass(slots=True)
class Watch:
    """Measures a server and its database while the block of `watching` runs; `usage` is there after it."""

    server: int
    database: int | None
    idle_mb: float = 0.0
    server_mb: float = 0.0
    database_mb: float = 0.0
    server_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    _ends: threading.Event = field(default_factory=threading.Event)

    def usage(self, sent_bytes: int = 0, received_bytes: int = 0) -> Usage:
        return Usage(
            self.server_cpu_s,
            self.database_cpu_s,
            self.idle_mb,
            self.server_mb,
            self.database_mb,
            sent_bytes,
            received_bytes,
        )

    def sample(self) -> None:
        self.server_mb = max(self.server_mb, _memory_mb(self.server))
        if self.database is not None:
            self.database_mb = max(self.database_mb, _memory_mb(self.database))

    def run(self) -> None:
        while not self._ends.wait(SAMPLED_EVERY_S):
            self.sample()

    def end(self) -> None:
        self._ends.set()


@contextmanager
def watching(server: int, database: int | None) -> Iterator[Watch]:
    """Watches the processes under these two while the block runs."""
    watch = Watch(server, database)
    watch.idle_mb = _memory_mb(server)
    began = _cpu_s(server), _cpu_s(database)
    thread = threading.Thread(target=watch.run, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()
        watch.sample()
        watch.server_cpu_s = _cpu_s(server) - began[0]
        watch.database_cpu_s = _cpu_s(database) - began[1]


def _cpu_s(root: int | None) -> float:
    """Of a process and all under it, those that have ended too."""
    if root is None:
        return 0.0
    return sum(sum(map(int, stat[_CPU])) for stat in _tree(root).values()) / _TICKS_PER_S


def _memory_mb(root: int) -> float:
    """What a process and all under it hold; what they share is counted once. 0 where Linux does not say."""
    total = 0
    for process in _tree(root):
        with suppress(OSError, ValueError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
            total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _tree(root: int) -> dict[int, list[str]]:
    """The fields of /proc/PID/stat of a process and all under it."""
    everyone = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            everyone[int(path.parent.name)] = path.read_text(errors="replace").rpartition(")")[2].split()
    found, waiting = {}, [root]
    while waiting:
        process = waiting.pop()
        if process in everyone:
            found[process] = everyone[process]
            waiting += [child for child, stat in everyone.items() if int(stat[_PARENT]) == process]
    return found
