"""One try, over real sockets: whatever the other end does with the connection, it is told in a word."""

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from server.center_push import posting
from server.center_push.posting import Client, Fate, Reply
from server.center_push.worker import LEASE_MS

Behaviour = Callable[[socket.socket], None]
BODY = b'{"v":1}'


class Listener:
    """A center that behaves badly, at `url`."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/status"
        self.heard = b""

    def behaves(self, behaviour: Behaviour) -> None:
        def serve() -> None:
            connection, _ = self.socket.accept()
            with closing(connection):
                behaviour(connection)

        threading.Thread(target=serve, daemon=True).start()

    def hears(self, connection: socket.socket, ends: bytes = BODY) -> None:
        while ends not in self.heard:
            self.heard += connection.recv(65_536)


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.socket.close()


def sent(url: str, body: bytes = BODY) -> Reply:
    with Client() as client:
        return client.post(url, {"webhook-id": "msg_1"}, body, 0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(posting, "CONNECT_S", 0.5)


def answered(listener: Listener, said: bytes) -> Reply:
    def behaviour(connection: socket.socket) -> None:
        listener.hears(connection)
        connection.sendall(said)

    listener.behaves(behaviour)
    return sent(listener.url)


def test_a_word_of_acknowledgement(listener: Listener) -> None:
    said = b'{"result":"taken"}'
    reply = answered(listener, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
    assert reply == Reply(Fate.DELIVERED, "taken")
    assert b"Content-Length: 7\r\n" in listener.heard
    assert b"chunked" not in listener.heard
    assert b"Content-Type: application/json\r\n" in listener.heard


def test_nobody_listens(listener: Listener) -> None:
    listener.socket.close()
    assert sent(listener.url) == Reply(Fate.LATER, "connection-failed")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"SMTP ready\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_none(listener: Listener, said: bytes) -> None:
    assert answered(listener, said) == Reply(Fate.LATER, "connection-failed")


def test_a_center_that_says_nothing(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TRY_S", 0.3)
    listener.behaves(lambda connection: time.sleep(2))
    assert sent(listener.url) == Reply(Fate.LATER, "timeout")


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_an_answer_that_never_ends_in_time(listener: Listener, monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    """It drips, in its head or behind it: there is always a sign of life."""
    monkeypatch.setattr(posting, "TRY_S", 0.3)
    hung_up = threading.Event()

    def drips(connection: socket.socket) -> None:
        listener.hears(connection)
        connection.sendall(head)
        try:
            while not hung_up.wait(0.02):
                connection.sendall(b" ")
        except OSError:
            hung_up.set()

    listener.behaves(drips)
    assert sent(listener.url) == Reply(Fate.LATER, "timeout")
    assert hung_up.wait(5), "the connection is closed"


def test_a_message_that_is_taken_too_slowly(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TRY_S", 0.3)

    def sips(connection: socket.socket) -> None:
        try:
            while connection.recv(65_536):
                time.sleep(0.02)
        except OSError:
            return

    listener.behaves(sips)
    assert sent(listener.url, random.Random(1).randbytes(20_000_000)) == Reply(Fate.LATER, "timeout")


def test_a_try_is_over_long_before_another_worker_may_make_it() -> None:
    assert 2 * 1000 * posting.TRY_S < LEASE_MS


def test_more_than_a_word_is_not_read(listener: Listener) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    assert answered(listener, head + b" " * (posting.ANSWER_BYTES_MAX + 1)) == Reply(Fate.DELIVERED)


def test_a_problem_says_its_code(listener: Listener) -> None:
    said = b'{"code":"unavailable"}'
    head = b"HTTP/1.1 503 Unavailable\r\nRetry-After: 5\r\nContent-Length: %d\r\n\r\n" % len(said)
    assert answered(listener, head + said) == Reply(Fate.LATER, "status-503 unavailable", 5)


@pytest.mark.parametrize("host", ["a..b", ".x", "xn--a", "a" * 64])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_that_cannot_be_looked_up(scheme: str, host: str) -> None:
    assert sent(f"{scheme}://{host}/status") == Reply(Fate.LATER, "connection-failed")


def test_a_port_that_is_none() -> None:
    """It was added when such addresses were taken."""
    assert sent("http://127.0.0.1:99999/status") == Reply(Fate.LATER, "connection-failed")
