"""A fresh center of our own to judge: `doorstep serve` on a free port, set up by `doorstep` commands.

Nothing is imported: the commands run in processes of their own, like those of any other implementation.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.conformance.site import Site

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 120
TOWNSHIP, VILLAGE, GRID = "990101001", "990101001001", "990101001001001"

COMMANDS = [
    ["init", "--county", "990101", "--name", "示例县"],
    ["unit", "add", TOWNSHIP, "东镇", "--parent", "990101"],
    ["unit", "add", VILLAGE, "东村", "--parent", TOWNSHIP],
    ["unit", "add", GRID, "东村一网格", "--parent", VILLAGE],
    *(
        ["person", "add", "--name", name, "--role", role, "--unit", unit, "--id", person]
        for person, name, role, unit in (
            ("wang", "王一", "grid_worker", GRID),
            ("li", "李二", "grid_worker", GRID),
            ("gao", "高三", "grid_worker", GRID),
            ("xu", "许四", "grid_worker", GRID),
            ("zhou", "周五", "mediator", VILLAGE),
            ("sun", "孙六", "village_staff", VILLAGE),
        )
    ),
    ["body", "add", "--name", "东村调委会", "--unit", VILLAGE],
]
CODES = {"CODE": "wang", "CODE_COLLEAGUE": "li", "CODE_LOST": "gao", "CODE_MOVER": "xu", "CODE_MEDIATOR": "zhou",
         "CODE_OFFICER": "sun"}  # fmt: skip

# One process for all: each command would start an interpreter of its own, some twenty of them.
_SET_UP = """
import json, os, sys
from click.testing import CliRunner
from cli.main import main

def doorstep(*arguments):
    result = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)

asked = json.load(sys.stdin)
made = [doorstep(*arguments) for arguments in asked["commands"]]
doorstep("body", "join", made[-1]["id"], "zhou")
given = {name: doorstep("code", person)["code"] for name, person in asked["codes"].items()}

# The cursor and the mark of a center with another past, which this one never had.
os.environ["DOORSTEP_DATABASE_URL"] = asked["elsewhere"]
for arguments in asked["commands"]:
    doorstep(*arguments)
import httpx, wsgi
http = httpx.Client(transport=httpx.WSGITransport(app=wsgi.app), base_url="http://elsewhere.example")
code = doorstep("code", "wang")["code"]
enrolled = http.post("/api/v1/enroll", json={"code": code, "nonce": "n", "tablet": {"name": "t"}}).json()
edit = {"edit": "01a1fe00-0000-7000-8000-00000000e15e", "schema": 1, "by": "wang", "do": "create", "type": "household",
        "at": enrolled["clock"], "now": {"unit": "990101001001001", "address": "x"}}
body = "".join(json.dumps(each) + chr(10) for each in ({"v": 1, "now": enrolled["clock"]}, edit))
answer = http.post("/api/v1/sync", content=body, headers={"Authorization": "Bearer " + enrolled["token"]})
head, *_, last = map(json.loads, answer.text.splitlines())
print(json.dumps(given | {"CURSOR_ELSEWHERE": last["cursor"], "MARK_ELSEWHERE": head["mark"]}))
"""


@contextmanager
def own_site(database_url: str, elsewhere_url: str) -> Iterator[Site]:
    """A center on the empty database at `database_url`; another past is made in the one at `elsewhere_url`."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"DOORSTEP_DATABASE_URL": database_url, "DOORSTEP_DATA_DIR": folder}
        yield from _own_site(environment, elsewhere_url)


def _own_site(environment: dict[str, str], elsewhere_url: str) -> Iterator[Site]:
    asked = json.dumps({"commands": COMMANDS, "codes": CODES, "elsewhere": elsewhere_url})
    set_up = subprocess.run(
        [sys.executable, "-c", _SET_UP], env=os.environ | environment, cwd=ROOT, input=asked, text=True,
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    command = shlex.join([sys.executable, "-m", "cli"])
    given = json.loads(set_up.stdout) | {
        "ENVIRONMENT": json.dumps(environment | {"PYTHONPATH": str(ROOT)}),
        "REVOKE": f"{command} revoke {{tablet}}",
        "ERASE": f"{command} erase {{type}} {{record}} --reason test",
        "ASSIGN": f"{command} person assign {{person}} --unit {{unit}} --role grid_worker",
        "UNASSIGN": f"{command} person unassign {{person}} --unit {{unit}}",
    }
    with _served(environment) as url:
        yield Site(url, given)


@contextmanager
def _served(environment: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "cli", "serve", "--bind", "127.0.0.1:0", "--workers", "1", "--json"]
    server = subprocess.Popen(command, env=os.environ | environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = str(json.loads(server.stdout.readline())["url"])
        _await_ready(url)
        yield url
    finally:
        server.terminate()
        server.communicate(timeout=START_TIMEOUT_S)


def _await_ready(url: str) -> None:
    """Waits until a worker answers."""
    ends = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            httpx.get(f"{url}/readyz", timeout=START_TIMEOUT_S).raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)
