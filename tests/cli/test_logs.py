"""What is logged arrives on stderr with its fields, and names nobody."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from cli.logs import CHAIN_MAX, FRAMES_MAX, Lines
from client_sdk import Tablet
from server.app import create_app
from server.settings import Settings
from tests.cli.conftest import Shell
from tests.support.faulty_server import HELD_BY_AN_OLDER, PHONE
from tests.support.markdown import ROOT
from tests.support.serving import Served

GRID = "990101001001001"
OWN = {"time", "level", "pid", "event"}


def fields(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in OWN | {"raised"}}


def logged(stderr: str) -> dict[str, dict[str, Any]]:
    """By event its line; each comes once."""
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert all(set(each) >= OWN for each in lines)
    assert len({each["event"] for each in lines}) == len(lines), stderr
    return {each["event"]: each for each in lines}


def test_bugs_are_logged_with_their_place_and_name_nobody(
    shell: Shell, wang: str, environment: dict[str, str], tmp_path: Path
) -> None:
    stderr = tmp_path / "stderr"
    command = [sys.executable, "-m", "tests.support.faulty_server", "--bind", "127.0.0.1:0", "--workers", "1", "--json"]
    with (
        stderr.open("wb") as log,
        subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=log, cwd=ROOT
        ) as process,
    ):
        assert process.stdout is not None
        url = str(json.loads(process.stdout.readline())["url"])
        edits = met_with_every_bug(url, str(shell.does("code", wang)["code"]), tmp_path / "wang.tablet")
        process.terminate()
        assert process.stdout.read() == b"", "the log is not on stdout"
    said = stderr.read_text()
    assert PHONE not in said
    found = logged(said)
    firsts = {event for event, each in found.items() if each["pid"] == process.pid}
    assert firsts == {"take_up_failed", "take_up_line_failed"}, "the rest is of the worker"
    assert {event: fields(each) for event, each in found.items()} == {
        "take_up_failed": {},
        "take_up_line_failed": {"edit": HELD_BY_AN_OLDER},
        "turn_failed": {"calls": 2},
        "batch_failed": {"lines": 1},
        "line_failed": {},
        "line_held": {"edit": edits[1], "error": found["line_held"]["error"]},
        "request_failed": {},
        "Error handling request": {},
        "database_failed": {},
        "database_unavailable": {},
    }
    for event, each in found.items():
        raised = each.get("raised", [])
        framed = event not in ("line_held", "database_unavailable")
        assert all(("frames" in one) is framed for one in raised), event
        if framed and event != "database_failed":
            assert [one["type"] for one in raised][:3] == ["RuntimeError", "ValueError", "KeyError"]
            assert raised[0]["frames"][-1].split("/")[-1].endswith(" buggy")
    assert [one.get("code") for one in found["database_failed"]["raised"]] == [None, "23505"]
    assert [one.get("code") for one in found["database_unavailable"]["raised"]] == [None, "57P01"]
    assert found["database_unavailable"]["level"] == "warning"


def met_with_every_bug(url: str, code: str, store: Path) -> list[str]:
    """The names of the edits that were held: one in a sync where nothing works, one that cannot be judged."""
    tablet = Tablet.enroll(url, code, store)
    for _ in range(2):
        tablet.households.create(unit=GRID, address="东村1号", phone=PHONE)
        tablet.sync()
    edits = sorted(each.edit for each in tablet.attention)
    tablet.close()
    for name in ("bug", "refused-by-the-database", "no-database"):
        assert httpx.get(f"{url}/{name}?phone={PHONE}").is_server_error
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/streamed-bug?phone={PHONE}")
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port)) as line:
        line.sendall(f"{PHONE} is no request\r\n\r\n".encode())
        assert b"400" in line.recv(100)
    return edits


def test_the_worker_logs_what_it_delivers_and_what_it_cannot(
    shell: Shell, wang: str, environment: dict[str, str], tmp_path: Path
) -> None:
    app = create_app(Settings.from_environment(environment))
    code, way = str(shell.does("code", wang)["code"]), httpx.WSGITransport(app=app)
    with closing(Tablet.enroll("http://center.example", code, tmp_path / "wang.tablet", transport=way)) as tablet:
        tablet.households.create(unit=GRID, address="东村1号")
        tablet.sync()
    app.extensions["center"].engine.dispose()
    with ExitStack() as centers:
        hosts = [centers.enter_context(answering(status)) for status in (200, 422)]
        for number, url in enumerate(hosts):
            secret = ("--secret-file", str(tmp_path / f"{number}.secret"), "--new-secret")
            shell.does("center", "add", url, *secret)
        command = [sys.executable, "-m", "cli", "worker", "--once", "--json"]
        ran = subprocess.run(
            command, env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert json.loads(ran.stdout) == {"taken": 2, "delivered": 1, "failed": 1}
    found = logged(ran.stderr)
    day, version = (found["center_push_delivered"][name] for name in ("day", "version"))
    said = {"center": "127.0.0.1", "day": day, "version": version}
    assert {event: fields(each) for event, each in found.items()} == {
        "center_push_delivered": {**said, "word": "taken"},
        "center_push_failed": {**said, "word": "status-422 invalid", "fate": "REFUSED", "attempts": 1},
    }
    assert found["center_push_delivered"]["level"] == "info"


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Where a center is that gives every message the same answer."""

    class Center(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"result":"taken","code":"invalid"}')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Center) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/status"
        server.shutdown()


