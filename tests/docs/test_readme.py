"""README.md is true: its commands exist and run in order, and what it links to is there."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from cli.main import main
from demo.people import CAST, CREW, LI, WANG, WORKERS, ZHAO
from tests.support.markdown import ROOT, Block, blocks, section
from tests.support.serving import Served, served

README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(block: Block) -> list[list[str]]:
    return [shlex.split(line) for line in block.text.splitlines() if line.startswith("doorstep ")]


def by_hand() -> tuple[list[list[str]], list[list[str]]]:
    """The commands of the server's shell, and those of the tablet's, without the exports before them."""
    server, tablet = blocks(section("README.md", "## A server by hand"))
    return commands(server), commands(tablet)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"DOORSTEP_DATA_DIR": str(tmp_path / "data"), "DOORSTEP_TABLET_STORE": str(tmp_path / "wang.tablet")}


@pytest.fixture
def started(environment: dict[str, str]) -> Iterator[tuple[Served, str]]:
    """The server that README starts by hand, on a free port instead of its own, and the code it made."""
    code = ""
    running: Served | None = None
    server, _ = by_hand()
    for _, *arguments in server:
        if arguments[0] == "serve":
            running = served({**os.environ, **environment}, *without_bind(arguments[1:]))
        else:
            said = CliRunner(env=environment).invoke(main, arguments, catch_exceptions=False)
            assert said.exit_code == 0, said.output
            code = code if (found := re.search(r"\w{4}-\w{4}", said.output)) is None else found[0]
    assert running is not None
    yield running, code
    running.stop()


def without_bind(arguments: list[str]) -> list[str]:
    place = arguments.index("--bind")
    return arguments[:place] + arguments[place + 2 :]


def test_a_server_by_hand_runs_as_it_stands(environment: dict[str, str], started: tuple[Served, str]) -> None:
    running, code = started
    _, tablet = by_hand()
    for _, *arguments in tablet:
        given = [{"http://127.0.0.1:8000": running.url, "$CODE": code}.get(each, each) for each in arguments]
        said = CliRunner(env=environment).invoke(main, given, catch_exceptions=False)
        assert said.exit_code == 0, said.output
    status = CliRunner(env=environment).invoke(main, ["tablet", "status", "--lang", "en"])
    assert "All sent" in status.output


def test_its_make_targets_are_there() -> None:
    lines = [line for block in blocks(README) for line in block.text.splitlines()]
    named = {line.split()[1] for line in lines if line.startswith("make ")}
    assert named >= {"demo", "test", "setup"}
    for target in named:
        ran = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr


def test_its_settings_are_those_of_the_server() -> None:
    documented = set(re.findall(r"DOORSTEP_[A-Z_]+", section("README.md", "## A server by hand")))
    read = (ROOT / "server/settings.py").read_text(encoding="utf-8")
    said = set(re.findall(r"DOORSTEP_[A-Z_]+", read)) - {"DOORSTEP_"}
    assert said <= documented


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))],
)
def test_what_a_document_links_to_is_there(document: str) -> None:
    path = ROOT / document
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        linked = path.parent / target if target else path
        assert linked.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [anchor_of(heading) for heading in headings], link


def anchor_of(heading: str) -> str:
    """The anchor that a forge gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_file_that_a_document_names_is_there() -> None:
    for document in ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/protocol.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for named in re.findall(r"`((?:schemas|sync|server|client_sdk|cli|demo|tests|docs)/[\w/.*-]*)`", text):
            assert list(ROOT.glob(named.rstrip("/"))), f"{document}: {named}"


def test_pictures_are_well_formed_and_load_nothing() -> None:
    for picture in (ROOT / "docs/pictures").glob("*.svg"):
        text = picture.read_text(encoding="utf-8")
        assert ET.fromstring(text).tag.endswith("svg")
        assert not re.search(r"(href|src)=", text)
        assert "url(http" not in text


def test_it_counts_the_tablets_of_the_evening() -> None:
    on_patrol = len([WANG, LI, ZHAO, *WORKERS])
    assert f"{len([*CAST, *CREW])} tablets, {on_patrol} of them on patrol without signal" in README


def test_contributing_has_a_line_for_each_folder_of_the_server() -> None:
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [each.parent.name for each in (ROOT / "server").glob("*/__init__.py")]
    assert [name for name in folders if f"| `server/{name}/` |" not in told] == []
