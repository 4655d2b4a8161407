"""Many tablets that each do a little: small syncs through a day, and the evening on which everybody syncs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from bench import limits
from bench.county import Worker, now_ms
from bench.ground import Ground, Running, libpq
from bench.measurement import Measurement, Subject, Usage, percentile
from bench.processes import watching
from bench.records import Records, Visit
from bench.storing import storing_rate
from bench.wire import Packed, Wire, asking, check_applied, cursor_of, packed, side_by_side
from server.center import Center
from server.settings import Settings
from server.store import dialect, feed
from sync import cursor as cursors
from sync.cursor import Cursor
from sync.scope import digest

EDITS_PER_SYNC = 5
EDITS_IN_THE_EVENING = 20


@dataclass(slots=True)
class Tablet:
    """A tablet between its syncs: where it stands in its feed, and what it still has to hand over."""

    worker: Worker
    cursor: str
    outbox: list[Packed]
    took_s: list[float] = field(default_factory=list)
    rows: int = 0

    def sync(self, wire: Wire) -> None:
        """One small sync: a few edits up, whatever changed down, in one request."""
        lines = self.outbox.pop()
        body = lines.after(asking(self.cursor, owes=EDITS_PER_SYNC * len(self.outbox)))
        began = time.perf_counter()
        answer = wire.sync(self.worker.token, body)
        self.took_s.append(time.perf_counter() - began)
        check_applied(answer)
        last = json.loads(answer[-1])
        if last["more"]:
            raise RuntimeError("a small sync took more than one request")
        self.cursor, self.rows = last["cursor"], self.rows + len(answer) - 2


def small_syncs(ground: Ground) -> Iterator[Measurement]:
    """Syncs a second of tablets that take turns, five to a grid, so that each also gets what its neighbours did."""
    size = ground.size
    rates, p95s, usage, rows = [], [], Usage(), 0.0
    for _ in range(size.runs):
        shape = size.tablets // size.tablets_per_grid, size.tablets_per_grid, 10
        with ground.county(*shape) as (url, workers), ground.serve(url) as running:
            tablets = _with_work(running, workers, size.cycles)
            # Turn by turn: every tablet's first sync, then every tablet's second.
            turns = SimpleQueue[Tablet]()
            for _ in range(size.cycles):
                for tablet in tablets:
                    turns.put(tablet)
            wires = [Wire(running.host, running.port) for _ in range(size.at_a_time)]
            with watching(running.process, ground.postgres) as watch:
                took = side_by_side([(wire, turns) for wire in wires], _work_off)
            each = [seconds for tablet in tablets for seconds in tablet.took_s]
            rates.append(len(each) / took)
            p95s.append(percentile(each, 0.95) * 1000)
            usage = watch.usage(sum(wire.sent_bytes for wire in wires), sum(wire.received_bytes for wire in wires))
            rows = sum(tablet.rows for tablet in tablets) / len(each)
            for wire in wires:
                wire.close()
    note = f"{EDITS_PER_SYNC} edits up, {rows:.0f} rows down, one request"
    yield Measurement("small syncs", Subject.DOORSTEP, "syncs/s", tuple(rates), usage, note)
    yield Measurement("small syncs, p95", Subject.DOORSTEP, "ms", tuple(p95s))


def _with_work(running: Running, workers: list[Worker], cycles: int) -> list[Tablet]:
    wire, until, tablets = Wire(running.host, running.port), now_ms(), []
    for seed, worker in enumerate(workers):
        visits = worker.visits(Records(until, seed), cycles * EDITS_PER_SYNC)
        lines = [visit.line for visit in visits]
        outbox = [Packed.of(lines[first : first + EDITS_PER_SYNC]) for first in range(0, len(lines), EDITS_PER_SYNC)]
        tablets.append(Tablet(worker, cursor_of(wire, worker), outbox[::-1]))
    wire.close()
    return tablets


def _work_off(given: tuple[Wire, "SimpleQueue[Tablet]"]) -> None:
    wire, turns = given
    while True:
        try:
            tablet = turns.get_nowait()
        except Empty:
            return
        tablet.sync(wire)


def evening_rush(ground: Ground) -> Iterator[Measurement]:
    """The seconds until every tablet of a county has handed over its evening, driven as fast as the server takes it.

    Each is one request, prepared beforehand: 20 new visits up, and the rows that they make down. Afterwards
    `doorstep verify` must find nothing."""
    size = ground.size
    with ground.county(size.rush, 1, 1) as (url, workers):
        until, edits = now_ms(), size.rush * EDITS_IN_THE_EVENING
        with ground.empty() as bare:
            rows = [visit.row for seed, worker in enumerate(workers) for visit in _evening(worker, until, seed)]
            bare_s = edits / limits.insert_rate(bare, rows, EDITS_IN_THE_EVENING, size.clients)
            names = [name for name, _ in rows]
            del rows
        turns = _requests(url, workers, until)
        with ground.serve(url) as running:
            wires = [Wire(running.host, running.port) for _ in range(size.at_a_time)]
            with watching(running.process, ground.postgres) as watch:
                took = side_by_side([(wire, turns) for wire in wires], _hand_over)
            usage = watch.usage(sum(wire.sent_bytes for wire in wires), sum(wire.received_bytes for wire in wires))
            for wire in wires:
                wire.close()
        verified = _verified(url)
        with ground.county(size.rush, 1, 1) as (bare, _):
            stored_s = edits / storing_rate(libpq(url), libpq(bare), names, EDITS_IN_THE_EVENING, size.clients)
    yield Measurement("evening rush", Subject.LIMIT, "s", (bare_s,), note=f"{edits} rows in batches of 20")
    yield Measurement("evening rush", Subject.ROWS_LIMIT, "s", (stored_s,))
    note = f"{size.rush} tablets, {edits / took:.0f} edits/s, no error; verify clean, in {verified:.0f} s"
    yield Measurement("evening rush", Subject.DOORSTEP, "s", (took,), usage, note)
    yield Measurement("evening rush, memory", Subject.DOORSTEP, "MB", (usage.server_mb,))


def _evening(worker: Worker, until_ms: int, seed: int) -> list[Visit]:
    return worker.visits(Records(until_ms, seed), EDITS_IN_THE_EVENING)


def _requests(url: str, workers: list[Worker], until_ms: int) -> "SimpleQueue[tuple[Worker, bytes]]":
    """Each tablet's one request, from the cursor of a tablet that had taken all there was the day before."""
    center = Center.of(Settings(url))
    turns = SimpleQueue[tuple[Worker, bytes]]()
    with dialect.writing(center.engine) as connection:
        county = center.county(connection)
        keys = {worker.token: (f"person:{worker.person}", f"unit:{worker.grid}") for worker in workers}
        feed.remember_scopes(connection, county.code, {digest(each): each for each in keys.values()})
    for seed, worker in enumerate(workers):
        covers = digest(keys[worker.token])
        cursor = cursors.encode(Cursor(county.revision, county.mark.revision, county.mark.tag, covers))
        edits = [visit.line for visit in _evening(worker, until_ms, seed)]
        turns.put((worker, packed(asking(cursor), edits)))
    center.engine.dispose()
    return turns


def _hand_over(given: tuple[Wire, "SimpleQueue[tuple[Worker, bytes]]"]) -> None:
    wire, turns = given
    while True:
        try:
            worker, body = turns.get_nowait()
        except Empty:
            return
        answer = wire.sync(worker.token, body)
        check_applied(answer)
        if len(answer) != EDITS_IN_THE_EVENING + 2:
            raise RuntimeError(f"{len(answer)} lines came down to {worker.person}")


def _verified(url: str) -> float:
    """The seconds that `doorstep verify` took. Raises RuntimeError where it found anything."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "cli", "verify"]
    ended = subprocess.run(
        command, env={**os.environ, "DOORSTEP_DATABASE_URL": url}, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"doorstep verify: {ended.stdout}{ended.stderr}")
    return time.perf_counter() - began
