"""The county's side: a real gunicorn server on a free port, and the `doorstep` commands of its administrator."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

COUNTY = "990101"
READY_WITHIN_S = 30


class CommandFailedError(Exception):
    """A `doorstep` command ended with an error."""


@dataclass(slots=True)
class CountyCenter:
    """A center on a fresh database in `folder` (or at `database_url`)."""

    folder: Path
    database_url: str | None = None
    url: str = ""
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    @property
    def settings_url(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'center.db'}"

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"DOORSTEP_DATABASE_URL": self.settings_url, "DOORSTEP_DATA_DIR": str(self.folder)}

    def doorstep(self, *arguments: str, accepts: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Runs `doorstep … --json` and gives what it printed. Raises CommandFailedError."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "cli", *arguments, "--json"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in accepts:
            raise CommandFailedError(f"doorstep {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def open(self) -> None:
        """Starts the server with two workers and waits until it is ready."""
        command = [sys.executable, "-m", "cli", "serve", "--bind", "127.0.0.1:0", "--workers", "2", "--json"]
        with (self.folder / "center.log").open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        if self._process.stdout is None:
            raise CommandFailedError("doorstep serve: no output")
        self.url = json.loads(self._process.stdout.readline())["url"]
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._is_ready():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise CommandFailedError(f"doorstep serve: not ready; see {self.folder / 'center.log'}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
