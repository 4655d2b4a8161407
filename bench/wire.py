"""One connection of a tablet, as thin as can be: the load generator shares the machine with what it measures."""

import gzip
import http
import http.client
import json
import struct
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import zstandard

from bench.county import WARMER, Worker, now_ms
from bench.records import Records
from sync.frames import RequestHead, request
from sync.stamps import stamp

TIMEOUT_S = 300
WARM_CONNECTIONS, WARM_SYNCS, WARM_VISITS = 4, 4, 3
_GZIP_LEVEL = 6  # As client_sdk packs.
_GZIP_HEAD = gzip.compress(b"", _GZIP_LEVEL, mtime=0)[:10]
Given = TypeVar("Given")


@dataclass(slots=True)
class Wire:
    """A kept connection to a server at an address. Counts the bytes of bodies."""

    host: str
    port: int
    sent_bytes: int = 0
    received_bytes: int = 0
    _http: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)

    def sync(self, token: str, body: bytes) -> list[bytes]:
        """Sends a packed sync request; gives the lines of the answer. Raises RuntimeError for any other status."""
        return self.packed_sync(token, body)().splitlines()

    def packed_sync(self, token: str, body: bytes) -> Callable[[], bytes]:
        """The same; the answer is unpacked by whoever calls what is given."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Accept-Encoding": "zstd",
        }
        answer, encoding = self.send("POST", "/api/v1/sync", body, headers)
        if encoding != "zstd":
            return lambda: answer
        return lambda: zstandard.ZstdDecompressor().decompressobj().decompress(answer)

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[bytes, str]:
        """One request; gives the answer's body and its encoding. A connection that was closed for being idle is made
        again. Raises RuntimeError for a status that is none of success."""
        self.sent_bytes += len(body or b"")
        try:
            answer = self._answered(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._http.close()
            answer = self._answered(method, path, body, headers)
        read = answer.read()
        self.received_bytes += len(read)
        if answer.status >= http.HTTPStatus.MULTIPLE_CHOICES:
            raise RuntimeError(f"{method} {path}: {answer.status} {read[:500]!r}")
        return read, answer.headers.get("Content-Encoding", "")

    def _answered(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self._http.request(method, path, body, headers)
        return self._http.getresponse()

    def close(self) -> None:
        self._http.close()


@dataclass(frozen=True, slots=True)
class Packed:
    """Lines of a request, packed by gzip before it is known from where their tablet goes on."""

    lines: bytes
    deflated: bytes

    @classmethod
    def of(cls, edit_lines: Sequence[bytes]) -> "Packed":
        lines = b"".join(line + b"\n" for line in edit_lines)
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(lines, packer.compress(lines) + packer.flush())

    def after(self, head: RequestHead) -> bytes:
        """The body of a sync request: the head as it is, which is a block of its own (RFC 1951, 3.2.4), the lines."""
        first = request(head, [])
        stored = struct.pack("<BHH", 0, len(first), len(first) ^ 0xFFFF) + first
        checked = struct.pack("<II", zlib.crc32(self.lines, zlib.crc32(first)), len(first) + len(self.lines))
        return _GZIP_HEAD + stored + self.deflated + checked


def packed(head: RequestHead, edit_lines: Sequence[bytes]) -> bytes:
    """The body of a sync request, packed all at once."""
    return Packed.of(edit_lines).after(head)


def asking(cursor: str | None, *, owes: int = 0, want: int = 1_000) -> RequestHead:
    return RequestHead(cursor, None, owes, stamp(now_ms()), want)


def cursor_of(wire: Wire, worker: Worker) -> str:
    """The cursor of a worker's tablet after it has taken all that is there."""
    cursor, more = None, True
    while more:
        last = json.loads(wire.sync(worker.token, packed(asking(cursor), []))[-1])
        cursor, more = str(last["cursor"]), last["more"]
    return cursor or ""


def warm_up(host: str, port: int) -> None:
    """A few syncs on several connections, so that each process of the server has begun, and knows its statements."""

    def run(seed: int) -> None:
        wire, records, cursor = Wire(host, port), Records(now_ms(), seed), None
        for _ in range(WARM_SYNCS):
            made = [visit.line for visit in WARMER.visits(records, WARM_VISITS)]
            answer = wire.sync(WARMER.token, packed(asking(cursor), made))
            check_applied(answer)
            cursor = str(json.loads(answer[-1])["cursor"])
        wire.close()

    side_by_side(range(100, 100 + WARM_CONNECTIONS), run)


def check_applied(answer: Sequence[bytes]) -> None:
    """Raises RuntimeError where an edit was not applied: an answer lists those alone."""
    head: dict[str, Any] = json.loads(answer[0])
    if head["outcomes"] or head["replay"]:
        raise RuntimeError(f"edits were not applied: {answer[0][:500]!r}")


def side_by_side(parts: Sequence[Given], work: Callable[[Given], None]) -> float:
    """Works on each part in a thread of its own, all begun at once; gives the seconds until the last has ended.

    Raises what the first of them raised."""
    failures: list[BaseException] = []
    barrier = threading.Barrier(len(parts) + 1)

    def run(part: Given) -> None:
        barrier.wait()
        try:
            work(part)
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits for this one
            failures.append(error)

    threads = [threading.Thread(target=run, args=(part,), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    barrier.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failures:
        raise failures[0]
    return took
