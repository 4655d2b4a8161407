"""docs/protocol.md is true: its commands run as they stand, and it names every code and limit."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync import limits
from sync.codes import DETAILS, PROBLEMS, Code
from tests.cli.conftest import Shell
from tests.support.markdown import ROOT, blocks, section
from tests.support.serving import Served, served
from tests.support.walk import needs, says_as_shown, steps

PROTOCOL = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
GRID = "990101001001001"


@pytest.fixture
def shell(migrated_url: str, tmp_path: Path) -> Shell:
    made = Shell({"DOORSTEP_DATABASE_URL": migrated_url, "DOORSTEP_DATA_DIR": str(tmp_path / "data")})
    made.does("init", "--county", "990101", "--name", "示例县")
    made.does("unit", "add", GRID, "东村一网格", "--parent", "990101")
    made.does("person", "add", "--name", "王一", "--role", "grid_worker", "--unit", GRID, "--id", "wang")
    return made


@pytest.fixture
def server(shell: Shell) -> Iterator[Served]:
    running = served({**os.environ, **shell.environment})
    yield running
    running.stop()


@needs("curl", "bash")
def test_the_walk_through_runs_as_it_stands(shell: Shell, server: Served, tmp_path: Path) -> None:
    taken = steps(blocks(section("docs/protocol.md", "## A walk through")))
    says_as_shown(taken, tmp_path, {"URL": server.url, "CODE": shell.does("code", "wang")["code"]})
    assert shell.does("verify") == {"differences": []}


@pytest.mark.parametrize("code", DETAILS)
def test_it_gives_each_code_of_a_line_with_its_words(code: Code) -> None:
    words = DETAILS[code]
    assert any(
        line.startswith(f"| `{code}` |") and line.endswith(f"| {words.zh} | {words.en} |")
        for line in PROTOCOL.splitlines()
    )


@pytest.mark.parametrize("code", PROBLEMS)
def test_it_gives_each_code_of_a_request_with_its_status_and_words(code: str) -> None:
    kind = PROBLEMS[code]
    row = f"| `{code}` | {kind.status} | {kind.detail.zh} | {kind.detail.en} |"
    assert any(line.startswith(row) for line in PROTOCOL.splitlines())


def test_it_states_the_limits() -> None:
    table = section("docs/protocol.md", "## Limits")
    mib, kib = 1024 * 1024, 1024
    for stated in (
        f"| edit lines in a request | {limits.EDITS_PER_REQUEST_MAX} |",
        f"| a request's body as it travels | {limits.REQUEST_BYTES_MAX // mib} MiB |",
        f"| a request's body unpacked | {limits.REQUEST_UNPACKED_BYTES_MAX // mib} MiB |",
        f"| a request's first line | {limits.HEAD_BYTES_MAX // kib} KiB |",
        f"| the body of an enrolment | {limits.ENROLMENT_BYTES_MAX // kib} KiB |",
        f"| one line | {limits.LINE_BYTES_MAX // kib} KiB |",
        f"| names in a line's `over`, of all registers together | {limits.OVER_NAMES_MAX} |",
        f"| arrays and objects inside each other | {limits.NESTING_MAX} |",
        f"| rows of a page | {limits.PAGE_ROWS_MAX:,} |",
        f"| bytes of a page's rows | {limits.PAGE_BYTES_MAX // mib} MiB, or one row |",
        f"| keys that one page catches up with | {limits.CATCHING_UP_KEYS_PER_PAGE_MAX} |",
        f"| values of a set that a record shows | {limits.SET_VALUES_SHOWN_MAX} |",
        f"| siblings that a conflict lists | {limits.SIBLINGS_LISTED_MAX} |",
        f"| settlements that a conflict lists | {limits.SETTLEMENTS_LISTED_MAX} |",
        f"| values of a conflict's siblings, and of its settlements | {limits.CONFLICT_VALUES_BYTES_MAX // kib} KiB |",
        f"| a tablet's clock ahead, before its stamps are moved back | {limits.DRIFT_MS_MAX // 60_000} minutes |",
        f"| acknowledged edits kept by a tablet | {limits.RETENTION_DAYS} days |",
    ):
        assert stated in table
