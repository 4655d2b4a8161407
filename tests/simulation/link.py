"""The way between tablets and the server, where everything happens that happens to packets."""

import gzip
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn

import httpx

from tests.simulation.faults import Fault, KilledError
from tests.simulation.server import Parcel, Reply, Server

FAULTS = (
    "request_lost", "answer_lost", "answer_cut", "duplicated", "delayed", "timed_out", "gateway", "accompanied", *Fault
)  # fmt: skip
STATEMENTS = (8, 16, 32, 64)
"""Up to which of one request's statements a fault may strike. A pull has about 12, a push 25; some have more."""

REQUESTS_MAX = 3000
"""Of one run: ten times what it takes."""

_KEPT_HEADERS = frozenset({"authorization", "content-type", "content-encoding", "accept", "accept-encoding"})


class _Cut(httpx.SyncByteStream):
    """A body that breaks off: with an error, or with nothing to tell it by."""

    def __init__(self, body: bytes, *, is_silent: bool) -> None:
        self._body, self._is_silent = body, is_silent

    def __iter__(self) -> Iterator[bytes]:
        yield self._body
        if not self._is_silent:
            raise httpx.ReadError("the connection broke")


@dataclass(slots=True)
class Network:
    """Carries requests. `faults` are those that this run knows; each strikes one request in `one_in`."""

    server: Server
    random: Random
    faults: tuple[str, ...]
    one_in: int
    overtake: Callable[[], None] = lambda: None
    """Has something happen in another process while this one works on a request or on several."""
    accompany: Callable[[], None] = lambda: None
    """Has others come while a request waits for its turn."""
    look: Callable[[str, Parcel], Callable[[Reply], None]] = lambda _person, _parcel: lambda _reply: None
    """Sees each request before it is delivered, and gives what looks at the answer."""
    is_quiet: bool = False
    delayed: list[tuple[str, Parcel]] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    trace: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    """Of all that was said, byte for byte: a replay must come to the same."""

    def carry(self, person: str, parcel: Parcel) -> httpx.Response:
        """One request as its tablet sees it. Raises httpx.TransportError."""
        fault = self._fault()
        if fault is None:
            return _response(self._deliver(person, parcel))
        if fault not in tuple(Fault):  # Those strike later, or not at all: the server's own count tells.
            self.struck[fault] += 1
        match fault:
            case "request_lost":
                raise httpx.ConnectError("no signal")
            case "timed_out" | "delayed":
                self.delayed += [(person, parcel)] if fault == "delayed" else []
                raise httpx.ReadTimeout("nothing came")
            case "gateway":
                return self._gateway()
            case "answer_lost":
                self._deliver(person, parcel)
                raise httpx.ReadError("the connection broke")
            case "answer_cut":
                return self._cut(self._deliver(person, parcel))
            case "duplicated":
                replies = [self._deliver(person, parcel), self._deliver(person, parcel)]
                return _response(self.random.choice(replies))
            case "accompanied":
                return self._accompanied(person, parcel)
            case _:
                return self._while_it_strikes(person, parcel, fault)

    def _fault(self) -> str | None:
        if self.is_quiet or not self.faults or self.random.randrange(self.one_in):
            return None
        return self.random.choice(self.faults)

    def _while_it_strikes(self, person: str, parcel: Parcel, fault: str) -> httpx.Response:
        self.arm(Fault(fault))
        try:
            return _response(self._deliver(person, parcel))
        finally:
            self.server.faults.disarm()

    def _accompanied(self, person: str, parcel: Parcel) -> httpx.Response:
        """Worked on together with those of others, who have a good line; now and then a fault strikes all of them."""
        if self.random.randrange(2) == 0:
            self.arm(self.random.choice(tuple(Fault)))
        self.server.company.come = lambda: self._quietly(self.accompany)
        try:
            return _response(self._deliver(person, parcel))
        finally:
            self.server.company.come = None
            self.server.faults.disarm()

    def arm(self, fault: Fault) -> None:
        most = 3 if fault is Fault.KILLED_AFTER else self.random.choice(STATEMENTS)
        self.server.faults.arm(fault, self.random.randrange(most), lambda: self._quietly(self.overtake))

    def trouble(self) -> None:
        """May arm a fault for a command of an administrator: of those that this run knows, at as many."""
        fault = self._fault()
        if fault in (Fault.KILLED, Fault.KILLED_AFTER, Fault.FULL, Fault.BUG):
            self.arm(Fault(fault))

    def _quietly(self, others: Callable[[], None]) -> None:
        """What others do, over a good line."""
        was_quiet, self.is_quiet = self.is_quiet, True
        try:
            others()
        finally:
            self.is_quiet = was_quiet

    def _deliver(self, person: str, parcel: Parcel) -> Reply:
        self.requests += 1
        assert self.requests <= REQUESTS_MAX, "a sync comes to no end"
        said = gzip.decompress(parcel.body) if parcel.url.endswith("/sync") and parcel.body else parcel.body
        self.trace.update(b"%s>%d:" % (person.encode(), len(said)) + said)
        look = self.look(person, parcel)
        try:
            reply = self.server.handle(parcel)
        except KilledError:
            self.trace.update(b"killed")
            raise httpx.RemoteProtocolError("the server went away") from None
        self.trace.update(b"<%d:%d:" % (reply.status, len(reply.body)) + reply.body)
        look(reply)
        return reply

    def arrive_late(self) -> None:
        """A request that was given up long ago reaches the server after all; nobody reads the answer."""
        person, parcel = self.delayed.pop(self.random.randrange(len(self.delayed)))
        self.struck["arrived_late"] += 1
        try:
            self._deliver(person, parcel)
        except httpx.TransportError:
            return

    def _cut(self, reply: Reply) -> httpx.Response:
        at = self.random.randrange(len(reply.body) + 1)
        stream = _Cut(reply.body[:at], is_silent=self.random.random() < 0.5)
        headers = [(name, value) for name, value in reply.headers if name.lower() != "content-length"]
        return httpx.Response(reply.status, headers=headers, stream=stream)

    def _gateway(self) -> httpx.Response:
        """What stands between says something of its own."""
        status = self.random.choice((200, 302, 413, 429, 500, 502, 503))
        headers = {"Content-Type": "text/html"} | ({"Retry-After": "7"} if status in (429, 503) else {})
        return httpx.Response(status, headers=headers, content=b"<html>Welcome to the guest network</html>")


def _response(reply: Reply) -> httpx.Response:
    return httpx.Response(reply.status, headers=list(reply.headers), stream=httpx.ByteStream(reply.body))


class Link(httpx.BaseTransport):
    """One tablet's end. `requests_left` is how many go through before the signal is gone; None for no end."""

    def __init__(self, network: Network, person: str) -> None:
        self.network, self.person = network, person
        self.requests_left: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.requests_left is not None:
            if self.requests_left == 0:
                self._no_signal()
            self.requests_left -= 1
        headers = tuple((name, value) for name, value in request.headers.multi_items() if name in _KEPT_HEADERS)
        return self.network.carry(self.person, Parcel(request.method, str(request.url), headers, request.read()))

    def _no_signal(self) -> NoReturn:
        raise httpx.ConnectError("no signal")
