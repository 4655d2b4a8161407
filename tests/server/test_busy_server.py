"""Several server processes, many tablets at once: nothing is skipped, nothing comes twice."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import sqlalchemy as sa

from server.center import system_clock
from server.store import tables
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
ROUNDS, EDITS = 6, 20


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def gunicorn(url: str, log: Path) -> Iterator[str]:
    """Two worker processes on a database. Gives their address."""
    base = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", base.removeprefix("http://"), "--workers", "2"]
    command += ["--threads", "4", "--worker-class", "cli.threads.Threads"]
    command += ["--no-control-socket", "--log-level", "warning"]
    environment = os.environ | {"DOORSTEP_DATABASE_URL": url}
    with log.open("wb") as said:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
        try:
            until = time.monotonic() + PATIENCE_S
            while not is_ready(base):
                assert server.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.05)
            yield base
        finally:
            server.terminate()
            server.wait(PATIENCE_S)


def is_ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").is_success
    except httpx.TransportError:
        return False


def pushes(device: Device, grid: str, number: int) -> list[str]:
    """What a patrol records, each request sent twice now and then, as after a lost answer."""
    made: list[str] = []
    for turn in range(ROUNDS):
        made += [device.create("household", unit=grid) for _ in range(EDITS)]
        lines = list(device.outbox.values())
        if (turn + number) % 3 == 0:
            device.push(lines)
        device.sync()
        for home in made[-3:]:
            device.change("household", home, head_name=f"户主 {number}")
    device.catch_up()
    return made


def pulls(device: Device, pushing: list[bool]) -> list[tuple[int, str]]:
    """Every row that came, page after small page, until nothing is pushed any more."""
    found = []
    while True:
        was_pushing = pushing[0]
        for answer in device.catch_up():
            found += [(row["rev"], row["id"]) for row in answer.rows]
        if not was_pushing:
            return found


def test_eight_push_and_four_pull(county: County, tmp_path: Path) -> None:
    county.clock.now_ms = system_clock()
    grids = [GRID, NEXT_GRID, FAR_GRID, GRID]
    workers = [county.hire(f"王{n}", "grid_worker", grids[n % 4]) for n in range(8)]
    readers = [county.hire("李甲", "county_staff", COUNTY)]
    readers += [county.hire("李乙", "township_staff", TOWNSHIP), county.hire("李丙", "village_staff", VILLAGE)]
    readers += [county.hire("李丁", "grid_worker", GRID)]
    codes = [county.code(person) for person in (*workers, *readers)]
    with gunicorn(county.url, tmp_path / "gunicorn.log") as base, httpx.Client(base_url=base, timeout=60) as http:
        devices = [Device(http, system_clock) for _ in codes]
        for device, code in zip(devices, codes, strict=True):
            device.enroll(code)
        pushing, pulling = devices[:8], devices[8:]
        for device in pulling:
            device.want = 37
        busy = [True]
        with ThreadPoolExecutor(12) as threads:
            pulled = [threads.submit(pulls, device, busy) for device in pulling]
            pushed = [threads.submit(pushes, device, grids[n % 4], n) for n, device in enumerate(pushing)]
            made = [each.result() for each in pushed]
            busy[0] = False
            rows = [each.result() for each in pulled]
        assert len({home for each in made for home in each}) == 8 * ROUNDS * EDITS
        for device, came in zip(pulling, rows, strict=True):
            assert len(came) == len(set(came)), "a row came twice"
            assert device.rows.keys() == stored(county, device), "a row was skipped"
            assert {row["rev"] for row in device.rows.values()} == revisions(county, device)
    assert (tmp_path / "gunicorn.log").read_text() == ""
    assert county.differences() == []


def under(device: Device) -> sa.Select[tuple[str, str, int]]:
    keys = {each["key"] for each in device.me()["scope"]}
    placement = tables.placement.c
    return sa.select(placement.type, placement.record, placement.revision).where(
        placement.key.in_(keys), placement.gone.is_(None)
    )


def stored(county: County, device: Device) -> set[tuple[str, str]]:
    with county.center.engine.connect() as connection:
        return {(row.type, str(row.record)) for row in connection.execute(under(device))}


def revisions(county: County, device: Device) -> set[int]:
    with county.center.engine.connect() as connection:
        return {row.revision for row in connection.execute(under(device))}
