"""`doorstep serve` as a process of its own, on a free port."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A running server. `first_line` is what it said when it took connections."""

    process: subprocess.Popen[str]
    first_line: str

    @property
    def url(self) -> str:
        return str(json.loads(self.first_line)["url"])

    def stop(self) -> int:
        """Asks it to end (SIGTERM) and gives its exit status. May be called again."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


def served(environment: Mapping[str, str], *arguments: str) -> Served:
    """Starts `doorstep serve --json` and waits until it is ready. Raises RuntimeError where it ends instead."""
    command = [sys.executable, "-m", "cli", "serve", "--bind", "127.0.0.1:0", "--workers", "1", "--json", *arguments]
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True, cwd=_root())
    line = process.stdout.readline() if process.stdout is not None else ""
    running = Served(process, line)
    if not line or "url" not in json.loads(line):
        raise RuntimeError(f"the server did not start ({running.stop()}): {line}")
    try:
        _await_ready(running.url)
    except BaseException:
        running.stop()
        raise
    return running


def _await_ready(url: str) -> None:
    """Waits until a worker answers."""
    ends = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            httpx.get(f"{url}/readyz", timeout=START_TIMEOUT_S).raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def _root() -> str:
    return str(Path(__file__).parents[2])
