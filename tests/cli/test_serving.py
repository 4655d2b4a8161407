"""`doorstep serve` and those who are slow."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.support.serving import Served

SLOW_CLIENTS = 12
"""More than a process has threads."""
SILENT_CLIENTS = 40
"""Several times as many."""
WAITED_FOR_A_FIRST_BYTE_S = 5
"""As long as a thread would wait for each."""
WAITED_FOR_EACH_S = 2
"""As long as whoever waits for a client to close its end of a connection would wait."""


REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.usefixtures("shell")
def test_who_does_not_hang_up_keeps_nobody_waiting(serve: Callable[..., Served]) -> None:
    address = urlsplit(serve().url)
    began = time.monotonic()
    with ExitStack() as held:
        for _ in range(SLOW_CLIENTS):
            line = held.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
            assert answered(line)
    assert time.monotonic() - began < WAITED_FOR_EACH_S * (SLOW_CLIENTS - 1)


@pytest.mark.skipif(not hasattr(socket, "TCP_DEFER_ACCEPT"), reason="Linux does it")
@pytest.mark.usefixtures("shell")
def test_who_says_nothing_keeps_nobody_waiting(serve: Callable[..., Served]) -> None:
    address = urlsplit(serve().url)
    with ExitStack() as held:
        for _ in range(SILENT_CLIENTS):
            held.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
        began = time.monotonic()
        assert answered(held.enter_context(socket.create_connection((address.hostname, address.port), timeout=60)))
    assert time.monotonic() - began < WAITED_FOR_A_FIRST_BYTE_S * 3


def answered(line: socket.socket) -> bool:
    """Whether a request is answered well, to the end of the answer."""
    line.sendall(REQUEST)
    with line.makefile("rb") as answer:
        return answer.read().startswith(b"HTTP/1.1 200 ")
