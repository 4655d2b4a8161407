"""`doorstep serve` and those who are slow."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from cli.serve import SILENCE_MAX_S, _listening
from tests.support.markdown import ROOT
from tests.support.serving import Served

SLOW_CLIENTS = 12
"""More than a process has threads."""
SILENT_CLIENTS = 40
"""Several times as many."""
WAITED_FOR_A_FIRST_BYTE_S = 5
"""As long as a thread would wait for each."""
PROMPTLY_S = 30
"""Far more than it takes, and less than for ever."""
WAITED_FOR_EACH_S = 2
"""As long as whoever waits for a client to close its end of a connection would wait."""


REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.usefixtures("shell")
def test_who_does_not_hang_up_keeps_nobody_waiting(serve: Callable[..., Served]) -> None:
    url = serve().url
    began = time.monotonic()
    with ExitStack() as held:
        for _ in range(SLOW_CLIENTS):
            line = held.enter_context(connected(url))
            assert answered(line)
    assert time.monotonic() - began < WAITED_FOR_EACH_S * (SLOW_CLIENTS - 1)


@pytest.mark.skipif(not hasattr(socket, "TCP_DEFER_ACCEPT"), reason="Linux does it")
@pytest.mark.usefixtures("shell")
def test_who_says_nothing_keeps_nobody_waiting(serve: Callable[..., Served]) -> None:
    url = serve().url
    with ExitStack() as held:
        for _ in range(SILENT_CLIENTS):
            held.enter_context(connected(url))
        began = time.monotonic()
        assert answered(held.enter_context(connected(url)))
    assert time.monotonic() - began < WAITED_FOR_A_FIRST_BYTE_S * 3


@pytest.mark.usefixtures("shell")
def test_who_loses_the_signal_half_way_is_given_up(impatient: str) -> None:
    half = b"POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nContent-Length: 1000\r\n\r\n{"
    with ExitStack() as held:
        lines = [held.enter_context(connected(impatient)) for _ in range(SLOW_CLIENTS)]
        for line in lines:
            line.sendall(half)
        assert answered(held.enter_context(connected(impatient)))
        for line in lines:
            with line.makefile("rb") as answer:
                status, _, said = answer.read().partition(b"\r\n")
            assert status == b"HTTP/1.1 503 SERVICE UNAVAILABLE"
            assert b'"code": "unavailable"' in said, "should it come back, it is to send again later"


@pytest.mark.usefixtures("shell")
def test_who_still_says_nothing_is_let_go(impatient: str) -> None:
    with ExitStack() as held:
        silent = [held.enter_context(connected(impatient)) for _ in range(SILENT_CLIENTS)]
        waited_s = []
        while silent:
            began = time.monotonic()
            with connected(impatient) as new:
                assert answered(new)
            waited_s.append(time.monotonic() - began)
            for line in select.select(silent, [], [], 0.1)[0]:
                assert line.recv(1) == b"", "the server's end"
                silent.remove(line)
    assert max(waited_s) < WAITED_FOR_A_FIRST_BYTE_S


def test_a_connection_waits_as_long_for_who_sends_as_for_who_takes() -> None:
    with _listening("127.0.0.1", 0) as listener, connected("http://{}:{}".format(*listener.getsockname())) as line:
        line.sendall(b"x")
        with listener.accept()[0] as taken:
            for patience in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                seconds, _ = struct.unpack("@ll", taken.getsockopt(socket.SOL_SOCKET, patience, struct.calcsize("@ll")))
                assert seconds == SILENCE_MAX_S


@pytest.fixture
def impatient(environment: dict[str, str]) -> Iterator[str]:
    """Where a server is that gives up after a second."""
    program = "import cli.serve; cli.serve.SILENCE_MAX_S = cli.serve.FIRST_BYTE_WITHIN_S = 1; cli.serve.serve()"
    command = [sys.executable, "-c", program, "--bind", "127.0.0.1:0", "--workers", "1", "--json"]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
        process.terminate()


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=PROMPTLY_S)


def answered(line: socket.socket) -> bool:
    """Whether a request is answered well, to the end of the answer."""
    line.sendall(REQUEST)
    with line.makefile("rb") as answer:
        return answer.read().startswith(b"HTTP/1.1 200 ")
