"""Codes, tablets, held edits and verification from the shell, with a server that `doorstep serve` runs."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from cli.main import main
from server import administration
from server.center import system_clock
from server.settings import Settings
from server.store import dialect, tables
from sync import ids, stamps
from tests.cli.conftest import Shell
from tests.support.serving import Served

GRID = "990101001001001"
Serve = Callable[..., Served]


def enrolled(shell: Shell, url: str, person: str) -> dict[str, Any]:
    code = shell.does("code", person)["code"]
    asked = {"code": code, "nonce": "n-1", "tablet": {"name": "平板一"}}
    answer = httpx.post(f"{url}/api/v1/enroll", json=asked)
    assert answer.status_code == 201
    told: dict[str, Any] = answer.json()
    return told


def synced(url: str, token: str, *edits: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of the answer to a sync."""
    head = {"v": 1, "cursor": None, "mark": None, "owes": 0, "now": stamps.stamp(system_clock()), "want": 1000}
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (head, *edits))
    answer = httpx.post(f"{url}/api/v1/sync", content=body.encode(), headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def household(person: str, number: int) -> dict[str, Any]:
    name, at, now = (
        ids.edit_name(system_clock(), number),
        stamps.stamp(system_clock()),
        {"unit": GRID, "address": "东村"},
    )
    return {"edit": name, "schema": 1, "by": person, "do": "create", "type": "household", "at": at, "now": now}


def assert_told_as(instant: str, text: str) -> None:
    """That people read a moment as the county's clocks say it, and nothing in UTC."""
    here = datetime.fromisoformat(instant).astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"{here:%Y-%m-%d %H:%M}" in text
    assert re.search(r"[0-9]Z\b", text) is None


def test_a_tablet_is_enrolled_listed_and_revoked(shell: Shell, wang: str, serve: Serve) -> None:
    url = serve().url
    tablet = enrolled(shell, url, wang)
    synced(url, tablet["token"], household(wang, 1))
    listed = shell.does("tablets")["items"]
    assert [(each["id"], each["name"], each["person"]) for each in listed] == [(tablet["tablet"], "平板一", wang)]
    assert listed[0]["last_sync"].endswith("Z")
    assert listed[0]["revoked_at"] is None
    assert_told_as(listed[0]["last_sync"], shell.text("tablets"))
    assert shell.does("revoke", tablet["tablet"]) == {"tablet": tablet["tablet"], "revoked": True}
    assert shell.does("tablets")["items"][0]["revoked_at"] is not None
    assert shell.fails("revoke", "none")["code"] == "not-possible"

    synced(url, tablet["token"], household(wang, 2), household(wang, 3))
    waiting = shell.does("held", "list")["items"]
    assert [(each["by"], each["code"], each["type"]) for each in waiting] == [(wang, "tablet-revoked", "household")] * 2
    assert_told_as(waiting[0]["received_at"], shell.text("held", "list"))
    first, second = (each["edit"] for each in waiting)
    assert shell.does("held", "release", first) == {"edit": first, "result": "applied"}
    said = shell.text("held", "refuse", second)
    assert said == f"{second}: 被退回：您没有这项权限 · Refused: This is not yours to do\n"
    assert shell.fails("held", "release", first)["code"] == "not-possible"
    assert shell.fails("held", "refuse", "nothing")["code"] == "not-possible"
    assert shell.does("verify") == {"differences": []}


def test_a_held_edit_that_waits_for_a_record_is_not_released(shell: Shell, wang: str, serve: Serve) -> None:
    url = serve().url
    tablet = enrolled(shell, url, wang)
    missing = ids.edit_name(system_clock(), 99)
    change = household(wang, 4) | {"do": "change", "id": missing, "now": {"notes": "迟到"}}
    synced(url, tablet["token"], change)
    assert f"record:{missing}" in shell.does("held", "list")["items"][0]["waits_for"]
    assert "still waits" in shell.fails("held", "release", str(change["edit"]))["en"]


def test_verify_says_what_differs(shell: Shell, wang: str, serve: Serve) -> None:
    running = serve()
    synced(running.url, enrolled(shell, running.url, wang)["token"], household(wang, 1))
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.writing(engine) as connection:
        connection.execute(sa.update(tables.record).values(document='{"unit":"x"}'))
    engine.dispose()
    said = shell.says("verify")
    assert said.status == 1
    assert any("not what its edits make" in each for each in said.values["differences"])
    result = CliRunner(env=shell.environment).invoke(main, ["verify"])
    assert result.exit_code == 1
    assert "不一致" in result.stdout


def test_a_code_can_be_drawn(shell: Shell, wang: str) -> None:
    drawn = shell.text("code", wang, "--qr")
    in_three_days = datetime.now(UTC) + timedelta(hours=administration.CODE_HOURS)
    assert f"{in_three_days.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d }" in drawn
    assert re.search(r"[0-9]Z\b", drawn) is None
    assert "▄" in drawn
    assert "注册码" in drawn
    assert shell.fails("code", "nobody")["code"] == "not-possible"


def test_serve_says_where_it_is_and_ends_when_told(shell: Shell, serve: Serve) -> None:
    running = serve("--threads", "2")
    assert json.loads(running.first_line) == {"url": running.url}
    assert httpx.get(f"{running.url}/readyz").json() == {"status": "ready"}
    assert running.stop() == 0


def test_a_new_release_takes_up_what_only_it_can_read(shell: Shell, wang: str, serve: Serve) -> None:
    running = serve()
    told = enrolled(shell, running.url, wang)
    edit = household(wang, 1)
    synced(running.url, told["token"], edit | {"schema": 99})
    assert [each["waits_for"] for each in shell.does("held", "list")["items"]] == [["release"]]
    running.stop()
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.writing(engine) as connection:
        connection.execute(sa.update(tables.county).values(release="0.0.1"))
        before = connection.scalar(sa.select(tables.county.c.revision))
    serve().stop()
    with dialect.reading(engine) as connection:
        release, revision = connection.execute(sa.select(tables.county.c.release, tables.county.c.revision)).one()
    assert release == administration.release()
    assert revision > before
    serve().stop()
    with dialect.reading(engine) as connection:
        assert connection.scalar(sa.select(tables.county.c.revision)) == revision
    engine.dispose()
    # This release cannot read it either, so it waits for the next one.
    assert [each["code"] for each in shell.does("held", "list")["items"]] == ["newer-schema"]
    assert shell.does("verify") == {"differences": []}


def test_serve_needs_a_county(bare: Shell) -> None:
    assert bare.fails("serve", "--bind", "127.0.0.1:0")["code"] == "no-county"


@pytest.mark.parametrize("address", ["8000", "localhost:", "localhost:http", "localhost:65536"])
def test_serve_needs_an_address(address: str) -> None:
    assert CliRunner().invoke(main, ["serve", "--bind", address]).exit_code == 2


def test_serve_takes_the_last_port_there_is(bare: Shell) -> None:
    assert bare.fails("serve", "--bind", "127.0.0.1:65535")["code"] == "no-county", "of the address nothing is said"


def test_serve_says_that_a_port_is_taken(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        assert shell.fails("serve", "--bind", f"{host}:{port}")["code"] == "address-unavailable"


def test_the_tablet_command_needs_nothing_of_the_servers(tmp_path: Path) -> None:
    """A tablet's installation has the same command, and says what is missing for the rest."""
    for name in ("sqlalchemy", "flask", "alembic", "orjson", "psycopg", "gunicorn", "segno", "zstandard", "apispec"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli", *arguments]
        root = Path(__file__).parents[2]
        return subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=False)

    assert run("tablet", "--help").returncode == 0
    told = run("unit", "list", "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout)["error"]["code"] == "server-missing"
