"""The county's side: a real gunicorn server on a free port, and the `doorstep` commands of its administrator."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from server import administration
from server.center import Center
from server.settings import DATABASE_FILE, Settings

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
        # Where `doorstep` itself looks in a data folder.
        return self.database_url or f"sqlite:///{self.folder / DATABASE_FILE}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of this center, for whoever administers it."""
        named = {} if self.database_url is None else {"DOORSTEP_DATABASE_URL": self.database_url}
        return {"DOORSTEP_DATA_DIR": str(self.folder), **named}

    @property
    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")} | self.settings

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

    def code(self, person: str) -> str:
        """A one-time code for a person."""
        return str(self.doorstep("code", person)["code"])

    def codes(self, people: Iterable[str]) -> dict[str, str]:
        """A one-time code for each of many people, made without a shell for each."""
        center = Center.of(Settings(self.settings_url))
        try:
            return {person: str(administration.make_code(center, person)["code"]) for person in people}
        finally:
            center.engine.dispose()

    def token(self, person: str) -> str:
        """A token for somebody who reads: enrolled like a tablet."""
        enrolled = {"code": self.code(person), "nonce": secrets.token_hex(16), "tablet": {"name": "办公室"}}
        answer = httpx.post(f"{self.url}/api/v1/enroll", json=enrolled, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["token"])

    def open(self, bind: str = "127.0.0.1:0") -> None:
        """Starts the server with two workers and waits until it is ready."""
        command = [sys.executable, "-m", "cli", "serve", "--bind", bind, "--workers", "2", "--json"]
        # In a process group of its own, as tablets are: Ctrl-C reaches the story alone, which ends them in order.
        with (self.folder / "center.log").open("w") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0
            )
        if self._process.stdout is None:
            raise CommandFailedError("doorstep serve: no output")
        line = self._process.stdout.readline()
        said: dict[str, Any] = (
            json.loads(line) if line else {"error": {"en": (self.folder / "center.log").read_text().strip()}}
        )
        if "url" not in said:
            raise CommandFailedError(f"doorstep serve: {said['error']['en']}")
        self.url = str(said["url"])
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
