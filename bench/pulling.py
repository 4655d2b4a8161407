"""What a tablet takes from the center: everything the first time, and a few changes out of many records."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from bench import limits
from bench.county import Worker, fill, now_ms
from bench.ground import Ground, Running
from bench.measurement import Measurement, Subject, Usage
from bench.processes import watching
from bench.records import Records, Visit
from bench.wire import Wire, asking, cursor_of, packed
from sync import cursor as cursors


def pulled(fresh: int, stored: int) -> str:
    """How the work of pulling some out of so many is called."""
    return f"pull of {fresh} out of {stored:,}"


def first_pull(ground: Ground) -> Iterator[Measurement]:
    """Seconds until a tablet that has nothing has every record of its grid, packed by zstd."""
    size = ground.size
    limit, ours, usage, limit_bytes = [], [], Usage(), 0
    with ground.county(1, 1, 1) as (url, workers), ground.empty() as bare:
        visits, _ = _filled(url, workers[0], size.visits)
        with limits.stored(bare, (each.row for each in visits)) as table, ground.serve(url) as running:
            _first_rows(Wire(running.host, running.port), workers[0])  # Every worker of the server has begun.
            for _ in range(size.runs):
                took, limit_bytes = limits.copy_seconds(table)
                limit.append(took)
                wire = Wire(running.host, running.port)
                with watching(running.process, ground.postgres) as watch:
                    began = time.perf_counter()
                    rows = _first_rows(wire, workers[0])
                    ours.append(time.perf_counter() - began)
                _check(rows, size.visits + len(workers[0].households))
                usage = watch.usage(wire.sent_bytes, wire.received_bytes)
                wire.close()
    yield Measurement("first pull", Subject.LIMIT, "s", tuple(limit), Usage(received_bytes=limit_bytes))
    yield Measurement("first pull", Subject.DOORSTEP, "s", tuple(ours), usage)


def changes(ground: Ground) -> Iterator[Measurement]:
    """Milliseconds that the last few records take, out of how many."""
    size = ground.size
    for stored in size.stored:
        limit, ours, usage = [], [], Usage()
        work = pulled(size.fresh, stored)
        with ground.county(1, 1, 1) as (url, workers), ground.empty() as bare, ground.serve(url) as running:
            cursor = _cursor(running, workers[0])
            visits, revision = _filled(url, workers[0], stored)
            with limits.stored(bare, (each.row for each in visits)) as table:
                before = cursors.encode(replace(cursors.cursor(cursor), revision=revision - size.fresh))
                for _ in range(size.runs):
                    each = [limits.select_seconds(table, stored - size.fresh, size.fresh) for _ in range(size.pulls)]
                    limit.append(statistics.median(each) * 1000)
                    took, usage = _pulls(ground, running, workers[0], before)
                    ours.append(took)
        yield Measurement(work, Subject.LIMIT, "ms", tuple(limit))
        yield Measurement(work, Subject.DOORSTEP, "ms", tuple(ours), usage)


def _filled(url: str, worker: Worker, count: int) -> tuple[list[Visit], int]:
    """Visits that are stored under a worker's grid, and the county's revision then."""
    visits = worker.visits(Records(now_ms()), count)
    return visits, fill(url, (("visit", each.name, each.values, each.author) for each in visits))


def _cursor(running: Running, worker: Worker) -> str:
    wire = Wire(running.host, running.port)
    try:
        return cursor_of(wire, worker)
    finally:
        wire.close()


def _first_rows(wire: Wire, worker: Worker) -> int:
    """How many rows came, over as many pages as it took."""
    cursor, more, rows = None, True, 0
    while more:
        answer = wire.sync(worker.token, packed(asking(cursor), []))
        last = json.loads(answer[-1])
        cursor, more, rows = last["cursor"], last["more"], rows + len(answer) - 2
    return rows


def _pulls(ground: Ground, running: Running, worker: Worker, cursor: str) -> tuple[float, Usage]:
    """The median of the milliseconds that one pull takes, and what all of them took together."""
    size = ground.size
    wire = Wire(running.host, running.port)
    each = []
    with watching(running.process, ground.postgres) as watch:
        for _ in range(size.pulls):
            body = packed(asking(cursor), [])
            began = time.perf_counter()
            answer = wire.sync(worker.token, body)
            each.append(time.perf_counter() - began)
            _check(len(answer) - 2, size.fresh)
    wire.close()
    return statistics.median(each) * 1000, watch.usage(wire.sent_bytes, wire.received_bytes)


def _check(rows: int, expected: int) -> None:
    if rows != expected:
        raise RuntimeError(f"{rows} rows came instead of {expected}")
