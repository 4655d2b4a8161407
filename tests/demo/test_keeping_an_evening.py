"""`make serve`: an evening is kept whole or not at all, and what it says to try works as it is printed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import __main__ as demo
from demo.center import CountyCenter
from tests.cli.conftest import Shell
from tests.support.markdown import ROOT
from tests.support.walk import needs, walked

ENDS_WITHIN_S = 60


class Played:
    """An evening that takes no time. `ends`: how, where it is not well."""

    ends: BaseException | None = None

    def __init__(self, _center: CountyCenter, folder: Path, _telling: object) -> None:
        (folder / "above").mkdir()

    def play(self) -> list[object]:
        if Played.ends is not None:
            raise Played.ends
        return []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where an evening is to be kept."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    former = {number: signal.getsignal(number) for number in numbers}
    monkeypatch.setattr(demo, "Evening", Played)
    monkeypatch.setattr(Played, "ends", None)
    kept = tmp_path / "data" / "demo"
    monkeypatch.setattr(sys, "argv", ["demo", "--keep", str(kept)])
    yield kept
    for number, handler in former.items():
        signal.signal(number, handler)


def test_an_interrupted_evening_leaves_nothing_and_is_played_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Played, "ends", KeyboardInterrupt())
        assert demo.main() == 130
    assert "Interrupted" in capsys.readouterr().out
    assert list(folder.parent.iterdir()) == []
    assert demo.main() == 0
    assert {each.name for each in folder.iterdir()} == {"above", "played"}
    monkeypatch.setattr(Played, "ends", AssertionError("a whole evening is not played again"))
    assert demo.main() == 0
    assert list(folder.parent.iterdir()) == [folder]


def test_what_is_no_evening_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir(parents=True)
    (folder / "letters").touch()
    assert demo.main() == 1
    assert "remove it" in capsys.readouterr().out
    (folder / "letters").unlink()
    assert demo.main() == 0, "an empty folder is as good as none"


@needs("bash")
def test_what_it_says_to_administrators_works_as_printed(tmp_path: Path) -> None:
    folder = tmp_path / "an evening"
    Shell({"DOORSTEP_DATA_DIR": str(folder)}).does("init", "--demo", "--small")
    (folder / demo.PLAYED).touch()
    command = [sys.executable, "-m", "demo", "--keep", str(folder), "--serve", "--bind", "127.0.0.1:0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    with subprocess.Popen(
        command, cwd=ROOT, env={**environment, "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.strip())
            if lines[-1].endswith("doorstep tablets"):
                break
        try:
            [said] = walked(["\n".join(lines[-2:])], ROOT, {"PYTHONPATH": str(ROOT)})
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(ENDS_WITHIN_S) == 0
    assert "county-1" in said
