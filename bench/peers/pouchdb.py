"""PouchDB Server: CouchDB's protocol on LevelDB, what many offline applications synchronise with."""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from bench.county import now_ms
from bench.ground import Ground, Running
from bench.measurement import Measurement, Subject, Usage, percentile
from bench.peers.premises import FOLDER, free_port, run, started
from bench.processes import watching
from bench.pushing import visits_of
from bench.records import Records, Visit
from bench.syncing import EDITS_PER_SYNC
from bench.wire import Wire, side_by_side

PACKAGE = "pouchdb-server@4.2.0"
BATCHES = (25, 100)
DURABILITY = "LevelDB without fsync: a power cut loses commits; no validation, no rights, no merge"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(slots=True)
class Replica:
    """A tablet that replicates with the database of its grid. `since` is as far as it has read the changes."""

    database: str
    outbox: list[bytes]
    since: str = "0"
    took_s: list[float] = field(default_factory=list)

    def sync(self, wire: Wire) -> None:
        """A few documents up, whatever changed down: two requests."""
        body = self.outbox.pop()
        began = time.perf_counter()
        wire.send("POST", f"{self.database}/_bulk_docs", body, HEADERS)
        asked = f"{self.database}/_changes?since={self.since}&include_docs=true"
        changes, _ = wire.send("GET", asked, None, HEADERS)
        self.took_s.append(time.perf_counter() - began)
        self.since = str(json.loads(changes)["last_seq"])


def pouchdb(ground: Ground) -> Iterator[Measurement]:
    """New documents a second by _bulk_docs, and small syncs a second. Raises PeerMissingError."""
    program, size = _installed(), ground.size
    for batch in BATCHES:
        rates, usage = [], Usage()
        for _ in range(size.runs):
            with ground.county(size.grids, 1, size.households) as (_, workers):
                visits = visits_of(workers[: size.clients], size.visits)
            with _serving(ground, program) as running:
                rate, usage = _pushed(running, visits, batch)
                rates.append(rate)
        yield Measurement(f"push {batch}", Subject.POUCHDB, "records/s", tuple(rates), usage, DURABILITY)
    rates, p95s, usage = [], [], Usage()
    for _ in range(size.runs):
        with _serving(ground, program) as running:
            rate, p95, usage = _small_syncs(ground, running)
            rates.append(rate)
            p95s.append(p95)
    yield Measurement("small syncs", Subject.POUCHDB, "syncs/s", tuple(rates), usage, f"two requests; {DURABILITY}")
    yield Measurement("small syncs, p95", Subject.POUCHDB, "ms", tuple(p95s))


def _installed() -> Path:
    home = FOLDER / "pouchdb"
    program = home / "node_modules" / ".bin" / "pouchdb-server"
    if not program.exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}', encoding="utf-8")
        run(["npm", "install", "--no-audit", "--no-fund", PACKAGE], home)
    return program


def _serving(ground: Ground, program: Path) -> "_Server":
    return _Server(ground, program)


class _Server:
    """A server on an empty folder."""

    def __init__(self, ground: Ground, program: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=ground.folder)
        folder, port = Path(self._folder.name), free_port()
        command = [str(program), "--port", str(port), "--dir", str(folder), "--config", str(folder / "config.json")]
        self._started = started([*command, "--no-stdout-logs", "--log-level", "none"], folder, port, "/")

    def __enter__(self) -> Running:
        return self._started.__enter__()

    def __exit__(self, *_: object) -> None:
        self._started.__exit__(None, None, None)
        self._folder.cleanup()


def _pushed(running: Running, visits: list[list[Visit]], batch: int) -> tuple[float, Usage]:
    wire = Wire(running.host, running.port)
    wire.send("PUT", "/visits", None, HEADERS)
    wire.close()
    parts = [
        (Wire(running.host, running.port), [_bulk(part[n : n + batch]) for n in range(0, len(part), batch)])
        for part in visits
    ]
    with watching(running.process, None) as watch:
        took = side_by_side(parts, _send)
    usage = watch.usage(sum(wire.sent_bytes for wire, _ in parts), sum(wire.received_bytes for wire, _ in parts))
    return sum(map(len, visits)) / took, usage


def _send(part: tuple[Wire, list[bytes]]) -> None:
    wire, bodies = part
    for body in bodies:
        answer, _ = wire.send("POST", "/visits/_bulk_docs", body, HEADERS)
        if any("error" in each for each in json.loads(answer)):
            raise RuntimeError(f"PouchDB Server did not take a document: {answer[:500]!r}")
    wire.close()


def _bulk(visits: list[Visit]) -> bytes:
    return json.dumps({"docs": [{"_id": each.name} | each.values for each in visits]}, ensure_ascii=False).encode()


def _small_syncs(ground: Ground, running: Running) -> tuple[float, float, Usage]:
    """Syncs a second, the milliseconds that 95 of 100 take at most, and what it took. A database a grid."""
    size, until, replicas = ground.size, now_ms(), []
    with ground.county(size.tablets // size.tablets_per_grid, size.tablets_per_grid, 10) as (_, workers):
        wire = Wire(running.host, running.port)
        for grid in {worker.grid for worker in workers}:
            wire.send("PUT", f"/grid-{grid}", None, HEADERS)
        wire.close()
        for seed, worker in enumerate(workers):
            visits = worker.visits(Records(until, seed), size.cycles * EDITS_PER_SYNC)
            bodies = [_bulk(visits[n : n + EDITS_PER_SYNC]) for n in range(0, len(visits), EDITS_PER_SYNC)]
            replicas.append(Replica(f"/grid-{worker.grid}", bodies))
    turns = SimpleQueue[Replica]()
    for _ in range(size.cycles):
        for replica in replicas:
            turns.put(replica)
    wires = [Wire(running.host, running.port) for _ in range(size.at_a_time)]
    with watching(running.process, None) as watch:
        took = side_by_side([(wire, turns) for wire in wires], _work_off)
    each = [seconds for replica in replicas for seconds in replica.took_s]
    usage = watch.usage(sum(wire.sent_bytes for wire in wires), sum(wire.received_bytes for wire in wires))
    return len(each) / took, percentile(each, 0.95) * 1000, usage


def _work_off(given: tuple[Wire, "SimpleQueue[Replica]"]) -> None:
    wire, turns = given
    while True:
        try:
            replica = turns.get_nowait()
        except Empty:
            return
        replica.sync(wire)
