"""Kinto: a JSON store with an HTTP API and its own synchronisation, here on the same PostgreSQL."""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psycopg

from bench.ground import Ground, Running
from bench.measurement import Measurement, Subject, Usage
from bench.peers.premises import FOLDER, free_port, run, started
from bench.processes import watching
from bench.pushing import visits_of
from bench.records import Visit
from bench.wire import Wire, side_by_side

PACKAGES = (
    "kinto==26.5.0",
    "psycopg2-binary",
    "sqlalchemy",
    "zope.sqlalchemy",
    "transaction",
    "gunicorn",
    "setuptools",
)
BATCH = 25
"""As many as its batch endpoint takes."""
VISITS_MAX = 2_000
"""It would be busy for minutes with more."""
DURABILITY = "each commit flushed by PostgreSQL; one transaction a batch"
HEADERS = {"Authorization": "Basic YmVuY2g6YmVuY2g=", "Content-Type": "application/json"}
COLLECTION = "/v1/buckets/county/collections/visits"
SETTINGS = """
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.cache_backend = kinto.core.cache.memory
kinto.userid_hmac_secret = bench
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
multiauth.policy.basicauth.use = kinto.core.authentication.BasicAuthAuthenticationPolicy
"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """How long it took; how many records it said it took, and how many are there."""

    seconds: float
    acknowledged: int
    kept: int


@dataclass(slots=True)
class _Handing:
    """One client: its batches, and how many records were acknowledged."""

    wire: Wire
    bodies: list[bytes]
    acknowledged: int = 0

    def run(self) -> None:
        for body in self.bodies:
            answer, _ = self.wire.send("POST", "/v1/batch", body, HEADERS)
            self.acknowledged += sum(each["status"] == HTTPStatus.CREATED for each in json.loads(answer)["responses"])
        self.wire.close()


def kinto(ground: Ground) -> Iterator[Measurement]:
    """New visits a second through its batch endpoint. Raises PeerMissingError."""
    programs = _installed()
    size, runs, usage = ground.size, list[Pushed](), Usage()
    for _ in range(size.runs):
        with ground.county(size.grids, 1, size.households) as (_, workers):
            visits = visits_of(workers[: size.clients], min(size.visits, VISITS_MAX))
        with ground.empty() as url, tempfile.TemporaryDirectory(dir=ground.folder) as folder:
            settings = Path(folder) / "kinto.ini"
            # A percent sign means something in such a file.
            settings.write_text(SETTINGS.format(url=url.replace("%", "%%")), encoding="utf-8")
            run([str(programs / "kinto"), "migrate", "--ini", str(settings)], Path(folder))
            port = free_port()
            command = [str(programs / "gunicorn"), "--paste", str(settings), "--bind", f"127.0.0.1:{port}"]
            command += ["--workers", "2", "--worker-class", "gthread", "--threads", "8", "--no-control-socket"]
            with started(command, Path(folder), port, "/v1/") as running:
                pushed, usage = _pushed(ground, running, visits, url)
                runs.append(pushed)
    lost = ", ".join(f"{each.acknowledged - each.kept} of {each.acknowledged}" for each in runs)
    note = f"{DURABILITY}; acknowledged records that are not there afterwards: {lost}"
    rates = tuple(each.kept / each.seconds for each in runs)
    yield Measurement(f"push {BATCH}", Subject.KINTO, "records/s", rates, usage, note)


def _installed() -> Path:
    """Its programs, in an environment of its own."""
    home = FOLDER / "kinto"
    if not (home / "bin" / "gunicorn").exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", str(home)], FOLDER)
        run([str(home / "bin" / "pip"), "install", "--quiet", *PACKAGES], FOLDER)
    return home / "bin"


def _pushed(ground: Ground, running: Running, visits: list[list[Visit]], url: str) -> tuple[Pushed, Usage]:
    wire = Wire(running.host, running.port)
    wire.send("PUT", "/v1/buckets/county", b"{}", HEADERS)
    wire.send("PUT", COLLECTION, b"{}", HEADERS)
    wire.close()
    handings = [
        _Handing(Wire(running.host, running.port), [_batch(part[n : n + BATCH]) for n in range(0, len(part), BATCH)])
        for part in visits
    ]
    with watching(running.process, ground.postgres) as watch:
        took = side_by_side(handings, _Handing.run)
    usage = watch.usage(
        sum(each.wire.sent_bytes for each in handings), sum(each.wire.received_bytes for each in handings)
    )
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM objects WHERE resource_name = 'record' AND NOT deleted"
        ).fetchone()
    return Pushed(took, sum(each.acknowledged for each in handings), row[0] if row else 0), usage


def _batch(visits: list[Visit]) -> bytes:
    requests = [{"path": f"{COLLECTION}/records/{each.name}", "body": {"data": each.values}} for each in visits]
    return json.dumps({"defaults": {"method": "PUT"}, "requests": requests}, ensure_ascii=False).encode()
