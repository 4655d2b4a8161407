"""docs/setting-up.md is true: its commands run in order on its tables, and it names every column, role and code."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from schemas.codes import CODES
from server.administration import HOUSEHOLD_COLUMNS, FaultCode
from server.administration.people import RESERVED
from tests.support.markdown import ROOT, blocks, section

NAME = "docs/setting-up.md"
TEXT = (ROOT / NAME).read_text(encoding="utf-8")


def run(text: str, folder: Path) -> list[str]:
    """What the commands of a part say; each must go well."""
    said = []
    for block in blocks(text):
        for line in block.text.splitlines() if block.language == "sh" else ():
            _, *arguments = shlex.split(line)
            given = [str(folder / each) if each.endswith(".csv") else each for each in arguments]
            result = CliRunner(env={"DOORSTEP_DATA_DIR": str(folder)}).invoke(main, given, catch_exceptions=False)
            assert result.exit_code == 0, (line, result.output)
            said.append(result.stdout)
    return said


def test_its_demo_county_is_made(tmp_path: Path) -> None:
    made, code = run(section(NAME, "## A county to try things in"), tmp_path)
    assert "grid-0001" in made
    assert re.search(r"\w{4}-\w{4}", code)


def test_its_tables_and_commands_run_as_they_stand(tmp_path: Path) -> None:
    for file, content in re.findall(r"^`(\w+\.csv)`:\n\n```csv\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        (tmp_path / file).write_text(content, encoding="utf-8")
    after = TEXT[TEXT.index("## A county of your own") :]
    said = run(after, tmp_path)
    assert [line.splitlines()[-1] for line in said[1:6]] == [
        "试运行，未写入：新增 4 行 · Nothing was written: 4 to be added",
        "新增 4 行 · 4 added",
        "新增 3 行 · 3 added",
        "新增 3 行 · 3 added",
        "一致 · No differences",
    ]
    assert "wang is disabled: 2 assignments" in said[-1]


def test_it_names_every_column_role_and_code() -> None:
    named = set(re.findall(r"`([\w-]+)`", TEXT))
    assert named >= set(HOUSEHOLD_COLUMNS)
    assert named >= CODES["role"].keys()
    assert named >= set(FaultCode)
    assert named >= RESERVED
    assert all(code.zh in TEXT for code in CODES["role"].values())


@pytest.mark.parametrize("member", ["loaded", "rows", "added", "same", "bad_rows", "bad", "changed", "ignored_columns"])
def test_it_says_what_an_import_answers(member: str) -> None:
    assert f"`{member}`" in section(NAME, "## What is checked")
