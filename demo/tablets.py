"""The story's side of a tablet process: give commands, watch its progress, kill it, start it again."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Watch = Callable[[dict[str, int]], object]


class TabletFailedError(Exception):
    """A tablet did not do what the story asked of it."""


@dataclass(slots=True)
class TabletProcess:
    """A person with a tablet. The store is on disk; the process comes and goes."""

    name: str
    store: Path
    person: str = ""
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def start(self) -> None:
        command = [sys.executable, "-m", "demo.actor", str(self.store)]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
        )

    def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(timeout=10)
            self._process.stdout.close()
            self._process = None

    def kill(self) -> None:
        """SIGKILL: nothing on the tablet gets a chance to tidy up."""
        process = self._running()
        process.kill()
        process.wait(timeout=10)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def ask(self, do: str, watch: Watch = lambda _progress: None, **arguments: object) -> Any:
        """Gives a command and waits for its answer. Raises TabletFailedError."""
        for message in self._messages(do, arguments):
            if "progress" in message:
                watch(message["progress"])
            elif "failed" in message:
                raise TabletFailedError(f"{self.name}: {message['failed']}")
            else:
                return message["answer"]
        raise TabletFailedError(f"{self.name}: the tablet is gone")

    def sync_until_it_stalls(self) -> None:
        """Begins a sync and returns when the center's answer is on its way in, but not yet taken."""
        if not any("stalled" in message for message in self._messages("sync", {"fault": "stall"})):
            raise TabletFailedError(f"{self.name}: the sync came to its end")

    def _messages(self, do: str, arguments: dict[str, object]) -> Any:
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise TabletFailedError(f"{self.name}: no pipes")
        process.stdin.write(json.dumps({"do": do, "with": arguments}, ensure_ascii=False) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            yield json.loads(line)

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self.start()
        if self._process is None:
            raise TabletFailedError(f"{self.name}: it does not start")
        return self._process
