"""docs/center.md is true: its commands run as they stand, and it names every header, code and limit."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.worker import EVERY_S
from server.center import system_clock
from server.center_push import backoff, posting, signing, worker
from server.settings import Settings
from sync.codes import PROBLEMS
from sync.limits import REQUEST_BYTES_MAX, SNAPSHOT_BYTES_MAX, STATUS_DAYS_MAX
from tests.docs.test_readme import by_hand, commands, without_bind
from tests.support.clock import TestClock
from tests.support.county import County
from tests.support.markdown import ROOT, Block, blocks, resembles, section
from tests.support.serving import Served, served
from tests.support.walk import needs, walked

NAME = "docs/center.md"
TEXT = (ROOT / NAME).read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8100"
GRID = "990101001001001"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


class Shell:
    """A shell of the document: its commands in a folder, with the server's real address in place of the written one."""

    def __init__(self, folder: Path, block: Block) -> None:
        self.folder = folder
        data = re.search(r'DOORSTEP_DATA_DIR="\$PWD/(\w+)"', block.text)
        assert data is not None
        self.environment = {"DOORSTEP_DATA_DIR": str(folder / data[1])}
        self.url = ADDRESS

    def run(self, arguments: list[str]) -> str:
        given = [str(self.folder / each) if each == "push.secret" else each for each in arguments]
        given = [each.replace(ADDRESS, self.url) for each in given]
        said = CliRunner(env=self.environment).invoke(main, given, catch_exceptions=False)
        assert said.exit_code == 0, (given, said.output)
        return said.stdout


@pytest.fixture
def receiving(tmp_path: Path) -> Iterator[tuple[Served, str]]:
    """The center that receives, as the document starts it, and the code that it gave."""
    block = blocks(section(NAME, "## By example"))[0]
    shell, running, code = Shell(tmp_path, block), None, ""
    for _, *arguments in commands(block):
        if arguments[0] == "serve":
            running = served({**os.environ, **shell.environment}, *without_bind(arguments[1:]))
        else:
            found = re.search(r"\b\w{4}-\w{4}\b", shell.run(arguments))
            code = code if found is None else found[0]
    assert running is not None
    yield running, code
    running.stop()


def record_a_visit(environment: dict[str, str]) -> None:
    """Today, as a tablet does."""
    settings = Settings.from_environment(environment)
    county = County(settings.database_url, TestClock(system_clock()))
    try:
        wang = county.device("wang")
        home = wang.create("household", unit=GRID)
        wang.create("visit", household=home, unit=GRID)
        assert wang.sync().outcomes == []
    finally:
        county.stop()


@needs("curl", "openssl", "bash")
def test_its_commands_run_as_they_stand(tmp_path: Path, receiving: tuple[Served, str]) -> None:
    running, code = receiving
    _, pushing, asking, shown = blocks(section(NAME, "## By example"))
    shell = Shell(tmp_path, pushing)
    shell.url = running.url
    for _, *arguments in by_hand()[0]:
        if arguments[0] != "serve":
            shell.run(arguments)
    record_a_visit(shell.environment)
    said = {" ".join(arguments): shell.run(arguments) for _, *arguments in commands(pushing) if arguments != ["worker"]}
    assert "✓ test" in said["center test"]
    assert re.search("送达 [1-9].*失败 0", said["worker --once"])
    by_curl, answers = blocks(section(NAME, "## A message by hand"))[:2]
    scripts = [each.text.replace(ADDRESS, running.url) for each in (asking, by_curl)]
    for one, expected in zip(walked(scripts, tmp_path, {"CODE": code}), (shown.text, answers.text), strict=True):
        assert resembles(one, expected), f"{one}\nis not as shown:\n{expected}"


def test_it_names_what_there_is() -> None:
    for header in (signing.COUNTY, signing.ID, signing.TIMESTAMP, signing.SIGNATURE):
        assert f"| `{header}` |" in TEXT
    for code in ("signature-wrong", "malformed", "invalid", "too-large"):
        assert f"| `{code}` | {PROBLEMS[code].status} |" in TEXT
    named = {name for line in TEXT.splitlines() for name in re.findall(r"^\| `doorstep center (\w+)", line)}
    assert named == set(main.commands["center"].commands)  # type: ignore[attr-defined]  # a group has them


def test_it_states_the_limits() -> None:
    text = " ".join(TEXT.split())
    mib = 1024 * 1024
    for stated in (
        f"over {REQUEST_BYTES_MAX // mib} MiB as it travels or {SNAPSHOT_BYTES_MAX // mib} MiB unpacked",
        f"at most {STATUS_DAYS_MAX} days",
        f"good for {signing.TOLERANCE_S // MINUTE_S} minutes before and after",
        f"{signing.SECRET_BYTES_MIN} to {signing.SECRET_BYTES_MAX} random bytes",
        f"A pass of the worker (every {EVERY_S} seconds)",
        f"serves up to {worker.CENTERS_AT_ONCE} at once",
        f"after {posting.CONNECT_S} seconds where no connection comes about, and after {posting.TRY_S} in all",
        f"the next try comes after {backoff.FIRST_S} seconds",
        f"a center to itself for {worker.LEASE_MS // 1000 // MINUTE_S} minutes",
        f"for {worker.DELIVERED_KEPT_MS // 1000 // DAY_S} days, without its text",
    ):
        assert stated in text, stated
    assert (backoff.MOST_S, backoff.RETRY_AFTER_S_MAX) == (HOUR_S, DAY_S)
