"""New visits and changes handed over in batches, from several tablets at once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench import limits
from bench.county import Worker, now_ms
from bench.ground import Ground, Running, libpq
from bench.measurement import Measurement, Subject, Usage
from bench.peers import bare
from bench.processes import watching
from bench.records import Records, Visit
from bench.storing import storing_rate
from bench.wire import Wire, asking, check_applied, cursor_of, packed, side_by_side
from sync.stamps import stamp

CHANGES_PER_BATCH = 100
PREPARING_BATCH = 500


@dataclass(frozen=True, slots=True)
class Handing:
    """What one tablet hands over: requests prepared beforehand, one after another over one connection."""

    worker: Worker
    wire: Wire
    bodies: list[bytes]
    answers: list[list[bytes]]

    def run(self) -> None:
        for body in self.bodies:
            self.answers.append(self.wire.sync(self.worker.token, body))


def push(ground: Ground) -> Iterator[Measurement]:
    """New visits a second, by batch; each answer brings one row, since pulling is measured by itself."""
    size = ground.size
    for batch in size.batches:
        limit, rows_limit, least, ours = [], [], [], []
        usage, least_usage, limit_usage = Usage(), Usage(), Usage()
        for _ in range(size.runs):
            with ground.county(size.grids, 1, size.households) as (url, workers):
                visits = visits_of(workers[: size.clients], size.visits)
                every = [visit.row for part in visits for visit in part]
                lines = [[visit.line for visit in part] for part in visits]
                with ground.empty() as empty, watching(os.getpid(), ground.postgres) as watch:
                    limit.append(limits.insert_rate(empty, every, batch, size.clients))
                # The database that was started here is one of this process's own.
                limit_usage = Usage(watch.server_cpu_s - watch.database_cpu_s, watch.database_cpu_s)
                with ground.empty() as plain, bare.serving(ground, plain, workers) as running:
                    rate, least_usage = handed_over(ground, running, workers, lines, batch)
                    least.append(rate)
                with ground.serve(url) as running:
                    rate, usage = handed_over(ground, running, workers, lines, batch)
                    ours.append(rate)
                with ground.county(size.grids, 1, size.households) as (copy, _):
                    rows_limit.append(
                        storing_rate(libpq(url), libpq(copy), [row[0] for row in every], batch, size.clients)
                    )
        yield Measurement(f"push {batch}", Subject.LIMIT, "records/s", tuple(limit), limit_usage)
        yield Measurement(f"push {batch}", Subject.ROWS_LIMIT, "records/s", tuple(rows_limit))
        yield Measurement(f"push {batch}", Subject.BARE, "records/s", tuple(least), least_usage)
        yield Measurement(f"push {batch}", Subject.DOORSTEP, "records/s", tuple(ours), usage)


def change(ground: Ground) -> Iterator[Measurement]:
    """Changes of the notes of visits that are there, a second."""
    size = ground.size
    limit, ours, usage = [], [], Usage()
    for _ in range(size.runs):
        with ground.county(size.grids, 1, size.households) as (url, workers), ground.serve(url) as running:
            visits = visits_of(workers[: size.clients], size.visits)
            handed_over(ground, running, workers, [[each.line for each in part] for part in visits], PREPARING_BATCH)
            records = Records(now_ms(), seed=2)
            notes = {visit.name: records.notes() for part in visits for visit in part[: size.changes // size.clients]}
            with ground.empty() as empty:
                every = [visit for part in visits for visit in part]
                rows = [visit.row for visit in every]
                changed = [_with_notes(each, notes[each.name]) for each in every if each.name in notes]
                limit.append(limits.update_rate(empty, rows, changed, CHANGES_PER_BATCH, size.clients))
            lines = [
                [_changed(records, each, notes[each.name]) for each in part if each.name in notes] for part in visits
            ]
            rate, usage = handed_over(ground, running, workers, lines, CHANGES_PER_BATCH)
            ours.append(rate)
    yield Measurement("change", Subject.LIMIT, "records/s", tuple(limit), note="multi-row UPDATE")
    yield Measurement("change", Subject.DOORSTEP, "records/s", tuple(ours), usage)


def visits_of(workers: list[Worker], count: int) -> list[list[Visit]]:
    """By worker, as many visits as make so many together. Their names are of the same span of time."""
    each = count // len(workers)
    until = now_ms()
    return [worker.visits(Records(until, seed), each) for seed, worker in enumerate(workers)]


def handed_over(
    ground: Ground, running: Running, workers: list[Worker], lines: list[list[bytes]], batch: int
) -> tuple[float, Usage]:
    """Hands over the lines of each worker in batches, all workers at once. Gives lines a second, and what it took.

    Raises RuntimeError where one was not applied."""
    handings = [_prepared(running, worker, part, batch) for worker, part in zip(workers, lines, strict=False)]
    with watching(running.process, ground.postgres) as watch:
        took = side_by_side(handings, Handing.run)
    for handing in handings:
        handing.wire.close()
        for answer in handing.answers:
            check_applied(answer)
    sent = sum(each.wire.sent_bytes for each in handings)
    received = sum(each.wire.received_bytes for each in handings)
    return sum(map(len, lines)) / took, watch.usage(sent, received)


def _prepared(running: Running, worker: Worker, lines: list[bytes], batch: int) -> Handing:
    wire = Wire(running.host, running.port)
    cursor = cursor_of(wire, worker)
    wire.sent_bytes = wire.received_bytes = 0
    bodies = []
    for first in range(0, len(lines), batch):
        part = lines[first : first + batch]
        bodies.append(packed(asking(cursor, owes=len(lines) - first - len(part), want=1), part))
    return Handing(worker, wire, bodies, [])


def _changed(records: Records, visit: Visit, notes: str) -> bytes:
    moment = records.moment()
    return visit.changed(records.name(moment), stamp(moment), notes)


def _with_notes(visit: Visit, notes: str) -> tuple[str, str]:
    return replace(visit, values=visit.values | {"notes": notes}).row
