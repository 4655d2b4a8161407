"""The benchmark itself: each workload runs, on a few records; tables and picture show what was measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import document, report
from bench.ground import Ground, by_thread
from bench.measurement import Measurement, Subject, ratio
from bench.picture import COLOURS, svg
from bench.run import PEERS, WORKLOADS, Run
from bench.size import FULL, TINY
from bench.targets import shown, targets
from tests.support.databases import PostgresDatabases


@pytest.fixture(scope="module")
def ground(volatile_postgres: PostgresDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """No process of its own and nothing flushed: whether it runs, not how fast."""
    found = Ground(volatile_postgres, TINY, by_thread, tmp_path_factory.mktemp("bench"), None)
    yield found
    found.close()


@pytest.mark.postgres
@pytest.mark.parametrize("name", [name for name in WORKLOADS if name not in PEERS])
def test_each_workload_runs_on_a_few_records(ground: Ground, name: str) -> None:
    run = Run(TINY, {})
    measured = list(run.take(ground, name))
    assert measured
    assert measured == run.measured
    assert all(figure > 0 for each in measured for figure in each.runs)
    assert run.missing == {}
    assert {each.unit for each in measured} <= {"records/s", "syncs/s", "ms", "s", "µs", "MB"}


def everything(times: float) -> Run:
    """A run in which who is judged takes `times` as long as whom they are compared with, or does so many times less."""
    machine = {"date": "2026-11-21", "cores": "2", "python": "3.11", "postgresql": "18"}
    machine |= {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    measured: dict[tuple[str, Subject], Measurement] = {}
    for target in targets(FULL):
        unit = "records/s" if target.is_more_better else "ms"
        ours = 100 / times if target.is_more_better else 100 * times
        measured[target.work, target.who] = Measurement(target.work, target.who, unit, (ours,) * 3)
        if isinstance(target.against, Subject):
            measured[target.work, target.against] = Measurement(target.work, target.against, unit, (100.0,) * 3)
    return Run(FULL, machine, list(measured.values()), {"kinto": "no network"}, {"push": 1.5})


def test_a_target_is_judged_by_its_floor_and_its_aim() -> None:
    verdicts = {each.target.name: each.verdict for each in shown(everything(2).measured, FULL)}
    assert len(verdicts) == len(targets(FULL))
    assert verdicts["push in batches of 25, of the insert limit"] == "aim"
    assert verdicts["bare server, push in batches of 25, of the insert limit"] == "aim"
    assert verdicts["push in batches of 25, of Kinto"] == "missed"
    assert verdicts["first pull, of the COPY limit's time"] == "floor"
    assert verdicts["evening rush, of the insert limit's time"] == "aim"
    assert verdicts["small syncs, p95 in ms"] == "missed"
    assert verdicts["ten times the records, of the time"] == "floor"


def test_runs_side_by_side_are_compared_one_by_one() -> None:
    ours = Measurement("push", Subject.DOORSTEP, "records/s", (10.0, 40.0, 90.0))
    limit = Measurement("push", Subject.LIMIT, "records/s", (100.0, 200.0, 300.0))
    assert ratio(ours, limit) == pytest.approx(0.2)
    assert ratio(ours, Measurement("push", Subject.LIMIT, "records/s", (80.0,))) == pytest.approx(0.5)


def test_a_saved_run_is_read_again_as_it_was(tmp_path: Path) -> None:
    run = everything(2)
    run.save(tmp_path / "bench.json")
    assert Run.saved(tmp_path / "bench.json") == run


def test_figures_go_between_the_markers_and_nowhere_else(tmp_path: Path) -> None:
    page, picture = tmp_path / "performance.md", tmp_path / "performance.svg"
    page.write_text(f"# Before\n\n{document.BEGINS}\nold\n{document.ENDS}\n\n## After\n", encoding="utf-8")
    for _ in range(2):
        document.write(everything(2), page, picture)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n")
    assert text.endswith("\n\n## After\n")
    assert "old" not in text
    assert text.count("| push in batches of 25, of the insert limit | 0.5 | 0.15 | 0.3 | aim |") == 1
    assert "kinto is missing: no network." in text
    assert picture.read_text(encoding="utf-8").startswith("<svg ")


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("# Words\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no markers"):
        document.write(everything(2), page, tmp_path / "performance.svg")
    assert page.read_text(encoding="utf-8") == "# Words\n"


def test_the_picture_says_in_words_what_it_draws() -> None:
    drawn = svg(shown(everything(2).measured, FULL), "Measured")
    assert "first pull, of the COPY limit&apos;s time: 2, floor reached" in drawn.replace("'", "&apos;")
    drawn_targets = [each for each in targets(FULL) if each.floor and each.who is Subject.DOORSTEP]
    assert drawn.count("<rect") == len(drawn_targets) + len(["the ground", *COLOURS])
    assert "bare server" not in drawn


def test_the_terminal_shows_the_same_figures() -> None:
    lines = list(report.columns(report.ratios(everything(2))))
    assert lines[0].split()[:2] == ["work", "ratio"]
    assert any(line.startswith("first pull") and line.rstrip().endswith("floor") for line in lines)
