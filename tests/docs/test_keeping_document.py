"""docs/keeping.md is true: its commands run as they stand, in order."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cli.main import main
from cli.tablet_options import Surroundings
from server.app import create_app
from server.settings import Settings
from tests.cli.conftest import Shell
from tests.support.markdown import ROOT, blocks, section

GRID = "990101001001001"
DOCUMENT = (ROOT / "docs/keeping.md").read_text(encoding="utf-8")
URL = "http://center.example"


class Desk:
    """The server's shell and the tablet's, in a folder of their own, with what the document leaves to the reader."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell = shell
        self.app = create_app(Settings.from_environment(shell.environment))
        self.store = folder / "wang.tablet"
        self.given = {"URL": URL, "CODE": str(shell.does("code", "wang")["code"])}
        self.does("doorstep tablet enroll $URL $CODE")
        made = self.does(f"doorstep tablet household unit={GRID} address=东村1号")
        self.does("doorstep tablet sync")
        self.given["HOUSEHOLD"] = made.split()[-1]
        self.given["TABLET"] = str(shell.does("tablets")["items"][0]["id"])

    def does(self, line: str) -> str:
        """What a command of the document said, which must go well."""
        for name, value in self.given.items():
            line = line.replace(f"${name}", value)
        _, *arguments = shlex.split(line)
        environment = {**self.shell.environment, "DOORSTEP_TABLET_STORE": str(self.store)}
        around = Surroundings(transport=httpx.WSGITransport(app=self.app))
        said = CliRunner(env=environment).invoke(main, arguments, obj=around, catch_exceptions=False)
        assert said.exit_code == 0, f"{line}: {said.output}"
        return said.stdout

    def close(self) -> None:
        self.app.extensions["center"].engine.dispose()


@pytest.fixture
def desk(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.chdir(tmp_path)
    shell = Shell({"DOORSTEP_DATABASE_URL": migrated_url, "DOORSTEP_DATA_DIR": str(tmp_path / "data")})
    shell.does("init", "--county", "990101", "--name", "示例县")
    shell.does("unit", "add", GRID, "东村一网格", "--parent", "990101")
    shell.does("person", "add", "--name", "王一", "--role", "grid_worker", "--unit", GRID, "--id", "wang")
    made = Desk(shell, tmp_path)
    yield made
    made.close()


def commands() -> list[str]:
    return [line for block in blocks(DOCUMENT) if block.language == "sh" for line in block.text.splitlines()]


def test_its_commands_run_in_order(desk: Desk, tmp_path: Path) -> None:
    for line in commands():
        if "--ca-file" in line:
            continue  # On a real socket: tests/client/test_private_authority.py.
        if " tablet enroll " in line:
            desk.store = tmp_path / "new.tablet"
        if line.startswith("doorstep revoke"):
            items = desk.shell.does("tablets")["items"]
            desk.given["TABLET"] = str(next(each["id"] for each in items if each["revoked_at"] is None))
        said = desk.does(line)
        if line.startswith("doorstep replace"):
            desk.given["CODE"] = said.split("注册码 ")[1].split("，")[0]
    assert desk.shell.does("verify") == {"differences": []}
    assert (tmp_path / "data" / "lasting.ndjson").read_text(encoding="utf-8").count("\n") == 3


def test_it_names_what_there_is() -> None:
    for name in ("backup", "restore", "erase", "replace", "revoke", "tablets", "verify"):
        assert name in main.commands
        assert any(line.startswith(f"doorstep {name}") for line in commands()), name


def test_it_names_what_is_logged() -> None:
    files = [file for folder in ("server", "cli") for file in (ROOT / folder).rglob("*.py")]
    said = {event for file in files for event in re.findall(r'log\.[a-z]+\("(\w+)"', file.read_text(encoding="utf-8"))}
    rows = re.findall(r"^\| (`[a-z_`, ]+`) \|", section("docs/keeping.md", "## Its log"), re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(rows))) == sorted(said)
