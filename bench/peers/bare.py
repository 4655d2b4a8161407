"""The least that a server of Flask and gunicorn can do with the same requests: it looks a token up, and keeps documents
or gives them.

Nothing is checked, nobody has rights, nothing is merged, counted or logged, and there is one table. What it cannot
reach is out of reach of a server that must do these things too.
"""

import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import orjson
import psycopg
import zstandard
from flask import Flask, Response, request

from bench.county import Worker
from bench.ground import Ground, Running
from bench.limits import ZSTD_LEVEL
from bench.peers.premises import free_port, started
from cli.serve import THREADS, WORKERS

ROOT = Path(__file__).parents[2]
TABLE = "CREATE TABLE IF NOT EXISTS visit (id uuid PRIMARY KEY, document text NOT NULL, revision bigserial)"
TOKENS = "CREATE TABLE IF NOT EXISTS bearer (token text PRIMARY KEY)"
_KNOWN = "SELECT token FROM bearer WHERE token = %s"
_KEPT = "INSERT INTO visit (id, document) SELECT * FROM unnest(%s::uuid[], %s::text[])"
_GIVEN = "SELECT revision, document FROM visit WHERE revision > %s ORDER BY revision LIMIT %s"
_GZIP_WBITS = 16 + zlib.MAX_WBITS


@contextmanager
def serving(ground: Ground, url: str, workers: Sequence[Worker]) -> Iterator[Running]:
    """The server on a database, for the tablets of some workers. The table is made where there is none."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute(TOKENS)
        connection.cursor().executemany("INSERT INTO bearer VALUES (%s)", [(each.token,) for each in workers])
    port = free_port()
    said = ["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"]
    command = [sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket", "--pythonpath", str(ROOT), *said]
    with (
        tempfile.TemporaryDirectory(dir=ground.folder) as folder,
        started([*command, f"bench.peers.bare:create_app({url!r})"], Path(folder), port, "/") as running,
    ):
        yield running


def create_app(url: str) -> Flask:
    """It speaks as much of docs/protocol.md as a load generator looks at: the cursor is a revision, and who hands over
    takes nothing."""
    app, of_thread = Flask(__name__), threading.local()

    @app.get("/")
    def ready() -> str:
        return "ready"

    @app.post("/api/v1/sync")
    def sync() -> Response:
        if not hasattr(of_thread, "connection"):
            of_thread.connection = psycopg.connect(url, autocommit=True)
        body = zlib.decompressobj(_GZIP_WBITS).decompress(request.get_data(cache=False))
        head, *lines = map(orjson.loads, body.splitlines())
        token = request.headers["Authorization"].removeprefix("Bearer ")
        answer = _exchanged(of_thread.connection, token, head, lines)
        packed = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(answer)
        return Response(packed, headers={"Content-Encoding": "zstd"})

    return app


def _exchanged(
    connection: "psycopg.Connection[tuple[int, str]]",
    token: str,
    head: dict[str, int | str | None],
    edits: list[dict[str, object]],
) -> bytes:
    """One round trip, one commit. Raises PermissionError for a token that nobody holds."""
    with connection.pipeline():
        known = connection.execute(_KNOWN, (token,))
        if edits:
            documents = [orjson.dumps(each["now"]).decode() for each in edits]
            connection.execute(_KEPT, ([each["edit"] for each in edits], documents))
            rows = []
        else:
            rows = connection.execute(_GIVEN, (int(head["cursor"] or 0), int(head["want"] or 0) + 1)).fetchall()
        if known.fetchone() is None:
            raise PermissionError
    given = rows[: int(head["want"] or 0)]
    last = {"cursor": str(given[-1][0] if given else head["cursor"] or 0), "more": len(rows) > len(given)}
    lines = [b'{"outcomes":[],"replay":false}', *(document.encode() for _, document in given), orjson.dumps(last)]
    return b"\n".join(lines)
