"""The way to the center: requests out, answers in, over httpx. Raises RequestError; decides nothing."""

import gzip
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import httpx

from client_sdk.errors import AddressWrongError, AuthorityFileError
from client_sdk.failures import BrokenAnswerError, UnreachableError, is_centers, problem, told
from sync.frames import AnswerHead, LastLine, Row, ScopeLost, read_answer

# httpx unpacks zstd where the extra `tablet` is installed; a pure Python installation goes without.
ACCEPT_ENCODING = "zstd, gzip" if find_spec("zstandard") else "gzip"
CONNECT_TIMEOUT_S = 15.0
ANSWER_TIMEOUT_S = 60.0
ANSWER_LINE_BYTES_MAX = 256 * 1024 * 1024
"""Far above the longest line that a center has to send, a conflict with very many values: a tablet that refused one
could never sync again. What is longer is no answer of the center."""


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
        """Raises UnreachableError."""
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
            raise _no_address(
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
        with told():
            asked = self._client.build_request("POST", "sync", content=gzip.compress(body, 6), headers=headers)
            response = self._client.send(asked, stream=True)
        with closing(response):
            return _read(_parts(response), clock, on_rows)

    def enroll(self, code: str, nonce: str, name: str) -> Mapping[str, Any]:
        body = {"code": code, "nonce": nonce, "tablet": {"name": name}}
        with told():
            response = self._client.post("enroll", json=body)
            if not is_centers(response):
                host = response.request.url.host
                raise _no_address(
                    f"{host} 有回应，但不是 Doorstep 中心（HTTP {response.status_code}）",
                    f"{host} answers, but it is no Doorstep center (HTTP {response.status_code})",
                )
            return _object(response)

    def me(self, token: str) -> Mapping[str, Any]:
        with told():
            return _object(self._client.get("me", headers={"Authorization": f"Bearer {token}"}))


def checked_address(server: str) -> str:
    """A center's address without a slash at its end. Raises UnreachableError."""
    try:
        url = httpx.URL(server.strip())
        url.raw_host.decode().encode("idna")  # As Python will ask for its address: a part may be empty or too long.
    except (httpx.InvalidURL, UnicodeError) as error:
        raise _no_address(f"中心地址 {server} 有误：{error}", f"The address {server} is none: {error}") from error
    if url.scheme not in ("http", "https"):
        raise _no_address(
            f"中心地址 {server} 应以 https:// 或 http:// 开头",
            f"The address {server} must begin with https:// or http://",
        )
    if not url.host:
        raise _no_address(f"中心地址 {server} 没有主机名", f"The address {server} names no host")
    if url.query or url.fragment:
        raise _no_address(f"中心地址 {server} 不应有 ? 或 #", f"The address {server} must have neither ? nor #")
    return str(url).rstrip("/")


def _no_address(zh: str, en: str) -> UnreachableError:
    return UnreachableError(en, AddressWrongError(zh=zh, en=en))


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        said = AuthorityFileError(en=f"{AuthorityFileError.en} ({ca_file}: {error})")
        raise UnreachableError(str(error), said) from error


Part = AnswerHead | Row | ScopeLost | LastLine


def _parts(response: httpx.Response) -> Iterator[Part]:
    """What an answer of the sync consists of, as it arrives. Raises RequestError."""
    with told():
        if response.status_code != httpx.codes.OK:
            raise problem(response)
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
        raise problem(response)
    try:
        answer = response.json()
    except ValueError as error:
        raise BrokenAnswerError(str(error)) from error
    if not isinstance(answer, dict):
        raise BrokenAnswerError("not an object")
    return answer
