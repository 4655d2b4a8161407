"""Walks through a document: its commands run in one shell as they stand, and say what it shows."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.markdown import Block, resembles

_BETWEEN = "== the next step =="


@dataclass(frozen=True, slots=True)
class Step:
    """Commands, and what the document shows of their answer: None where it goes on without showing any."""

    commands: str
    shown: str | None


def steps(found: Iterable[Block]) -> list[Step]:
    """The fenced blocks of a walk: commands up to each answer that is shown."""
    made, commands = [], ""
    for block in found:
        if block.language == "sh":
            commands += block.text
        else:
            made.append(Step(commands, block.text))
            commands = ""
    return [*made, Step(commands, None)] if commands else made


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skips a test where one of the programs is not there."""
    return pytest.mark.skipif(not all(map(shutil.which, programs)), reason=f"needs {', '.join(programs)}")


def walked(commands: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What each of some scripts says, run one after the other in one shell, in a folder; all must go well."""
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"echo '{_BETWEEN}'\n".join(commands)],
        env={**os.environ, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.split(f"{_BETWEEN}\n")


def says_as_shown(taken: Sequence[Step], folder: Path, environment: Mapping[str, str]) -> None:
    """Runs steps, each of which is shown with its whole answer."""
    for said, step in zip(walked([each.commands for each in taken], folder, environment), taken, strict=True):
        assert step.shown is not None, f"{step.commands}\nis shown without its answer"
        assert step.commands, f"{step.shown}\nis shown without its commands"
        assert resembles(said, step.shown), f"{said}\nis not as shown:\n{step.shown}"
