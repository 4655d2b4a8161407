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
WAITED_FOR_EACH_S = 2
"""As long as whoever waits for a client to close its end of a connection would wait."""


@pytest.mark.usefixtures("shell")
def test_who_does_not_hang_up_keeps_nobody_waiting(serve: Callable[..., Served]) -> None:
    address = urlsplit(serve().url)
    began = time.monotonic()
    with ExitStack() as held:
        for _ in range(SLOW_CLIENTS):
            line = held.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
            line.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with line.makefile("rb") as answer:
                assert answer.read().startswith(b"HTTP/1.1 200 "), "it came, to its end"
    assert time.monotonic() - began < WAITED_FOR_EACH_S * (SLOW_CLIENTS - 1)
