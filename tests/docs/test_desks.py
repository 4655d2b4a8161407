"""docs/desks.md is true: the day runs as it stands, from the door to the county's figures."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.support.markdown import ROOT, blocks, resembles
from tests.support.serving import Served, served
from tests.support.walk import needs, steps, walked

TEXT = (ROOT / "docs/desks.md").read_text(encoding="utf-8")
LOCAL = "http://127.0.0.1:8000"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DOORSTEP_DATA_DIR": str(tmp_path / "data"), "LANG": "zh_CN.UTF-8"}


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[Served]:
    Shell(environment).does("init", "--demo", "--small")
    running = served(environment)
    yield running
    running.stop()


@needs("curl", "bash")
def test_the_day_runs_as_it_stands(server: Served, environment: dict[str, str], tmp_path: Path) -> None:
    _, *found = blocks(TEXT)
    taken = steps(found)
    commands = [step.commands.replace(LOCAL, server.url) for step in taken]
    for said, step in zip(walked(commands, tmp_path, environment), taken, strict=True):
        if step.shown is not None:
            last = said.splitlines()[-len(step.shown.splitlines()) :]
            assert resembles("\n".join(last) + "\n", step.shown), f"{said}\ndoes not end as shown:\n{step.shown}"
