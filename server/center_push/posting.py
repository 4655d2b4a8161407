"""One try to hand a message to a center, and what its answer means (Standard Webhooks, "Delivery")."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from threading import Thread
from typing import Self

import httpx
import orjson

from server.settings import SettingsError
from sync import backoff

CONNECT_S = 20
"""Until a connection has come about."""
TRY_S = 60
"""A whole try, from the look-up of the host to the end of the answer, however slowly their parts go."""
ANSWER_BYTES_MAX = 64 * 1024
"""How much of an answer is read: a word is expected."""

_NO_ANSWER = (
    httpx.TransportError, httpx.DecodingError, httpx.StreamError, httpx.InvalidURL, UnicodeError, ExceptionGroup,
)  # fmt: skip
"""The last two: a host that cannot be looked up, ours or a proxy's, and a port that there is not."""
_WORD = re.compile(r"[a-z][a-z-]{0,39}")
_NEVER = frozenset({400, 413, 415, 422})
"""The center read this very message and will not have it; another may be fine."""


class Fate(Enum):
    """What becomes of a message after a try."""

    DELIVERED = auto()
    LATER = auto()
    REFUSED = auto()
    """It is set aside, and the later ones go on."""
    GONE = auto()
    """410: the center wants nothing more."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a try. `word`: why it failed, or the receiver's own word for what it did, if any."""

    fate: Fate
    word: str | None = None
    asked_s: float | None = None


class Client:
    """Sends messages, for several threads at once. The tries are made in an event loop: there a deadline ends a try
    wherever it stands. Raises SettingsError where the environment names certificates or a proxy that cannot be used."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport` takes the place of the network."""
        try:
            # Redirects are not followed: a center that has moved is told to us by people.
            self._http = httpx.AsyncClient(
                timeout=httpx.Timeout(TRY_S, connect=CONNECT_S), follow_redirects=False, transport=transport
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise SettingsError(
                f"证书或代理不可用（SSL_CERT_FILE、SSL_CERT_DIR、HTTPS_PROXY）：{error}",
                f"The certificates or the proxy cannot be used (SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY): {error}",
            ) from error
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="center-push", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._http.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def post(self, url: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
        """Sends a message once, in TRY_S at most. Never raises for what a network or a center may do."""
        return asyncio.run_coroutine_threadsafe(self._tried(url, headers, body, now_ms), self._loop).result()

    async def _tried(self, url: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
        told = {**headers, "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(TRY_S),
                self._http.stream("POST", url, content=body, headers=told) as answer,
            ):
                said = await _read(answer)
        except (TimeoutError, httpx.TimeoutException):
            return Reply(Fate.LATER, "timeout")
        except _NO_ANSWER:
            return Reply(Fate.LATER, "connection-failed")
        return _reply(answer, said, now_ms)


async def _read(answer: httpx.Response) -> bytes:
    """The beginning of an answer. Raises httpx.HTTPError."""
    said = b""
    async for part in answer.aiter_bytes():
        said += part
        if len(said) > ANSWER_BYTES_MAX:
            break
    return said


def _reply(answer: httpx.Response, said: bytes, now_ms: int) -> Reply:
    status = answer.status_code
    if answer.is_success:
        return Reply(Fate.DELIVERED, _word(said, "result"))
    code = _word(said, "code")
    word = f"status-{status}" if code is None else f"status-{status} {code}"
    if status == 410:
        return Reply(Fate.GONE, word)
    if status in _NEVER:
        return Reply(Fate.REFUSED, word)
    return Reply(Fate.LATER, word, backoff.retry_after_s(answer.headers.get("Retry-After"), now_ms))


def _word(said: bytes, member: str) -> str | None:
    """A word that an answer says of itself: of letters and hyphens, so that it may stand in our logs and lists."""
    try:
        document = orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
    word = document.get(member) if isinstance(document, dict) else None
    return word if isinstance(word, str) and _WORD.fullmatch(word) else None
