"""What a tablet takes from the center: everything the first time, and a few changes out of many records."""

import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, LiteralString

import psycopg

from bench import limits
from bench.county import COUNTY, Worker, fill, now_ms
from bench.ground import Ground, Running, libpq
from bench.limits import AFTER
from bench.measurement import Measurement, Subject, Usage
from bench.peers import bare
from bench.processes import watching
from bench.records import Records, Visit
from bench.storing import PLACED
from bench.wire import Wire, asking, cursor_of, packed
from sync import cursor as cursors


def pulled(fresh: int, stored: int) -> str:
    """How the work of pulling some out of so many is called."""
    return f"pull of {fresh} out of {stored:,}"


def first_pull(ground: Ground) -> Iterator[Measurement]:
    """Seconds until a tablet that has nothing has every record of its grid, packed by zstd."""
    size = ground.size
    limit, rows_limit, least, ours, usage, limit_bytes = [], [], [], [], Usage(), 0
    with ground.county(1, 1, 1) as (url, workers), ground.empty() as empty, psycopg.connect(libpq(url)) as own:
        [worker] = workers
        visits, _ = _filled(url, worker, size.visits)
        with (
            limits.stored(empty, (each.row for each in visits)) as table,
            bare.serving(ground, empty, workers) as plain,
            ground.serve(url) as running,
        ):
            for each in (plain, running):
                _first_pull(ground, each, worker)  # Every process of the server has begun.
            for _ in range(size.runs):
                took, limit_bytes = limits.copy_seconds(table)
                limit.append(took)
                rows_limit.append(limits.copy_seconds(own, PLACED, _placed(worker, 0, None))[0])
                took, rows, _ = _first_pull(ground, plain, worker)
                least.append(took)
                _check(rows, size.visits)
                took, rows, usage = _first_pull(ground, running, worker)
                ours.append(took)
                _check(rows, size.visits + len(worker.households))
    yield Measurement("first pull", Subject.LIMIT, "s", tuple(limit), Usage(received_bytes=limit_bytes))
    yield Measurement("first pull", Subject.ROWS_LIMIT, "s", tuple(rows_limit))
    yield Measurement("first pull", Subject.BARE, "s", tuple(least))
    yield Measurement("first pull", Subject.DOORSTEP, "s", tuple(ours), usage)


def changes(ground: Ground) -> Iterator[Measurement]:
    """Milliseconds that the last few records take, out of how many."""
    size = ground.size
    for stored in size.stored:
        limit, rows_limit, least, ours, usage = [], [], [], [], Usage()
        work = pulled(size.fresh, stored)
        with (
            ground.county(1, 1, 1) as (url, workers),
            ground.empty() as empty,
            psycopg.connect(libpq(url)) as own,
            ground.serve(url) as running,
        ):
            [worker] = workers
            cursor = _cursor(running, worker)
            visits, revision = _filled(url, worker, stored)
            before = cursors.encode(replace(cursors.cursor(cursor), revision=revision - size.fresh))
            with (
                limits.stored(empty, (each.row for each in visits)) as table,
                bare.serving(ground, empty, workers) as plain,
            ):
                for _ in range(size.runs):
                    limit.append(_queried(ground, table, AFTER, (stored - size.fresh, size.fresh)))
                    rows_limit.append(_queried(ground, own, PLACED, _placed(worker, revision - size.fresh, size.fresh)))
                    least.append(_pulls(ground, plain, worker, str(stored - size.fresh))[0])
                    took, usage = _pulls(ground, running, worker, before)
                    ours.append(took)
        yield Measurement(work, Subject.LIMIT, "ms", tuple(limit))
        yield Measurement(work, Subject.ROWS_LIMIT, "ms", tuple(rows_limit))
        yield Measurement(work, Subject.BARE, "ms", tuple(least))
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


def _first_pull(ground: Ground, running: Running, worker: Worker) -> tuple[float, int, Usage]:
    """The seconds that all pages take, how many rows came, and what it took of the server."""
    wire, cursor, more, rows = Wire(running.host, running.port), None, True, 0
    with watching(running.process, ground.postgres) as watch:
        began = time.perf_counter()
        while more:
            answer = wire.sync(worker.token, packed(asking(cursor), []))
            last = json.loads(answer[-1])
            cursor, more, rows = last["cursor"], last["more"], rows + len(answer) - 2
        took = time.perf_counter() - began
    wire.close()
    return took, rows, watch.usage(wire.sent_bytes, wire.received_bytes)


def _placed(worker: Worker, after: int, count: int | None) -> tuple[object, ...]:
    return COUNTY, f"unit:{worker.grid}", after, count


def _queried(
    ground: Ground, connection: "psycopg.Connection[Any]", asked: LiteralString, values: tuple[object, ...]
) -> float:
    """The median of the milliseconds that the last few rows take in one query."""
    each = [limits.select_seconds(connection, ground.size.fresh, asked, values) for _ in range(ground.size.pulls)]
    return statistics.median(each) * 1000


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
