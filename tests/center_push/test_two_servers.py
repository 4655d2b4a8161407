"""Two counties as people run them: a server that receives, two workers that push to it, over real sockets."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.center_push.pair import TODAY, Pair
from tests.cli.conftest import Shell
from tests.support.county import COUNTY, GRID
from tests.support.markdown import ROOT
from tests.support.serving import served

DAYS = [f"2026-10-{day:02}" for day in range(1, 21)]
PATIENCE_S = 60


@pytest.fixture
def workers(pair: Pair, tmp_path: Path) -> Iterator[Shell]:
    """A shell at the lower county, whose two workers push to the served upper one."""
    lower, upper = Shell({"DOORSTEP_DATABASE_URL": pair.lower.url}), Shell({"DOORSTEP_DATABASE_URL": pair.upper.url})
    secret = str(tmp_path / "secret")
    upper.does("center", "accept", COUNTY, "--secret-file", secret, "--new-secret")
    lower.does("center", "remove", lower.does("center", "list")["items"][0]["url"])
    with ExitStack() as ending:
        serving = served({**os.environ, **upper.environment})
        ending.callback(serving.stop)
        lower.does("center", "add", serving.url, "--secret-file", secret)
        for _ in range(2):
            ending.callback(ended, working(lower))
        yield lower


def working(shell: Shell) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "cli", "worker", "--every", "1"]
    environment = {**os.environ, **shell.environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=ROOT)


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()


def test_whatever_is_counted_while_two_workers_push_arrives(pair: Pair, workers: Shell) -> None:
    newest = 0
    for day in (*DAYS, *DAYS):
        newest = pair.count(day=day, visits=1)
        time.sleep(0.05)
    newest = pair.count(visits=1)
    ends = time.monotonic() + PATIENCE_S
    while pair.kept().get(TODAY) != newest or workers.does("center", "list")["items"][0]["waiting"]:
        assert time.monotonic() < ends, workers.text("center", "list")
        time.sleep(0.2)
    assert pair.sums()[GRID] == {"visits": 2 * len(DAYS) + 1}
    (shown,) = workers.does("center", "list")["items"]
    assert (shown["waiting"], shown["refused"], shown["last_error"]) == (0, 0, None)
    assert shown["last_result"] == "taken"
