"""gunicorn as it runs in production: a master and two workers, to be killed and started again at the same address."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
POLL_S = 0.03
COMMAND = (
    *(sys.executable, "-m", "gunicorn", "wsgi:app", "--workers", "2", "--threads", "8"),
    *("--worker-class", "cli.threads.Threads"),
    *("--worker-connections", "8", "--keep-alive", "0", "--reuse-port", "--no-control-socket", "--log-level", "error"),
)


def bare_environment() -> dict[str, str]:
    """The environment without what measures coverage: who is killed while writing leaves a broken measurement."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))}


@dataclass(slots=True)
class WebServer:
    """The server on the database at `database_url`; what its processes print is added to `log`."""

    database_url: str
    log: Path
    _reserved: socket.socket = field(init=False, repr=False)
    _master: "subprocess.Popen[bytes] | None" = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        # The address is taken, but nobody listens, while the server is down: connections are refused, and neither
        # another server nor the near end of some connection gets the port.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind(("127.0.0.1", 0))

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._reserved.getsockname())

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def start(self) -> None:
        """Starts it and does not wait."""
        environment = bare_environment() | {"DOORSTEP_DATABASE_URL": self.database_url}
        with self.log.open("ab") as log:
            self._master = subprocess.Popen(
                [*COMMAND, "--bind", self.address], cwd=ROOT, env=environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def await_ready(self) -> None:
        """Waits until a worker answers, and its database. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server does not come up:\n{self.log.read_text()}")
            time.sleep(POLL_S)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=PATIENCE_S).is_success
        except httpx.TransportError:
            return False

    def crash(self) -> None:
        """SIGKILL for the master and its workers, all at once."""
        if self._master is not None:
            os.killpg(self._master.pid, signal.SIGKILL)
            self._master.wait(PATIENCE_S)
            self._master = None

    def crash_worker(self, which: int) -> bool:
        """SIGKILL for one worker; the master starts another. Says whether there was one."""
        workers = self._workers()
        if workers:
            # It may have ended by itself in between: a signal to nobody kills nobody.
            with suppress(ProcessLookupError):
                os.kill(workers[which % len(workers)], signal.SIGKILL)
        return bool(workers)

    def _workers(self) -> list[int]:
        if self._master is None:
            return []
        children = Path(f"/proc/{self._master.pid}/task/{self._master.pid}/children")
        return [int(each) for each in children.read_text().split()]

    def stop(self) -> None:
        """In good order: requests that run come to their end."""
        if self._master is not None:
            self._master.send_signal(signal.SIGTERM)
            self._master.wait(PATIENCE_S)
            self._master = None

    def close(self) -> None:
        """Ends it, and gives the address back."""
        self.crash()
        self._reserved.close()

    def faults(self) -> list[str]:
        """What it logged that no crash explains: a database that is away is one thing, a bug another."""
        words = ("request_failed", "turn_failed", "batch_failed", "line_failed", "line_held")
        return [line for line in self.log.read_text().splitlines() if line.startswith(words)]
