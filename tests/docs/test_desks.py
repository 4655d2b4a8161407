"""docs/desks.md is true: the day runs as it stands, from the door to the county's figures."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.support.markdown import ROOT, blocks, resembles
from tests.support.serving import Served, served

TEXT = (ROOT / "docs/desks.md").read_text(encoding="utf-8")
BETWEEN = "== the next block =="
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


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("bash") is None, reason="needs curl and bash")
def test_the_day_runs_as_it_stands(server: Served, environment: dict[str, str], tmp_path: Path) -> None:
    _, *found = blocks(TEXT)
    script = [
        block.text.replace(LOCAL, server.url) if block.language == "sh" else f"echo '{BETWEEN}'\n" for block in found
    ]
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "".join(script)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr + run.stdout
    shown = [block.text for block in found if block.language != "sh"]
    for said, expected in zip(run.stdout.split(f"{BETWEEN}\n"), shown, strict=False):
        last = said.splitlines()[-len(expected.splitlines()) :]
        assert resembles("\n".join(last) + "\n", expected), f"{said}\ndoes not end as shown:\n{expected}"
