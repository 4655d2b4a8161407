"""Two counties in one database: what is done in one, or at its server, is nothing to the other."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from server.settings import Settings
from server.store import dialect, schema, tables
from tests.cli.conftest import GRID, Shell
from tests.support.markdown import ROOT
from tests.support.serving import Served

Rows = dict[str, list[tuple[Any, ...]]]


def settled(shell: Shell, code: str) -> Shell:
    """A shell at a county of this code, with the same units, people and bodies as any other such one."""
    there = Shell({**shell.environment, "DOORSTEP_COUNTY": code})
    there.does("init", "--county", code, "--name", f"县{code}")
    there.does("unit", "add", GRID, f"网格{code}", "--parent", code)
    there.does("person", "add", "--name", f"王{code}", "--role", "grid_worker", "--unit", GRID, "--id", "wang")
    there.does("person", "add", "--name", f"陈{code}", "--role", "county_staff", "--unit", code, "--id", "chen")
    return there


@pytest.fixture
def here(bare: Shell) -> Shell:
    return settled(bare, "990101")


@pytest.fixture
def there(here: Shell) -> Shell:
    return settled(here, "990102")


def rows_of(shell: Shell, county: str) -> Rows:
    """Everything that the database has of a county."""
    engine = dialect.create_engine(Settings.from_environment(shell.environment))
    found: Rows = {}
    with dialect.reading(engine) as connection:
        for table in (each for metadata in schema.METADATA for each in metadata.sorted_tables):
            whose = table.c.code if table is tables.county else table.c.county
            rows = connection.execute(sa.select(table).where(whose == county))
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    engine.dispose()
    return found


def test_commands_in_one_county_leave_the_other_as_it_is(here: Shell, there: Shell) -> None:
    before = rows_of(here, "990101")
    there.does("unit", "add", "990101001001002", "二网格", "--parent", "990102")
    there.does("unit", "move", GRID, "--parent", "990101001001002")
    there.does("person", "assign", "wang", "--role", "village_staff", "--unit", "990101001001002")
    body = str(there.does("body", "add", "--name", "调委会", "--unit", GRID)["id"])
    there.does("body", "join", body, "wang")
    there.does("code", "wang")
    there.does("person", "disable", "wang")
    for command in (["unit", "list"], ["person", "list"], ["body", "list"], ["tablets"], ["held", "list"]):
        told = there.text(*command)
        assert not [name for name in ("县990101", "网格990101", "王990101", "陈990101") if name in told]
    assert rows_of(here, "990101") == before
    assert here.does("verify") == there.does("verify") == {"differences": []}


def test_a_command_for_another_county_than_the_settings_name_is_a_slip(here: Shell, there: Shell) -> None:
    """Also where that one is the county to try things in: nothing is made up in a county that was not meant."""
    before = rows_of(here, "990101")
    for command in (["init", "--county", "990101", "--name", "示例县"], ["init", "--demo", "--small"]):
        error = there.fails(*command)
        assert error["code"] == "not-possible"
        assert "DOORSTEP_COUNTY names county 990102, not 990101" in error["en"]
    assert rows_of(here, "990101") == before


def test_a_server_goes_on_when_another_county_is_made_beside_its_own(
    shell: Shell, wang: str, serve: Callable[..., Served]
) -> None:
    """Whoever is at work there is not turned away for it, although nothing named the county when it was started."""
    code = shell.does("code", wang)["code"]
    url = serve().url
    settled(shell, "990102")
    assert httpx.get(f"{url}/readyz").status_code == 200
    asked = {"code": code, "nonce": "n", "tablet": {"name": "平板"}}
    assert httpx.post(f"{url}/api/v1/enroll", json=asked).json()["county"] == "990101"


def test_a_worker_goes_on_when_another_county_is_made_beside_its_own(shell: Shell) -> None:
    with working(shell) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        settled(shell, "990102")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)


@contextmanager
def working(shell: Shell) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "cli", "worker", "--every", "1"]
    environment = {**os.environ, **shell.environment}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.terminate()
