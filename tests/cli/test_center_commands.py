"""`doorstep center` and `doorstep worker`: who pushes to whom, from the shell."""

import base64
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.center_push import signing, targets
from server.settings import Settings
from server.store import dialect
from server.store.center_tables import center_target
from server.store.schema import migrate
from tests.cli.conftest import Shell
from tests.support.databases import Databases
from tests.support.markdown import ROOT
from tests.support.serving import Served, served

NOBODY = "http://127.0.0.1:1/api/v1/center/status"
"""Where nothing listens."""


@pytest.fixture
def upper(databases: Databases) -> Iterator[Shell]:
    """Another county, with a database of its own."""
    with databases.database(databases.migrated_template(migrate)) as url:
        made = Shell({"DOORSTEP_DATABASE_URL": url})
        made.does("init", "--county", "9901", "--name", "上级中心")
        yield made


@pytest.fixture
def serving(upper: Shell) -> Iterator[Served]:
    running = served({**os.environ, **upper.environment})
    yield running
    running.stop()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tmp_path / "secret"


def test_a_new_secret_is_its_owners_alone_and_is_never_said(shell: Shell, secret: Path) -> None:
    said = shell.text("center", "add", "https://upper.example", "--secret-file", str(secret), "--new-secret")
    text = secret.read_text().strip()
    assert text.startswith("whsec_")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    said += shell.text("center", "list") + shell.text("center", "accept", "990102", "--secret-file", str(secret))
    said += shell.text("center", "accepted")
    assert text not in said
    assert text.removeprefix("whsec_") not in said
    again = shell.fails("center", "add", "https://upper.example", "--secret-file", str(secret), "--new-secret")
    assert again["code"] == "secret-unusable"
    assert secret.read_text().strip() == text, "a secret that is there is not overwritten"


