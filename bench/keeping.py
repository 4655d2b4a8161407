"""A tablet in the hand: filling its store, saving a visit so that it is on the disk, searching what it keeps."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from bench import limits
from bench.county import Worker, fill, now_ms
from bench.ground import Ground
from bench.measurement import Measurement, Subject
from bench.records import Records, Visit
from client_sdk import Tablet
from server import administration
from server.center import Center
from server.settings import Settings

SEARCHED = "红薯窖"
"""Stands in few notes."""
ONE_IN = 500


def tablet(ground: Ground) -> Iterator[Measurement]:
    """The store of a worker with many households and visits, through client_sdk as the screens use it."""
    size = ground.size
    with ground.county(1, 1, 1) as (url, workers), tempfile.TemporaryDirectory(dir=ground.folder) as folder:
        code = _filled(ground, url, workers[0])
        with ground.serve(url) as running:
            kept = Tablet.enroll(running.url, code, Path(folder) / "worker.tablet")
            with closing(kept):
                began = time.perf_counter()
                received = kept.sync().received
                first_s = time.perf_counter() - began
                households = [each.id for each in kept.households.list()]
                yield from _saving(ground, kept, workers[0], households, Path(folder) / "bare.db")
                searches = {
                    "tablet, a household": lambda: kept.households.get(households[0]),
                    "tablet, visits of a household": lambda: kept.visits.list(household=households[0]),
                    "tablet, text in visits": lambda: kept.visits.find(SEARCHED),
                    "tablet, text in households": lambda: kept.households.find("桥头1号"),
                }
                for work, search in searches.items():
                    yield Measurement(work, Subject.DOORSTEP, "ms", tuple(_took_ms(size.runs, size.searches, search)))
    yield Measurement(
        "tablet, first sync", Subject.DOORSTEP, "s", (first_s,), note=f"{received} records into its store"
    )


def _filled(ground: Ground, url: str, worker: Worker) -> str:
    """Fills the county with what the tablet will keep; gives a code for it."""
    size, records = ground.size, Records(now_ms())
    homes = [(records.name(records.moment()), records.household(worker.grid, n)) for n in range(size.kept_households)]
    rows: list[tuple[str, str, Any, str]] = [("household", name, values, worker.person) for name, values in homes]
    for number in range(size.kept_visits):
        visit = records.visit(worker.person, worker.grid, homes[number % len(homes)][0])
        if number % ONE_IN == 0:
            visit.values["notes"] = SEARCHED + visit.values["notes"][len(SEARCHED) :]
        rows.append(("visit", visit.name, visit.values, worker.person))
    fill(url, rows)
    center = Center.of(Settings(url))
    code = str(administration.make_code(center, worker.person)["code"])
    center.engine.dispose()
    return code


def _saving(ground: Ground, kept: Tablet, worker: Worker, households: list[str], bare: Path) -> Iterator[Measurement]:
    """Visits saved by the tablet, and the same lines inserted into SQLite and nothing else, one by one in turn."""
    size, records = ground.size, Records(now_ms(), seed=3)

    def visits(count: int) -> Iterator[Visit]:
        for number in range(count):
            yield records.visit(worker.person, worker.grid, households[number % len(households)])

    limit, ours = [], []
    with limits.bare_saving(bare, ((each.name, each.line) for each in visits(size.kept_visits))) as insert:
        for _ in range(size.runs):
            took = [(insert(each.name, each.line), _save(kept, each)) for each in visits(size.saves)]
            limit.append(statistics.median(bare_s for bare_s, _ in took) * 1000)
            ours.append(statistics.median(own_s for _, own_s in took) * 1000)
    yield Measurement("tablet, saving a visit", Subject.LIMIT, "ms", tuple(limit), note="synchronous=FULL, WAL")
    yield Measurement("tablet, saving a visit", Subject.DOORSTEP, "ms", tuple(ours))


def _save(kept: Tablet, visit: Visit) -> float:
    began = time.perf_counter()
    kept.visits.create(**visit.values)
    return time.perf_counter() - began


def _took_ms(runs: int, times: int, work: Callable[[], object]) -> Iterator[float]:
    """For each run the median of the milliseconds that one call takes."""
    for _ in range(runs):
        each = []
        for _ in range(times):
            began = time.perf_counter()
            work()
            each.append(time.perf_counter() - began)
        yield statistics.median(each) * 1000
