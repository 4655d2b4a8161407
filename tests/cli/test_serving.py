"""`doorstep serve` and those who are slow."""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

import cli.threads
from cli.serve import SILENCE_MAX_S, _listening
from cli.threads import Threads, _free_core, _siblings
from tests.support.markdown import ROOT
from tests.support.serving import served

Start = Callable[[str], str]

SLOW_CLIENTS = 12
"""More than a process has threads."""
SILENT_CLIENTS = 40
"""Several times as many."""
PROMPTLY_S = 30
"""Far more than it takes, and less than for ever."""
HOUR_S = 3600

REQUEST = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.usefixtures("shell")
def test_who_does_not_hang_up_keeps_nobody_waiting(waiting: Start) -> None:
    url = waiting("")
    with ExitStack() as held:
        for _ in range(SLOW_CLIENTS):
            line = held.enter_context(connected(url))
            assert answered(line)


@pytest.mark.skipif(not hasattr(socket, "TCP_DEFER_ACCEPT"), reason="Linux does it")
@pytest.mark.usefixtures("shell")
def test_who_says_nothing_comes_to_no_thread(waiting: Start) -> None:
    url = waiting("cli.threads.BEGINS_WITHIN_S = cli.serve.FIRST_BYTE_WITHIN_S = HOUR_S")
    with ExitStack() as held:
        for _ in range(SILENT_CLIENTS):
            held.enter_context(connected(url))
        assert answered(held.enter_context(connected(url)))


@pytest.mark.usefixtures("shell")
def test_who_loses_the_signal_half_way_is_given_up(waiting: Start) -> None:
    impatient = waiting(GIVES_UP_SOON)
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
def test_who_still_says_nothing_is_let_go(waiting: Start) -> None:
    impatient = waiting(GIVES_UP_SOON)
    with ExitStack() as held:
        silent = [held.enter_context(connected(impatient)) for _ in range(SILENT_CLIENTS)]
        while silent:
            with connected(impatient) as new:
                assert answered(new)
            for line in select.select(silent, [], [], 0.1)[0]:
                assert line.recv(1) == b"", "the server's end"
                silent.remove(line)


def test_a_connection_waits_as_long_for_who_sends_as_for_who_takes() -> None:
    with _listening("127.0.0.1", 0) as listener, connected("http://{}:{}".format(*listener.getsockname())) as line:
        line.sendall(b"x")
        with listener.accept()[0] as taken:
            for patience in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                seconds, _ = struct.unpack("@ll", taken.getsockopt(socket.SOL_SOCKET, patience, struct.calcsize("@ll")))
                assert seconds == SILENCE_MAX_S


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no say in it")
@pytest.mark.usefixtures("shell")
def test_each_process_keeps_to_a_core_and_so_does_who_takes_its_place(environment: dict[str, str]) -> None:
    cores = sorted(os.sched_getaffinity(0))
    server = served({**os.environ, **environment}, "--workers", str(len(cores)))
    try:
        await_each_on_its_own(server.process.pid, cores)
        killed = children(server.process.pid)[-1]
        os.kill(killed, signal.SIGKILL)
        await_each_on_its_own(server.process.pid, cores, gone=killed)
    finally:
        server.stop()


def test_who_begins_keeps_to_a_core_that_the_fewest_have() -> None:
    cores = os.sched_getaffinity(0)
    taken: list[int | None] = []
    for _ in range(2 * len(cores)):
        taken.append(_free_core(taken))
    assert all(taken.count(core) == 2 for core in cores)


def test_a_system_that_forbids_it_stops_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError

    begun: list[bool] = []
    monkeypatch.setattr(os, "sched_setaffinity", forbidden, raising=False)
    monkeypatch.setattr(ThreadWorker, "init_process", lambda _: begun.append(True))
    worker = Threads.__new__(Threads)
    worker.core = 0
    worker.init_process()
    assert begun


def test_of_cores_that_are_one_the_other_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: dict[int | None, tuple[int, int]] = {0: (0, 1), 1: (0, 1), 2: (2, 3), 3: (2, 3)}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(pairs), raising=False)
    monkeypatch.setattr(cli.threads, "_siblings", pairs.__getitem__)
    taken: list[int | None] = []
    for _ in range(6):
        taken.append(_free_core(taken))
    assert {pairs[taken[0]], pairs[taken[1]]} == {(0, 1), (2, 3)}
    assert set(taken[:4]) == set(pairs)
    assert pairs[taken[4]] != pairs[taken[5]]


@pytest.mark.parametrize(
    ("said", "siblings"), [("0", [0]), ("0-1\n", [0, 1]), ("3,19", [3, 19]), ("0-1,8-9", [0, 1, 8, 9])]
)
def test_linux_says_which_cores_are_one(said: str, siblings: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: said)
    assert list(_siblings(0)) == siblings


def await_each_on_its_own(parent: int, cores: list[int], gone: int | None = None) -> None:
    ends = time.monotonic() + PROMPTLY_S
    while True:
        processes = children(parent)
        kept = [os.sched_getaffinity(process) for process in processes if process != gone]
        if gone not in processes and sorted(core for each in kept for core in each) == cores:
            return
        assert time.monotonic() < ends, kept
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


GIVES_UP_SOON = "cli.serve.SILENCE_MAX_S = cli.serve.FIRST_BYTE_WITHIN_S = 1"

WHERE_WAITING_IS_FOR_EVER = f"""
import cli.serve, cli.threads, gunicorn.util, gunicorn.workers.gthread
HOUR_S = {HOUR_S}
_, *others = gunicorn.util.close_graceful.__defaults__
gunicorn.util.close_graceful.__defaults__ = HOUR_S, *others
gunicorn.workers.gthread.DEFAULT_WORKER_DATA_TIMEOUT = HOUR_S
"""
"""Whatever gunicorn by itself would wait for a client some seconds long, it waits for an hour."""


@pytest.fixture
def waiting(environment: dict[str, str]) -> Iterator[Start]:
    """Starts a server where whoever waits for a client does so for ever, but for what is said; gives its address."""
    with ExitStack() as started:

        def start(but: str) -> str:
            program = f"{WHERE_WAITING_IS_FOR_EVER}{but}\ncli.serve.serve()"
            command = [sys.executable, "-c", program, "--bind", "127.0.0.1:0", "--workers", "1", "--json"]
            process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, cwd=ROOT)
            started.enter_context(process)
            started.callback(process.terminate)
            assert process.stdout is not None
            return str(json.loads(process.stdout.readline())["url"])

        yield start


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port), timeout=PROMPTLY_S)


def answered(line: socket.socket) -> bool:
    """Whether a request is answered well, to the end of the answer."""
    line.sendall(REQUEST)
    with line.makefile("rb") as answer:
        return answer.read().startswith(b"HTTP/1.1 200 ")
