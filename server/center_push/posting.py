"""One try to hand a message to a center, and what its answer means (Standard Webhooks, "Delivery")."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import httpx
import orjson

from server.settings import SettingsError
from sync import backoff

TIMEOUT_S = 20
"""To connect, and between two parts of what is sent and answered."""
WHOLE_TIMEOUT_S = 60
"""Of a message on its way, and of an answer, however slowly their parts go."""
ANSWER_BYTES_MAX = 64 * 1024
"""How much of an answer is read: a word is expected."""

_PART_BYTES = 64 * 1024
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


def new_client() -> httpx.Client:
    """Redirects are not followed: a center that has moved is told to us by people. Raises SettingsError where the
    environment names certificates or a proxy that cannot be used."""
    try:
        return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise SettingsError(
            f"证书或代理不可用（SSL_CERT_FILE、SSL_CERT_DIR、HTTPS_PROXY）：{error}",
            f"The certificates or the proxy cannot be used (SSL_CERT_FILE, SSL_CERT_DIR, HTTPS_PROXY): {error}",
        ) from error


def post(client: httpx.Client, url: str, headers: Mapping[str, str], body: bytes, now_ms: int) -> Reply:
    """Sends a message once. Never raises for what a network or a center may do."""
    told = {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}
    try:
        with client.stream("POST", url, content=_parts(body), headers=told) as answer:
            said = _read(answer)
    except httpx.TimeoutException:
        return Reply(Fate.LATER, "timeout")
    # The last two: a host that cannot be looked up, ours or a proxy's.
    except (httpx.TransportError, httpx.DecodingError, httpx.StreamError, httpx.InvalidURL, UnicodeError):
        return Reply(Fate.LATER, "connection-failed")
    return _reply(answer, said, now_ms)


def _parts(body: bytes) -> Iterator[bytes]:
    """A body in parts. Raises httpx.WriteTimeout when the center takes them too slowly."""
    ends = time.monotonic() + WHOLE_TIMEOUT_S
    for start in range(0, len(body), _PART_BYTES):
        if time.monotonic() > ends:
            raise httpx.WriteTimeout("the message does not get through")
        yield body[start : start + _PART_BYTES]


def _read(answer: httpx.Response) -> bytes:
    """The beginning of an answer. Raises httpx.HTTPError, also for one that does not come to its end."""
    ends = time.monotonic() + WHOLE_TIMEOUT_S
    said = b""
    for part in answer.iter_bytes():
        said += part
        if len(said) > ANSWER_BYTES_MAX:
            break
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("the answer does not end", request=answer.request)
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
