"""The guard between tests and a PostgreSQL server: the server ends when the tests end, however they end.

Run as a program, it makes a cluster in a folder, runs the server as its child, and does what it is told on standard
input, a word a line, until that ends. The pipe closes when the tests end, SIGKILL included; then the guard stops the
server and removes the folder.

    python -I -S postgres_guard.py FOLDER PROGRAMS USER SETTING…

It is started by path, without site-packages: this file imports the standard library alone.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TextIO

START_S_MAX = 60.0
STOP_S_MAX = 20.0
POLL_S = 0.01

READY = "ready"
"""What the guard says, on a line, whenever the server takes connections."""
CRASH, CRASHED = "crash", "crashed"
"""Told so, it kills every process of the server at once, and says so when none is left."""
CRASH_ONE = "crash-one"
"""Told so with a number, it kills one process of the server, which then ends all others and recovers by itself."""
START = "start"
"""Told so, it starts the server again on the same data."""

_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}


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


def reaches(user: str, path: Path) -> bool:
    """Whether `user` may walk to `path`: all of it is open to others. The caller's own user ("") may."""
    return path.is_dir() and (not user or all(p.stat().st_mode & stat.S_IXOTH for p in (path, *path.parents)))


@dataclass(slots=True)
class Server:
    """The `postgres` of `programs` on the cluster in `folder`; its output is added to `log`."""

    folder: Path
    programs: Path
    identity: Identity
    settings: list[str]
    log: TextIO
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> bool:
        """Whether it came up and takes connections."""
        options = [part for setting in self.settings for part in ("-c", setting)]
        self._process = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
            cwd=self.folder,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            user=self.identity.user,
            group=self.identity.group,
            extra_groups=self.identity.extra_groups,
        )
        return self._comes_up(self._process)

    def _comes_up(self, process: "subprocess.Popen[bytes]") -> bool:
        """Wait for the server to take connections: the eighth line of its status file says so, the first whose it is
        (a crashed server leaves its own behind)."""
        status = self.folder / "data" / "postmaster.pid"
        deadline = time.monotonic() + START_S_MAX
        while process.poll() is None and time.monotonic() < deadline:
            lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
            if len(lines) > 7 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(POLL_S)
        return False

    def crash(self) -> None:
        """Kill all its processes, which are no group: each is a session of its own. The server itself is the last, so
        that none has time to see it gone and to end in good order."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGSTOP)  # no new children while they are counted
        everyone = [*_children(self._process.pid), self._process.pid]
        for each in everyone:
            os.kill(each, signal.SIGKILL)
        self._process.wait(STOP_S_MAX)
        # Until they are gone they hold the shared memory, and the server does not start again.
        while any(map(_is_alive, everyone)):
            time.sleep(POLL_S)
        self._process = None

    def crash_one(self, which: int) -> None:
        """Kill one of its processes, as a machine does that runs out of memory."""
        children = sorted(_children(self._process.pid)) if self._process else []
        if children:
            os.kill(children[which % len(children)], signal.SIGKILL)

    def end(self) -> None:
        """Stop at once: no checkpoint for data that nobody will read; but a kill as the last resort leaks memory."""
        if self._process is None:
            return
        for sign in (signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(sign)
            try:
                self._process.wait(STOP_S_MAX)
                return
            except subprocess.TimeoutExpired:
                continue


def _children(parent: int) -> list[int]:
    """The processes that `parent` started, as /proc tells (Linux)."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        state = _state(status)
        if state is not None and int(state[1]) == parent:
            found.append(int(status.parent.name))
    return found


def _is_alive(process: int) -> bool:
    state = _state(Path(f"/proc/{process}/stat"))
    return state is not None and state[0] not in ("Z", "X")


def _state(status: Path) -> list[str] | None:
    """State, parent and so on: what follows the name, which may hold spaces. None for a process that is gone."""
    try:
        return status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def guard(folder: Path, programs: Path, user: str, settings: list[str]) -> None:
    """Run a server in `folder` until standard input ends. Says READY on a line, or why not.

    `user`, unless empty, is who the server runs as.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an exception, so that what follows is cleaned up too
    try:
        identity = Identity.of(user)
        programs = _reachable_programs(folder, programs, user)
        made = _make_cluster(folder, programs, identity)
        if made.returncode == 0:
            with (folder / "log").open("w+", encoding="utf-8") as log:
                _serve(Server(folder, programs, identity, settings, log))
        else:
            _say(f"initdb failed\n{made.stdout}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_cluster(folder: Path, programs: Path, identity: Identity) -> "subprocess.CompletedProcess[str]":
    options = ("--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    return subprocess.run(
        [
            *(str(programs / "initdb"), "--pgdata", str(folder / "data"), *options),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        cwd=folder,
        env=_ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        user=identity.user,
        group=identity.group,
        extra_groups=identity.extra_groups,
    )


def _serve(server: Server) -> None:
    try:
        _start(server)
        for line in sys.stdin:
            match line.split():
                case [word] if word == CRASH:
                    server.crash()
                    _say(CRASHED)
                case [word, which] if word == CRASH_ONE:
                    server.crash_one(int(which))
                    _say(CRASHED)
                case [word] if word == START:
                    _start(server)
    finally:
        server.end()


def _start(server: Server) -> None:
    """Starts the server and says that it is ready; ends the guard where it does not come up."""
    if not server.start():
        server.log.seek(0)
        _say(f"postgres failed\n{server.log.read()}")
        sys.exit(1)
    _say(READY)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _reachable_programs(folder: Path, programs: Path, user: str) -> Path:
    """The programs, or a copy of them if `user` cannot walk to where they stand (a checkout in root's home)."""
    if reaches(user, programs):
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