@pytest.mark.parametrize(
    "text", ["", "secret", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", "whsec_" + "QUFB" * 22, "\udcff"]
)
def test_a_secret_that_cannot_be_is_not_repeated(shell: Shell, secret: Path, text: str) -> None:
    secret.write_bytes(text.encode(errors="surrogateescape"))
    error = shell.fails("center", "add", "https://upper.example", "--secret-file", str(secret))
    assert error["code"] == "secret-unusable"
    key = text.removeprefix("whsec_")
    assert len(key) < 7 or key not in json.dumps(error)
    missing = shell.fails("center", "accept", "990102", "--secret-file", str(secret.with_name("none")))
    assert missing["code"] == "secret-unusable"


@pytest.mark.parametrize(
    "url",
    [
        "upper.example",
        "ftp://upper.example",
        "https://wang:x@upper.example",
        "https://",
        "https://[::1",
        "https://a%20b/",
        "https://a/#b",
        "https://a..b",
        "http://.x",
        "http://xn--a",
        f"https://{'a' * 64}.example",
        "http://127.0.0.1:99999/x",
        "https://upper.example:0",
    ],
)
def test_an_address_that_cannot_be(shell: Shell, secret: Path, url: str) -> None:
    error = shell.fails("center", "add", url, "--secret-file", str(secret), "--new-secret")
    assert error["code"] == "not-possible"
    assert not secret.exists()


def test_an_address_of_the_greatest_length(shell: Shell, secret: Path) -> None:
    longest = "https://upper.example/".ljust(targets.URL_CHARS_MAX, "a")
    assert shell.fails("center", "add", f"{longest}a", "--secret-file", str(secret), "--new-secret")
    assert not secret.exists()
    assert shell.does("center", "add", longest, "--secret-file", str(secret), "--new-secret")["url"] == longest


@pytest.mark.parametrize("beyond", [0, 1])
def test_secrets_of_the_shortest_and_the_greatest_length(shell: Shell, secret: Path, beyond: int) -> None:
    for size in (signing.SECRET_BYTES_MIN - beyond, signing.SECRET_BYTES_MAX + beyond):
        secret.write_text("whsec_" + base64.b64encode(bytes(size)).decode())
        said = shell.says("center", "add", "https://upper.example", "--secret-file", str(secret))
        assert said.values.get("error", {}).get("code") == ("secret-unusable" if beyond else None)


@pytest.mark.parametrize("label", ["a" * 63, "xn--fiqs8s", "例子", "127.0.0.1", "[::1]"])
def test_an_address_that_can_be(shell: Shell, secret: Path, label: str) -> None:
    assert shell.does("center", "add", f"https://{label}", "--secret-file", str(secret), "--new-secret")["added"]


def test_a_center_that_cannot_be_looked_up_keeps_nobody_waiting_and_can_be_removed(
    shell: Shell, upper: Shell, serving: Served, secret: Path, tmp_path: Path
) -> None:
    """It was added when such addresses were taken."""
    shell.does("center", "add", "http://0.example", "--secret-file", str(secret), "--new-secret")
    shell.does("center", "add", serving.url, "--secret-file", str(secret))
    upper.does("center", "accept", "990101", "--secret-file", str(secret))
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.writing(engine) as connection:
        wrong = sa.update(center_target).where(center_target.c.url.contains("0.example"))
        connection.execute(wrong.values(url="http://0..example/"))
    engine.dispose()
    said = {each["url"]: each["said"] for each in shell.says("center", "test").values["items"]}
    assert said == {"http://0..example/": "connection-failed", f"{serving.url}/api/v1/center/status": "test"}
    table = tmp_path / "homes.csv"
    table.write_text("unit,address\n990101001001001,东村1号\n")
    shell.does("person", "add", "--name", "陈", "--role", "county_staff", "--unit", "990101", "--id", "chen")
    shell.does("import", "households", str(table), "--by", "chen")
    assert shell.does("worker", "--once") == {"taken": 2, "delivered": 1, "failed": 1}
    assert shell.does("center", "remove", "http://0..example/")["removed"] is True


@pytest.mark.parametrize("what", ["nothing", "no certificate", "a folder"])
def test_certificates_that_cannot_be_read_are_said_so(
    shell: Shell, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if what == "no certificate":
        file.write_text("none")
    elif what == "a folder":
        file.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    for asked in (["center", "test"], ["worker", "--once"]):
        error = shell.fails(*asked)
        assert error["code"] == "settings-invalid"
        assert "SSL_CERT_FILE" in error["zh"]


def test_no_file_is_made_for_a_county_that_cannot_be(shell: Shell, secret: Path) -> None:
    made = ("--secret-file", str(secret), "--new-secret")
    assert shell.fails("center", "accept", "990 102", *made)["code"] == "not-possible"
    assert shell.fails("center", "accept", "990102", "--name", " ", *made)["code"] == "not-possible"
    assert shell.does("center", "accept", "990102", "--name", "邻县", *made)["accepted"] is True


def test_centers_are_added_listed_and_removed(shell: Shell, secret: Path) -> None:
    added = shell.does("center", "add", "https://upper.example", "--secret-file", str(secret), "--new-secret")
    assert added == {"url": "https://upper.example/api/v1/center/status", "added": True}
    shell.does("center", "add", "https://other.example/hook?to=us", "--secret-file", str(secret))
    assert [each["url"] for each in shell.does("center", "list")["items"]] == [
        "https://other.example/hook?to=us",
        "https://upper.example/api/v1/center/status",
    ]
    renewed = shell.does("center", "add", "https://upper.example", "--secret-file", str(secret))
    assert renewed["added"] is False
    assert shell.does("center", "retry", "https://upper.example")["retried"] is True
    assert shell.does("center", "remove", "https://upper.example")["removed"] is True
    for command in ("remove", "retry", "test"):
        assert shell.fails("center", command, "https://upper.example")["code"] == "not-possible"
    assert len(shell.does("center", "list")["items"]) == 1


def test_counties_are_accepted_and_forgotten(shell: Shell, secret: Path) -> None:
    accept = ("center", "accept", "990102", "--secret-file", str(secret))
    assert shell.does(*accept, "--new-secret", "--name", "邻县")["accepted"] is True
    assert shell.does(*accept)["accepted"] is False
    assert shell.does("center", "accepted")["items"] == [
        {"county": "990102", "name": "邻县", "days": 0, "last_day": None, "last_received": None}
    ]
    assert shell.does("center", "forget", "990102")["forgotten"] is True
    assert shell.fails("center", "forget", "990102")["code"] == "not-possible"
    assert shell.fails("center", "accept", "990 102", "--secret-file", str(secret))["code"] == "not-possible"


def test_a_test_message_says_what_came_back(shell: Shell, upper: Shell, serving: Served, secret: Path) -> None:
    shell.does("center", "add", serving.url, "--secret-file", str(secret), "--new-secret")
    refused = shell.says("center", "test")
    assert refused.status == 1
    assert refused.values["items"][0]["said"] == "status-401 signature-wrong"
    upper.does("center", "accept", "990101", "--secret-file", str(secret))
    (good,) = shell.does("center", "test", serving.url)["items"]
    assert (good["good"], good["said"]) == (True, "test")
    shell.does("center", "add", NOBODY, "--secret-file", str(secret))
    assert {each["said"] for each in shell.says("center", "test").values["items"]} == {"test", "connection-failed"}


def test_one_pass_of_the_worker(shell: Shell) -> None:
    assert shell.does("worker", "--once") == {"taken": 0, "delivered": 0, "failed": 0}
    assert "0" in shell.text("worker", "--once")


def test_the_worker_ends_when_it_is_told_to(shell: Shell, work: Callable[[], "subprocess.Popen[str]"]) -> None:
    process = work()
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["worker"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.fixture
def work(shell: Shell) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Starts `doorstep worker`; it is killed at the end if it is still there."""
    started: list[subprocess.Popen[str]] = []

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "cli", "worker", "--json"]
        environment = {**os.environ, **shell.environment}
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()
        if each.stdout is not None:
            each.stdout.close()
