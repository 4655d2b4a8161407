"""The `doorstep` command on a database of the test's own, and a server that it runs."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli.main import main
from client_sdk import Tablet
from server.app import create_app
from server.center import Center
from server.settings import Settings
from server.store import dialect, tables
from tests.support.serving import Served, served

GRID = "990101001001001"
NAME = "某甲"
"""Whom nothing may be left of, once erased."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said: its exit status, its one JSON object, and stderr."""

    status: int
    values: dict[str, Any]
    stderr: str


class Shell:
    """Runs `doorstep` in this process with an environment that names one database."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)

    def text(self, *arguments: str) -> str:
        """What a command that goes well says to people."""
        result = CliRunner(env=self.environment).invoke(main, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    def says(self, *arguments: str) -> Said:
        """The answer of a command with `--json`, which must be one JSON object and nothing else."""
        result = CliRunner(env=self.environment).invoke(main, [*arguments, "--json"], catch_exceptions=False)
        line, end = result.stdout[:-1], result.stdout[-1:]
        assert end == "\n"
        assert "\n" not in line
        return Said(result.exit_code, json.loads(line), result.stderr)

    def does(self, *arguments: str) -> dict[str, Any]:
        """The JSON object of a command that goes well."""
        said = self.says(*arguments)
        assert said.status == 0, said.values
        return said.values

    def fails(self, *arguments: str) -> dict[str, Any]:
        """The error of a command that does not: in both languages."""
        said = self.says(*arguments)
        assert said.status == 1
        error: dict[str, Any] = said.values["error"]
        assert error["zh"]
        assert error["en"]
        return error


@pytest.fixture
def environment(migrated_url: str, tmp_path: Path) -> dict[str, str]:
    return {"DOORSTEP_DATABASE_URL": migrated_url, "DOORSTEP_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def bare(environment: dict[str, str]) -> Shell:
    """A database with tables and no county."""
    return Shell(environment)


@pytest.fixture
def shell(bare: Shell) -> Shell:
    """A county with a township, a village and a grid."""
    bare.does("init", "--county", "990101", "--name", "示例县")
    bare.does("unit", "add", "990101001", "东镇", "--parent", "990101")
    bare.does("unit", "add", "990101001001", "东村", "--parent", "990101001")
    bare.does("unit", "add", "990101001001001", "东村一网格", "--parent", "990101001001")
    return bare


@pytest.fixture
def wang(shell: Shell) -> str:
    """A grid worker's id."""
    made = shell.does("person", "add", "--name", "王一", "--role", "grid_worker", "--unit", "990101001001001")
    return str(made["id"])


@pytest.fixture
def serve(environment: dict[str, str]) -> Iterator[Callable[..., Served]]:
    """Starts `doorstep serve` on a free port; it is stopped at the end."""
    started: list[Served] = []

    def start(*arguments: str) -> Served:
        started.append(served({**os.environ, **environment}, *arguments))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def staffed(shell: Shell) -> Shell:
    """The county with one of its staff, chen, one of the village's, zhou, and the grid's worker, wang."""
    for who, role, unit in (
        ("chen", "county_staff", "990101"),
        ("zhou", "village_staff", "990101001001"),
        ("wang", "grid_worker", GRID),
    ):
        shell.does("person", "add", "--name", who, "--role", role, "--unit", unit, "--id", who)
    return shell


class Site:
    """The county's server in this process, and real tablets that reach it without sockets."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell, self.folder = shell, folder
        self.app = create_app(Settings.from_environment(shell.environment))
        self.tablets: list[Tablet] = []

    @property
    def url(self) -> str:
        return self.shell.environment["DOORSTEP_DATABASE_URL"]

    def way(self) -> httpx.WSGITransport:
        return httpx.WSGITransport(app=self.app)

    def hire(self, name: str) -> Tablet:
        self.shell.does("person", "add", "--name", name, "--role", "grid_worker", "--unit", GRID, "--id", name)
        return self.enroll(name, f"{name}.tablet")

    def enroll(self, person: str, store: str) -> Tablet:
        code = self.shell.does("code", person)["code"]
        self.tablets.append(Tablet.enroll("http://center.example", code, self.folder / store, transport=self.way()))
        return self.tablets[-1]

    def kept(self) -> str:
        """All lines and documents of the database, as one text."""
        engine = dialect.create_engine(Settings(self.url))
        with engine.connect() as connection:
            lines = [line.decode(errors="replace") for line in connection.scalars(sa.select(tables.edit_log.c.line))]
            documents = list(connection.scalars(sa.select(tables.record.c.document)))
        engine.dispose()
        return "\n".join(lines + documents)

    def close(self) -> None:
        for tablet in self.tablets:
            tablet.close()
        self.app.extensions["center"].engine.dispose()


@pytest.fixture
def site(shell: Shell, tmp_path: Path) -> Iterator[Site]:
    made = Site(shell, tmp_path)
    yield made
    made.close()


def tablet_id(site: Site, person: str) -> str:
    return str(next(each["id"] for each in site.shell.does("tablets")["items"] if each["person"] == person))


def administration_of(site: Site, work: Callable[[Center], object]) -> None:
    center = Center.of(Settings.from_environment(site.shell.environment))
    try:
        work(center)
    finally:
        center.engine.dispose()


def households(tablet: Tablet) -> set[str]:
    return {each.id for each in tablet.households.list()}
