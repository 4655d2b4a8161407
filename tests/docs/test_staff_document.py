"""docs/staff.md is true: its commands run as they stand, and it names the types, parameters and limits."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schemas import reading
from schemas.catalog import CATALOG
from server import administration
from server.center import Center
from server.reading import export
from server.settings import Settings
from tests.cli.conftest import Shell
from tests.support.device import Device
from tests.support.markdown import ROOT, blocks, section
from tests.support.serving import Served, served
from tests.support.walk import needs, says_as_shown, steps

STAFF = (ROOT / "docs/staff.md").read_text(encoding="utf-8")
VILLAGE, GRID = "990101001", "990101001001001"


@pytest.fixture
def shell(migrated_url: str) -> Shell:
    made = Shell({"DOORSTEP_DATABASE_URL": migrated_url})
    made.does("init", "--county", "990101", "--name", "示例县")
    made.does("unit", "add", VILLAGE, "东村", "--parent", "990101")
    made.does("unit", "add", GRID, "东村一网格", "--parent", VILLAGE)
    made.does("person", "add", "--name", "王一", "--role", "grid_worker", "--unit", GRID, "--id", "wang")
    made.does("person", "add", "--name", "孙立", "--role", "village_staff", "--unit", VILLAGE, "--id", "sun")
    return made


@pytest.fixture
def server(shell: Shell) -> Iterator[Served]:
    running = served({**os.environ, **shell.environment})
    yield running
    running.stop()


def enrolled(shell: Shell, http: httpx.Client, person: str) -> Device:
    device = Device(http, lambda: time.time_ns() // 1_000_000)
    device.enroll(str(shell.does("code", person)["code"]))
    return device


def token_of_staff(shell: Shell, http: httpx.Client) -> str:
    """What has happened before the walk through; gives the token of the village's staff."""
    wang, sun = (enrolled(shell, http, person) for person in ("wang", "sun"))
    home = wang.create("household", unit=GRID, address="东村1", phone="13812348000", service_needs=["hardship"])
    wang.sync()
    wang.change("household", home, address="东村1号")
    for result in ("met", "nobody_home"):
        wang.create("visit", household=home, unit=GRID, result=result)
    wang.catch_up()
    center = Center.of(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    administration.revoke(center, wang.tablet)
    center.engine.dispose()
    wang.change("household", home, notes="门朝东。")
    wang.sync()
    return sun.token


@needs("curl", "bash")
def test_the_walk_through_runs_as_it_stands(shell: Shell, server: Served, tmp_path: Path) -> None:
    taken = steps(blocks(section("docs/staff.md", "## A walk through")))
    with httpx.Client(base_url=server.url) as http:
        token = token_of_staff(shell, http)
    says_as_shown(taken, tmp_path, {"URL": server.url, "TOKEN": token})
    assert shell.does("verify") == {"differences": []}


def test_it_names_every_type_and_form() -> None:
    for name in (*CATALOG.types, *export.MEDIA):
        assert f"`{name}`" in STAFF or f"`.{name}`" in STAFF or f".{name}`" in STAFF


def test_it_names_every_parameter() -> None:
    for shape in (reading.ListQuery, reading.ExportQuery, reading.FeedQuery):
        for name, declared in shape().fields.items():
            said = declared.data_key or name
            assert f"`{said}`" in STAFF or f"`{said}=" in STAFF or f"&{said}=" in STAFF or f"?{said}=" in STAFF, said


def test_it_states_the_limits() -> None:
    assert f"{reading.LIST_ROWS} if left out, at most {reading.LIST_ROWS_MAX} |" in STAFF
