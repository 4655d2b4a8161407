"""The way to the center: requests out, answers in, over httpx. Says what went wrong; decides nothing."""

import gzip
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any

import httpx

from client_sdk.errors import (
    AddressWrongError,
    AuthorityFileError,
    CertificateUntrustedError,
    OfflineError,
    TabletError,
)
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


class CertificateError(UnreachableError):
    """What answers at the address shows a certificate that this tablet does not trust."""


class AuthorityError(UnreachableError):
    """The file of the private certificate authority cannot be used."""


class AddressError(UnreachableError):
    """The address is none, or no center is there. `zh` and `en` say what is wrong with it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


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
    """`transport` takes the place of the network (tests, the demo); `ca_file` is a private authority to trust.

    The address and that file are looked at by the first request: a tablet without them still opens and saves."""

    def __init__(
        self, server: str, *, ca_file: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._server, self._ca_file, self._transport = server, ca_file, transport
        self._made: httpx.Client | None = None

    @property
    def _client(self) -> httpx.Client:
        """Raises AddressError, AuthorityError."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> httpx.Client:
        base_url = checked_address(self._server) + "/api/v1/"
        verify = True if self._ca_file is None else _trusting(self._ca_file)
        try:
            return httpx.Client(
                base_url=base_url,
                verify=verify,
                transport=self._transport,
                timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
                headers={"Accept-Encoding": ACCEPT_ENCODING},
            )
        except (ImportError, ValueError, httpx.InvalidURL) as error:  # What the environment says of proxies.
            raise AddressError(
                f"代理设置有误（环境变量 HTTP_PROXY、HTTPS_PROXY、ALL_PROXY、NO_PROXY）：{error}",
                f"The proxy settings cannot be used (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY): {error}",
            ) from error

    def close(self) -> None:
        if self._made is not None:
            self._made.close()

    def sync(self, token: str, body: bytes, clock: Callable[[], int], on_rows: Callable[[int], object]) -> Answer:
        """One request of the sync, answered whole. `on_rows` is told how many rows have come, as they come; what it
        raises is raised as it is."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Accept": "application/x-ndjson, application/problem+json",
        }
        with _told():
            asked = self._client.build_request("POST", "sync", content=gzip.compress(body, 6), headers=headers)
            response = self._client.send(asked, stream=True)
        with closing(response):
            return _read(_parts(response), clock, on_rows)

    def enroll(self, code: str, nonce: str, name: str) -> Mapping[str, Any]:
        body = {"code": code, "nonce": nonce, "tablet": {"name": name}}
        with _told():
            response = self._client.post("enroll", json=body)
            if not _is_centers(response):
                host = response.request.url.host
                raise AddressError(
                    f"{host} 有回应，但不是 Doorstep 中心（HTTP {response.status_code}）",
                    f"{host} answers, but it is no Doorstep center (HTTP {response.status_code})",
                )
            return _object(response)

    def me(self, token: str) -> Mapping[str, Any]:
        with _told():
            return _object(self._client.get("me", headers={"Authorization": f"Bearer {token}"}))


def said(error: UnreachableError) -> TabletError:
    """What did not come about, as the tablet's people are told it."""
    match error:
        case AddressError():
            return AddressWrongError(zh=error.zh, en=error.en)
        case AuthorityError():
            return AuthorityFileError(en=f"{AuthorityFileError.en} ({error})")
        case CertificateError():
            return CertificateUntrustedError()
        case _:
            return OfflineError()


def checked_address(server: str) -> str:
    """A center's address without a slash at its end. Raises AddressError, which says what is wrong with it."""
    try:
        url = httpx.URL(server.strip())
    except httpx.InvalidURL as error:
        raise AddressError(f"中心地址 {server} 有误：{error}", f"The address {server} is none: {error}") from error
    if url.scheme not in ("http", "https"):
        raise AddressError(
            f"中心地址 {server} 应以 https:// 或 http:// 开头",
            f"The address {server} must begin with https:// or http://",
        )
    if not url.host:
        raise AddressError(f"中心地址 {server} 没有主机名", f"The address {server} names no host")
    if url.query or url.fragment:
        raise AddressError(f"中心地址 {server} 不应有 ? 或 #", f"The address {server} must have neither ? nor #")
    return str(url).rstrip("/")


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AuthorityError(f"{ca_file}: {error}") from error


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was the cause: httpx gives only its own error, with the reason behind it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_centers(response: httpx.Response) -> bool:
    """Whether an answer to an enrolment can be a center's. One that is broken, or a proxy's word on a center that is
    away, can."""
    kind = response.headers.get("Content-Type", "")
    return response.is_success or response.is_server_error or "json" in kind or response.status_code in _BY_STATUS


@contextmanager
def _told() -> Iterator[None]:
    """What httpx and the frames raise, as this module's own errors."""
    try:
        yield
    except httpx.ConnectError as error:
        raise (CertificateError if _is_untrusted(error) else UnreachableError)(str(error)) from error
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise UnreachableError(str(error)) from error
    except httpx.TimeoutException as error:
        raise AnswerTimeoutError(str(error)) from error
    # FrameMalformedError is a ValueError; httpx.StreamError is a RuntimeError, like the word of a client that another
    # thread closed.
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        raise BrokenAnswerError(str(error)) from error


Part = AnswerHead | Row | ScopeLost | LastLine


def _parts(response: httpx.Response) -> Iterator[Part]:
    """What an answer of the sync consists of, as it arrives. Raises ProblemError, BrokenAnswerError,
    AnswerTimeoutError."""
    with _told():
        if response.status_code != httpx.codes.OK:
            raise _problem(response)
        yield from read_answer(_lines(response.iter_bytes()))


def _read(arriving: Iterable[Part], clock: Callable[[], int], on_rows: Callable[[int], object]) -> Answer:
    body: list[Row | ScopeLost] = []
    found: AnswerHead | None = None
    read_ms = 0
    for part in arriving:
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
