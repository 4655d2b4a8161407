"""`python -m bench.export`: what a worker of the real server takes in memory and time to export a county's visits.

The visits are made straight in the tables of a new database, on PostgreSQL (from the wheel, or DOORSTEP_TEST_POSTGRES)
and on SQLite. Each file is fetched from a fresh gunicorn worker, whose highest resident size Linux keeps (VmHWM).
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from server import administration
from server.administration import Period
from server.center import Center
from server.settings import Settings
from server.store.schema import migrate
from sync.stamps import stamp
from tests.support.databases import Databases, SqliteDatabases, postgres_databases
from tests.support.filling import fill_units, fill_visits
from tests.support.serving import Served, served

VISITS = 300_000
COUNTY = "990101"
GRIDS = 1_580
FORMS = ("csv", "geojson", "xlsx")
TIMEOUT_S = 1_800


@dataclass(frozen=True, slots=True)
class Measured:
    """One file: its size, how long it took until its first and its last byte, the worker's size before and at most."""

    store: str
    scope: str
    form: str
    megabytes: float
    first_s: float
    whole_s: float
    idle_mb: float
    peak_mb: float
    sync_ms_max: float
    """The longest of the syncs that another tablet made meanwhile, one every half second."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--visits", type=int, default=VISITS)
    asked.add_argument("--stores", nargs="+", default=["postgresql", "sqlite"])
    asked.add_argument("--forms", nargs="+", default=FORMS)
    said = asked.parse_args()
    for store in said.stores:
        with _database(store) as url:
            tokens = _settle(url, said.visits)
            for scope, token in tokens.items():
                for form in said.forms:
                    _print(_measured(url, store, scope, form, token, tokens["a grid"], said.visits))


def _print(measured: Measured) -> None:
    each = measured
    sys.stdout.write(
        f"{each.store:<11}{each.scope:<12}{each.form:<8}{each.megabytes:7.1f} MB  first byte {each.first_s:6.2f} s  "
        f"whole {each.whole_s:6.1f} s  worker {each.idle_mb:4.0f} MB idle, {each.peak_mb:4.0f} MB at most  "
        f"slowest sync meanwhile {each.sync_ms_max:5.0f} ms\n"
    )
    sys.stdout.flush()


@contextmanager
def _database(store: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        if store == "sqlite":
            yield from _made(SqliteDatabases(Path(folder)))
            return
        with postgres_databases(os.environ.get("DOORSTEP_TEST_POSTGRES")) as found:
            yield from _made(found)


def _made(databases: Databases) -> Iterator[str]:
    with databases.database() as url:
        migrate(url)
        yield url


def _settle(url: str, visits: int) -> dict[str, str]:
    """Makes the county and its visits. Gives the tokens of its staff, of a township's, and of a worker's."""
    center = Center.of(Settings(url))
    administration.init(center, COUNTY, "清河县")
    township = f"{COUNTY}001"
    administration.add_unit(center, township, "青石镇", COUNTY)
    grids = [f"{township}{number:06d}" for number in range(GRIDS)]
    fill_units(center.engine, COUNTY, {grid: township if n < GRIDS // 11 else COUNTY for n, grid in enumerate(grids)})
    readers = {"the county": ("county_staff", COUNTY), "a township": ("township_staff", township)}
    readers["a grid"] = ("grid_worker", grids[0])
    codes = {}
    for who, (role, unit) in readers.items():
        person = str(administration.add_person(center, "周全", role, unit, Period(), None)["id"])
        codes[who] = str(administration.make_code(center, person)["code"])
    fill_visits(center.engine, COUNTY, grids, visits)
    with center.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    center.engine.dispose()
    with _server(url) as running:
        return {who: _enrolled(running.url, code) for who, code in codes.items()}


def _enrolled(url: str, code: str) -> str:
    body = {"code": code, "nonce": code, "tablet": {"name": "平板"}}
    return str(httpx.post(f"{url}/api/v1/enroll", json=body).raise_for_status().json()["token"])


@contextmanager
def _server(url: str) -> Iterator[Served]:
    running = served({**os.environ, "DOORSTEP_DATABASE_URL": url})
    try:
        yield running
    finally:
        running.stop()


def _measured(url: str, store: str, scope: str, form: str, token: str, other: str, visits: int) -> Measured:
    with _server(url) as running, httpx.Client(base_url=running.url, timeout=TIMEOUT_S) as http:
        http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
        worker = _worker(running.process.pid)
        idle = _peak_mb(worker)
        with _syncing(running.url, other) as slowest:
            began = time.monotonic()
            first, size, tail = 0.0, 0, b""
            with http.stream(
                "GET", f"/api/v1/export/visit.{form}", headers={"Authorization": f"Bearer {token}"}
            ) as answer:
                answer.raise_for_status()
                for part in answer.iter_raw():
                    first = first or time.monotonic() - began
                    size, tail = size + len(part), (tail + part)[-200:]
            whole = time.monotonic() - began
        if scope == "the county" and form != "xlsx" and str(visits) not in tail.decode(errors="replace"):
            raise RuntimeError(f"the file does not end with its count: {tail!r}")
        return Measured(store, scope, form, size / 1e6, first, whole, idle, _peak_mb(worker), max(slowest))


@contextmanager
def _syncing(url: str, token: str) -> Iterator[list[float]]:
    """Syncs of another tablet, one every half second: the milliseconds that each took."""
    ends, took = threading.Event(), [0.0]

    def syncs() -> None:
        head = {"v": 1, "cursor": None, "mark": None, "owes": 0, "now": stamp(time.time_ns() // 1_000_000), "want": 1}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        with httpx.Client(base_url=url, timeout=TIMEOUT_S) as http:
            while not ends.wait(0.5):
                began = time.monotonic()
                stray = json.dumps({"no": time.time_ns()})  # A line that is kept: the sync writes, and takes the lock.
                body = f"{json.dumps(head)}\n{stray}\n".encode()
                http.post("/api/v1/sync", content=body, headers=headers).raise_for_status()
                took.append((time.monotonic() - began) * 1000)

    thread = threading.Thread(target=syncs)
    thread.start()
    try:
        yield took
    finally:
        ends.set()
        thread.join()


def _worker(master: int) -> int:
    """The one process under gunicorn's own."""
    children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
    (worker,) = children
    return int(worker)


def _peak_mb(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not say how large a process was")


if __name__ == "__main__":
    main()
