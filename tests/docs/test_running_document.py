"""docs/running.md is true: its commands run, its services start what there is, its proxy keeps the center's limits."""

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner

from cli.main import main
from server.app import create_app
from server.settings import Settings
from server.store import dialect
from sync.limits import REQUEST_BYTES_MAX
from tests.support.markdown import ROOT, Block, blocks

TEXT = (ROOT / "docs/running.md").read_text(encoding="utf-8")
PROGRAM = "/opt/doorstep/bin/doorstep"
BACKUPS = "/var/backups/doorstep"
PATH = re.compile(r"^`(/[\w./-]+)`", re.MULTILINE)


def found(language: str) -> list[Block]:
    return [block for block in blocks(TEXT) if block.language == language]


def units() -> list[ConfigParser]:
    """The units of systemd, as they stand."""
    read = []
    for block in found("ini"):
        if block.text.startswith("["):
            unit = ConfigParser(interpolation=None)
            unit.optionxform = str  # type: ignore[assignment,method-assign]
            unit.read_string(block.text)
            read.append(unit)
    return read


def settings() -> dict[str, str]:
    """The file of settings: what it begins with, and what is added where the database is PostgreSQL."""
    lines = [line for block in found("ini") if not block.text.startswith("[") for line in block.text.splitlines()]
    lines += re.findall(r"echo '(.+)' >> /etc/doorstep/env", TEXT)
    return dict(line.split("=", 1) for line in lines)


def test_its_commands_run_in_order(tmp_path: Path) -> None:
    lines = [line for block in found("sh") for line in block.text.splitlines() if line.startswith("doorstep ")]
    assert [line.split()[1] for line in lines] == ["init", "verify", "backup", "init"]
    for line in lines:
        _, *arguments = shlex.split(line.replace(BACKUPS, str(tmp_path)))
        said = CliRunner(env={"DOORSTEP_DATA_DIR": str(tmp_path)}).invoke(main, arguments, catch_exceptions=False)
        assert said.exit_code == 0, (line, said.output)


def test_its_settings_are_those_of_the_server() -> None:
    known = set(re.findall(r"DOORSTEP_[A-Z_]+", (ROOT / "server/settings.py").read_text(encoding="utf-8")))
    assert set(re.findall(r"DOORSTEP_[A-Z_]+", TEXT)) <= known
    made = Settings.from_environment(settings())
    assert made.lasting_file == Path("/var/lib/doorstep/lasting.ndjson")
    engine = dialect.create_engine(made)
    assert (engine.url.username, engine.url.database) == ("doorstep", "doorstep")
    engine.dispose()


def test_its_services_run_commands_that_there_are() -> None:
    services = [unit["Service"] for unit in units() if "Service" in unit]
    ran = [re.search(rf"{PROGRAM} ([^']+)", each["ExecStart"]) for each in services]
    started = [shlex.split(each[1].replace("$(date +%%u)", "1")) for each in ran if each is not None]
    assert [name for name, *_ in started] == ["serve", "worker", "backup"]
    for name, *arguments in started:
        command: Command = main.commands[name]
        command.make_context(name, arguments)
    for each in services:
        assert each["User"] == "doorstep"
        assert each["EnvironmentFile"] in PATH.findall(TEXT)
    [timer] = [unit["Timer"] for unit in units() if "Timer" in unit]
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d", timer["OnCalendar"])


def test_each_file_that_it_shows_has_a_name_and_what_is_started_is_among_them() -> None:
    named = set(PATH.findall(TEXT))
    started = set(re.findall(r"doorstep[\w-]*(?:\.timer)?", " ".join(re.findall(r"enable --now (.+)", TEXT))))
    assert started == {"doorstep", "doorstep-worker", "doorstep-backup.timer"}
    for each in started:
        assert f"/etc/systemd/system/{each if '.' in each else each + '.service'}" in named


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_its_proxy_guards_what_asks_for_no_token(path: str) -> None:
    [site] = found("nginx")
    [guarded] = re.findall(r"location ~ (\S+) \{\n([^}]+)\}", site.text)
    assert re.search(guarded[0], path)
    assert "deny all;" in guarded[1]


def test_its_proxy_keeps_the_centers_limits(tmp_path: Path) -> None:
    [site] = found("nginx")
    assert site.text.count("{") == site.text.count("}")
    [size] = re.findall(r"client_max_body_size (\d+)m;", site.text)
    assert int(size) * 1024 * 1024 == REQUEST_BYTES_MAX
    [exact, limited] = re.findall(r"location = (\S+) \{\n\s+limit_req zone=(\w+)", site.text)[0]
    assert f"zone={limited}:" in site.text
    app = create_app(Settings(f"sqlite:///{tmp_path / 'doorstep.db'}"))
    assert exact in {rule.rule for rule in app.url_map.iter_rules()}
    app.extensions["center"].engine.dispose()
    [bound] = re.findall(r"--bind (\S+)", TEXT)
    assert set(re.findall(r"proxy_pass http://(\S+);", site.text)) == {bound}
