"""Where the measurements stand: a PostgreSQL that flushes every commit, and Doorstep as it is served."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from werkzeug.serving import make_server

from bench.county import Worker, settle
from bench.size import Size
from bench.wire import warm_up
from cli.serve import THREADS, WORKERS
from server.app import create_app
from server.settings import Settings
from tests.support.databases import PostgresDatabases
from tests.support.postgres import Cluster
from tests.support.serving import served

DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that takes requests, and the process above all of its own."""

    host: str
    port: int
    process: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


Serve = Callable[[str], AbstractContextManager[Running]]
"""Serves the county in the database at a URL."""


@dataclass(slots=True)
class Ground:
    """`postgres` is the process above the database's, None where the server is somebody else's."""

    databases: PostgresDatabases
    size: Size
    serve: Serve
    folder: Path
    postgres: int | None
    counties: dict[tuple[int, int, int], tuple[str, list[Worker]]] = field(default_factory=dict)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The URL of a new database, in libpq's form."""
        with self.databases.database() as url:
            yield libpq(url)

    @contextmanager
    def county(self, grids: int, workers: int, households: int) -> Iterator[tuple[str, list[Worker]]]:
        """A new database with a county of so many grids, each with so many workers and households; and who works
        there. Settled once for each shape, then copied."""
        shape = grids, workers, households
        if shape not in self.counties:
            url = self.databases.create_database()
            self.counties[shape] = url, settle(url, *shape)
        template, known = self.counties[shape]
        with self.databases.database(template) as url:
            yield url, known

    def close(self) -> None:
        for url, _ in self.counties.values():
            self.databases.drop_database(url)
        self.counties.clear()


@contextmanager
def ground(size: Size) -> Iterator[Ground]:
    """Starts PostgreSQL from the wheel, with every commit flushed to the disk, or uses DOORSTEP_TEST_POSTGRES."""
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-bench-")))
        url, process = os.environ.get("DOORSTEP_TEST_POSTGRES"), None
        if not url:
            cluster = Cluster.start(durable=True)
            ending.callback(cluster.stop)
            url, process = cluster.url, cluster.guard.pid
        databases = PostgresDatabases(url)
        ending.callback(databases.close)
        found = Ground(databases, size, lambda url: by_gunicorn(url, folder), folder, process)
        ending.callback(found.close)
        yield found


def durability(databases: PostgresDatabases) -> dict[str, str]:
    """What the database does to keep a commit. Raises RuntimeError where it would not be kept."""
    said = {name: databases.setting(name) for name in DURABILITY}
    if set(said.values()) != {"on"}:
        raise RuntimeError(f"this PostgreSQL may lose commits, so nothing measured on it counts: {said}")
    return said


@contextmanager
def by_gunicorn(url: str, folder: Path) -> Iterator[Running]:
    """`doorstep serve` with its own defaults, as a process of its own."""
    environment = {**os.environ, "DOORSTEP_DATABASE_URL": url, "DOORSTEP_DATA_DIR": str(folder)}
    started = served(environment, "--workers", str(WORKERS), "--threads", str(THREADS))
    host, _, port = started.url.removeprefix("http://").rpartition(":")
    try:
        warm_up(host, int(port))
        yield Running(host, int(port), started.process.pid)
    finally:
        started.stop()


@contextmanager
def by_thread(url: str) -> Iterator[Running]:
    """The same app within this process, for a quick look at whether a workload runs at all."""
    app = create_app(Settings(url))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Running("127.0.0.1", server.server_port, os.getpid())
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["center"].engine.dispose()


def libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
