"""The way to the center: requests out, answers in, over httpx. Says what went wrong; decides nothing."""

import gzip
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any

import httpx

from sync.frames import AnswerHead, LastLine, Row, ScopeLost, read_answer

# httpx unpacks zstd where the extra `tablet` is installed; a pure Python installation goes without.
ACCEPT_ENCODING = "zstd, gzip" if find_spec("zstandard") else "gzip"
CONNECT_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 60.0
ANSWER_LINE_BYTES_MAX = 256 * 1024 * 1024
"""Far above the longest line that a center has to send, a conflict with very many values: a tablet that refused one
could never sync again. What is longer is no answer of the center."""

_BY_STATUS = {
    413: "too-large",
    429: "slow-down",
    500: "internal",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}
"""What a status means where it comes from a proxy, which knows no codes."""


class UnreachableError(Exception):
    """No connection came about: the center has seen nothing of the request."""


class AnswerTimeoutError(Exception):
    """The center did not answer in time. What it made of the request is not known."""


class BrokenAnswerError(Exception):
    """The answer broke off, or is none of the center's. What it made of the request is not known."""


class ProblemError(Exception):
    """The center refused the request as a whole (RFC 9457)."""

    def __init__(self, code: str, zh: str, en: str, retry_after_s: float | None) -> None:
        super().__init__(code)
        self.code, self.zh, self.en, self.retry_after_s = code, zh, en, retry_after_s


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `read_ms` is the tablet's own clock when its head came."""

    head: AnswerHead
    parts: tuple[Row | ScopeLost, ...]
    last: LastLine
    read_ms: int


class Transport:
    """`transport` takes the place of the network (tests, the demo); `ca_file` is a private authority to trust."""

    def __init__(
        self, server: str, *, ca_file: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        verify = ssl.create_default_context(cafile=ca_file) if ca_file is not None else True
        self._client = httpx.Client(
            base_url=server.rstrip("/") + "/api/v1/",
            verify=verify,
            transport=transport,
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            headers={"Accept-Encoding": ACCEPT_ENCODING},
        )

    def close(self) -> None:
        self._client.close()

    def sync(self, token: str, body: bytes, clock: Callable[[], int], on_rows: Callable[[int], object]) -> Answer:
        """One request of the sync, answered whole. `on_rows` is told how many rows have come, as they come."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Accept": "application/x-ndjson, application/problem+json",
        }
        with _told(), self._client.stream("POST", "sync", content=gzip.compress(body, 6), headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise _problem(response)
            return _read(_lines(response.iter_bytes()), clock, on_rows)

    def enroll(self, code: str, nonce: str, name: str) -> Mapping[str, Any]:
        body = {"code": code, "nonce": nonce, "tablet": {"name": name}}
        with _told():
            return _object(self._client.post("enroll", json=body))

    def me(self, token: str) -> Mapping[str, Any]:
        with _told():
            return _object(self._client.get("me", headers={"Authorization": f"Bearer {token}"}))


@contextmanager
def _told() -> Iterator[None]:
    """What httpx and the frames raise, as this module's four."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise UnreachableError(str(error)) from error
    except httpx.TimeoutException as error:
        raise AnswerTimeoutError(str(error)) from error
    except (httpx.HTTPError, httpx.StreamError, ValueError) as error:  # FrameMalformedError is a ValueError
        raise BrokenAnswerError(str(error)) from error


def _read(arriving: Iterable[bytes], clock: Callable[[], int], on_rows: Callable[[int], object]) -> Answer:
    body: list[Row | ScopeLost] = []
    found: AnswerHead | None = None
    read_ms = 0
    for part in read_answer(arriving):
        if isinstance(part, AnswerHead):
            found, read_ms = part, clock()
        elif not isinstance(part, LastLine):
            body.append(part)
            on_rows(len(body))
        elif found is not None:  # pragma: no branch - an answer begins with its head
            return Answer(found, tuple(body), part, read_ms)
    raise BrokenAnswerError("the answer ends without its last line")  # pragma: no cover - read_answer says so first


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body, as they arrive."""
    held: list[bytes] = []  # A line in its pieces: joined once, however many they are.
    held_bytes = 0
    for chunk in chunks:
        piece, *others = chunk.split(b"\n")
        held.append(piece)
        held_bytes += len(piece)
        if others:
            yield b"".join(held)
            yield from others[:-1]
            held, held_bytes = [others[-1]], len(others[-1])
        if held_bytes > ANSWER_LINE_BYTES_MAX:
            raise BrokenAnswerError("a line without end")
    if held_bytes:
        yield b"".join(held)


def scope_keys(me: Mapping[str, Any]) -> list[str] | None:
    """The scope keys that an answer of `me` names, in order; None where it names none."""
    named = me.get("scope")
    keys = (
        [each["key"] for each in named if isinstance(each, dict) and "key" in each] if isinstance(named, list) else []
    )
    return sorted(map(str, keys)) or None


def _object(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object of a plain answer."""
    if not response.is_success:
        raise _problem(response)
    try:
        answer = response.json()
    except ValueError as error:
        raise BrokenAnswerError(str(error)) from error
    if not isinstance(answer, dict):
        raise BrokenAnswerError("not an object")
    return answer


def _problem(response: httpx.Response) -> ProblemError | BrokenAnswerError:
    """What a refusal says. One without a code comes from something between here and the center."""
    try:
        document = json.loads(response.read())
    except ValueError:
        document = None
    document = document if isinstance(document, dict) else {}
    status = response.status_code
    code = document.get("code") or _BY_STATUS.get(status)
    if not isinstance(code, str):
        return BrokenAnswerError(f"HTTP {status} from something that is not the center")
    return ProblemError(
        code,
        str(document.get("zh") or f"中心返回 HTTP {status}"),
        str(document.get("en") or f"The center answered HTTP {status}"),
        _retry_after_s(response.headers.get("Retry-After")),
    )


def _retry_after_s(value: str | None) -> float | None:
    """Seconds, or until a date (RFC 9110, section 10.2.3). None where it says nothing readable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max((moment - datetime.now(tz=UTC)).total_seconds(), 0.0) if moment.tzinfo else None
