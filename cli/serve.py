"""`doorstep serve`: the server, run by gunicorn in this process."""

import importlib
import os
import socket
import struct
import sys

import click

from cli.answers import Answer, CommandError, WrongUseError, failing, json_option, say
from cli.center import opened
from cli.logs import to_stderr

BIND = "127.0.0.1:8000"
WORKERS = min(max(2, os.cpu_count() or 2), 8)
"""A process for each core, since each works on one sync at a time; no more than take turns at a county's lock."""
THREADS = 8
"""Of each process, for slow lines and long exports; each may need a database connection of its own
(DOORSTEP_POOL_SIZE)."""
PORT_MAX = 65_535
BACKLOG = 2048
FIRST_BYTE_WITHIN_S = 10
"""How long the system keeps a connection on which nothing was said before the server hears of it."""
SILENCE_MAX_S = 30
"""How long a client may neither send nor take anything of what it is to: who lost the signal may never come back."""
GRACEFUL_TIMEOUT_S = 30
"""How long a request that runs may take to end when the server is told to stop."""


def _address(_context: click.Context, _option: click.Parameter, value: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > PORT_MAX:
        raise WrongUseError(f"{value} 不是 HOST:PORT", f"{value} is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


@click.command()
@click.option(
    "--bind",
    metavar="HOST:PORT",
    callback=_address,
    default=BIND,
    show_default=True,
    help="地址。 Where to listen; port 0 is any free one.",
)
@click.option("--workers", type=click.IntRange(1), default=WORKERS, show_default=True, help="进程数。 Processes.")
@click.option("--threads", type=click.IntRange(1), default=THREADS, show_default=True, help="线程数。 Of each process.")
@json_option
def serve(bind: tuple[str, int], workers: int, threads: int, as_json: bool) -> None:
    """运行中心。 Run the server until it is told to stop (SIGTERM, or Ctrl-C).

    It prints one line when it takes connections: where. Its log goes to stderr."""

    to_stderr()
    with failing(as_json):
        with opened() as center:
            from server import holding
            from server.keeping.again import apply_again

            holding.take_up_release(center)
            apply_again(center)
            county = str(center.settings.county)
        listener = _listening(*bind)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    say(Answer({"url": url}, f"中心已启动 · The center is at {url}"), as_json)
    # For the processes, which read the settings anew: another county may be made beside theirs.
    os.environ["DOORSTEP_COUNTY"] = county
    _run(listener.detach(), workers, threads)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections from now on. Bound here, so that its port is known and a taken one told of."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise CommandError(
            "address-unavailable",
            f"无法监听 {host}:{port}：{reason}",
            f"Cannot listen at {host}:{port}: {reason}",
        ) from error
    if hasattr(socket, "TCP_DEFER_ACCEPT"):  # Linux: who connects and says nothing takes no thread.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, FIRST_BYTE_WITHIN_S)
    # Every connection inherits these. (gunicorn's own time-out is for a process, and a thread waits for ever.)
    for patience in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        listener.setsockopt(socket.SOL_SOCKET, patience, struct.pack("@ll", SILENCE_MAX_S, 0))
    return listener


def _run(listener: int, workers: int, threads: int) -> None:
    """Runs gunicorn on a listening socket's descriptor; does not return. GUNICORN_CMD_ARGS may say more."""
    # By name: gunicorn carries no types, and is there only where the server is.
    gunicorn = importlib.import_module("gunicorn.app.wsgiapp")
    known = importlib.import_module("gunicorn.config").KNOWN_SETTINGS
    said = {
        "bind": f"fd://{listener}",
        "worker-class": "cli.threads.Threads",
        "logger-class": "cli.gunicorn_log.Log",
        "workers": workers,
        "threads": threads,
        # Whoever comes when all threads are taken goes to a process that has one, and waits in turn where none has.
        "worker-connections": threads,
        "graceful-timeout": GRACEFUL_TIMEOUT_S,
        # A kept connection stays with its process, however busy that is; a new one goes to a process that has time.
        "keep-alive": 0,
        "log-level": "warning",
    }
    # Preloaded: the app is read once, and shared by the processes.
    sys.argv = ["gunicorn", "--preload", *(f"--{name}={value}" for name, value in said.items()), "wsgi:app"]
    if any(setting.name == "control_socket_disable" for setting in known):
        sys.argv.insert(1, "--no-control-socket")  # Servers on one machine would share one.
    gunicorn.run(prog="gunicorn")
