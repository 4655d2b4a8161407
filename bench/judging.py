"""The engine alone, without network and database: reading lines, validating values, judging and merging."""

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.county import Worker, now_ms
from bench.ground import Ground
from bench.measurement import Measurement, Subject
from bench.records import Records, Visit
from schemas.catalog import CATALOG
from schemas.permissions import PERMISSIONS
from schemas.validation import problems
from schemas.workflow import WORKFLOW
from sync import edits, lines, stamps
from sync.batch import Arrival, Batch
from sync.codes import Result
from sync.scope import Assignment, Person, Span, Units
from sync.world import World

COUNTY, GRID = "990101", "990101001001001"
STAFF = Person("county-1", (Assignment("county_staff", COUNTY),))
WORKER = Person("wang", (Assignment("grid_worker", GRID),))


def judging(ground: Ground) -> Iterator[Measurement]:
    """Microseconds a record, on one core."""
    size = ground.size
    records = Records(now_ms())
    worker, household = _household(records)
    visits = worker.visits(records, size.judged)
    changes = [_change(records, visit) for visit in visits]

    def validated() -> None:
        for visit in visits:
            if problems(CATALOG.types["visit"], visit.values, partial=False):
                raise RuntimeError("a visit is not valid")

    def read() -> None:
        for visit in visits:
            edits.read(visit.line, CATALOG)

    measured: dict[str, Callable[[], None]] = {"validating a visit": validated, "reading the line of a visit": read}
    for work, run in measured.items():
        yield _microseconds(work, [_seconds(run) for _ in range(size.runs)], size.judged)
    merged, changed = [], []
    for _ in range(size.runs):
        world = _world()
        _judged(world, [household])
        merged.append(_judged(world, [visit.line for visit in visits]))
        changed.append(_judged(world, changes))
    yield _microseconds("judging and merging a new visit", merged, size.judged)
    yield _microseconds("judging and merging a change", changed, size.judged)


def _microseconds(work: str, seconds: list[float], count: int) -> Measurement:
    return Measurement(work, Subject.DOORSTEP, "µs", tuple(each / count * 1e6 for each in seconds))


def _seconds(run: Callable[[], Any]) -> float:
    """Without the garbage collector, which would look at all that the benchmark keeps (the server's does so seldom:
    `wsgi.py`)."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        run()
        return time.perf_counter() - began
    finally:
        gc.enable()


def _world() -> World:
    units = Units({COUNTY: (), GRID: (Span(COUNTY),)})
    people = {each.id: each for each in (STAFF, WORKER)}
    return World(CATALOG, WORKFLOW, PERMISSIONS, units, stamps.stamp(now_ms()), people)


def _judged(world: World, made: list[bytes]) -> float:
    """The seconds of judging and merging lines that are read already. Raises RuntimeError where one is not applied."""
    arrivals = [Arrival(edit, edit.at or "") for edit in (edits.read(line, CATALOG) for line in made)]
    batch = Batch(world)
    took = _seconds(lambda: batch.work(arrivals))
    if {decision.result for decision in batch.decisions.values()} != {Result.APPLIED}:
        raise RuntimeError("a line was not applied")
    return took


def _household(records: Records) -> tuple[Worker, bytes]:
    moment = records.moment()
    name = records.name(moment)
    said = {"edit": name, "schema": 1, "by": STAFF.id, "do": "create", "type": "household"}
    line = lines.write(said | {"at": stamps.stamp(moment), "now": records.household(GRID, 1)})
    return Worker(WORKER.id, "", GRID, (name,)), line


def _change(records: Records, visit: Visit) -> bytes:
    moment = records.moment()
    return visit.changed(records.name(moment), stamps.stamp(moment), records.notes())
