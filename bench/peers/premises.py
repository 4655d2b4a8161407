"""Where a peer is installed and how it is started. Nothing of it is a dependency of Doorstep's."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.ground import Running
from bench.wire import Wire

FOLDER = Path(__file__).parents[2] / "build" / "peers"
INSTALL_TIMEOUT_S = 900
START_TIMEOUT_S = 60


class PeerMissingError(RuntimeError):
    """The peer cannot be had on this machine; the text says why."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Runs a program to its end. Raises PeerMissingError with what it said last."""
    try:
        ended = subprocess.run(
            list(command),
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(str(error)) from error
    if ended.returncode != 0:
        said = (ended.stderr or ended.stdout).strip().splitlines()
        raise PeerMissingError(said[-1] if said else f"{command[0]} ended with {ended.returncode}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def started(command: Sequence[str], folder: Path, port: int, ready: str) -> Iterator[Running]:
    """The program as long as the block runs, from when it answers at the path `ready`. Raises PeerMissingError."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(list(command), cwd=folder, stdout=log, stderr=log)
        try:
            _await(process, port, ready, folder)
            yield Running("127.0.0.1", port, process.pid)
        finally:
            process.terminate()
            process.wait(START_TIMEOUT_S)


def _await(process: "subprocess.Popen[bytes]", port: int, ready: str, folder: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        wire = Wire("127.0.0.1", port)
        try:
            wire.send("GET", ready, None, {})
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text(errors="replace").strip().splitlines()
                raise PeerMissingError(said[-1] if said else "it does not come up") from error
            time.sleep(0.1)
        finally:
            wire.close()
