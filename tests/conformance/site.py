"""The center that is judged: where it is, and what its administrator gave for the judging.

Every setting is an environment variable that begins with DOORSTEP_CONFORMANCE_; README.md explains each.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "DOORSTEP_CONFORMANCE_"


@dataclass(frozen=True, slots=True)
class Site:
    """A center under test. `given` holds the settings by their names without the prefix (CODE, CODE_OFFICER …)."""

    url: str
    given: Mapping[str, str]

    @classmethod
    def from_environment(cls) -> "Site | None":
        """The center that the environment names, if it names one."""
        given = {name.removeprefix(PREFIX): value for name, value in os.environ.items() if name.startswith(PREFIX)}
        return cls(given["URL"].rstrip("/"), given) if given.get("URL") else None

    def missing(self, *names: str) -> list[str]:
        """The variables among these that were not given, by their whole names."""
        return [f"{PREFIX}{name}" for name in names if not self.given.get(name)]

    def run(self, name: str, **values: str) -> None:
        """Runs a command of the administrator's: its words, with `{tablet}` and the like put in.

        Raises AssertionError, with what it said, where it fails."""
        words = [word.format(**values) for word in shlex.split(self.given[name])]
        run = subprocess.run(words, check=False, capture_output=True, text=True, env=os.environ | self._environment())
        assert run.returncode == 0, f"{words}: {run.stdout}{run.stderr}"

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.given.get("ENVIRONMENT", "{}"))
        return found
