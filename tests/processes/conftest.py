"""A center and six tablets, each a process, on each of the stores; and the figures that these tests come to."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.premises import PostgresPremises, Premises, SqlitePremises
from tests.processes.squad import Squad


@pytest.fixture(params=["sqlite", "postgresql"])
def premises(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Premises]:
    """A running center."""
    if not sys.platform.startswith("linux"):
        pytest.skip("looks for the processes to kill in /proc")
    found = {"sqlite": SqlitePremises, "postgresql": PostgresPremises}[request.param](tmp_path)
    try:
        found.start()
        yield found
    finally:
        found.close()


@pytest.fixture
def squad(premises: Premises, tmp_path: Path) -> Iterator[Squad]:
    """Everybody, enrolled, and not at work yet."""
    found = Squad.hired(premises.center, premises.web, tmp_path)
    try:
        yield found
    finally:
        found.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures of each test."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {name}: {value}")