def test_a_tablets_shell_says_no_event(shell: Shell, wang: str, serve: Callable[..., Served], tmp_path: Path) -> None:
    url, store = serve().url, tmp_path / "wang.tablet"
    Tablet.enroll(url, str(shell.does("code", wang)["code"]), store).close()
    shell.does("revoke", str(shell.does("tablets")["items"][0]["id"]))
    command = [sys.executable, "-m", "cli", "tablet", "sync"]
    around = {**os.environ, "DOORSTEP_TABLET_STORE": str(store)}
    ran = subprocess.run(command, env=around, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "tablet_wiped" not in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_what_ends_a_process_is_told_without_its_words() -> None:
    program = f"from cli.logs import to_stderr; to_stderr(); raise ValueError('{PHONE}')"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    [raised] = logged(ran.stderr)["process_ended"]["raised"]
    assert raised == {"type": "ValueError", "frames": ["<string>:1 <module>"]}


@pytest.mark.parametrize(("depth", "outermost"), [(FRAMES_MAX - 1, "told"), (FRAMES_MAX, "deep")])
def test_of_many_frames_the_innermost_are_told(depth: int, outermost: str) -> None:
    def deep(left: int) -> None:
        if left > 1:
            deep(left - 1)
        raise SlipError

    [raised] = told(partial(deep, depth))
    assert len(raised["frames"]) == FRAMES_MAX
    assert raised["frames"][0].endswith(outermost)


@pytest.mark.parametrize("length", [CHAIN_MAX, CHAIN_MAX + 1])
def test_of_a_long_chain_the_beginning_is_told(length: int) -> None:
    def chained(left: int) -> None:
        try:
            if left > 1:
                chained(left - 1)
        except SlipError as error:
            raise SlipError from error
        raise SlipError

    assert len(told(partial(chained, length))) == CHAIN_MAX


class SlipError(Exception):
    pass


def told(raiser: Callable[[], object]) -> list[dict[str, Any]]:
    """What a line tells of an exception."""
    with pytest.raises(SlipError) as met:
        raiser()
    said = {"levelno": logging.ERROR, "msg": "x", "exc_info": (met.type, met.value, met.tb)}
    raised: list[dict[str, Any]] = json.loads(Lines().format(logging.makeLogRecord(said)))["raised"]
    return raised
