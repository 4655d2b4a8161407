"""`doorstep worker`: pushes the aggregated status to the centers that are configured."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import click

from cli.answers import Answer, failing, json_option, say
from cli.center import opened
from cli.logs import to_stderr

EVERY_S = 30
"""How often it looks for changes, and for tries that are due."""
_WORDS = "已取 {taken}，送达 {delivered}，失败 {failed} · Taken {taken}, delivered {delivered}, failed {failed}"


@click.command()
@click.option("--once", is_flag=True, help="只做一遍。 One pass, for cron.")
@click.option(
    "--every",
    type=click.IntRange(1),
    default=EVERY_S,
    show_default=True,
    metavar="SECONDS",
    help="间隔秒数。 Between passes.",
)
@json_option
def worker(once: bool, every: int, as_json: bool) -> None:
    """推送汇总数据。 Push aggregated status to the centers of `doorstep center list`, until told to stop.

    Several may run: a center is served by one of them at a time. Its log goes to stderr."""
    to_stderr()
    with failing(as_json), opened() as center:
        from server.center_push import posting
        from server.center_push.worker import Worker

        with posting.Client() as client, _told_to_stop() as stopping:
            working = Worker(center, client, stopping=stopping)
            if once:
                passed = working.once()
                values = {"taken": passed.taken, "delivered": passed.delivered, "failed": passed.failed}
                say(Answer(values, _WORDS.format(**values)), as_json)
            else:
                say(Answer({"worker": working.name}, f"推送已启动 · Pushing, as {working.name}"), as_json)
                working.run(every)


@contextmanager
def _told_to_stop() -> Iterator[Event]:
    """Set by SIGTERM and Ctrl-C: the message that is on its way is still sent and noted."""
    stopping = Event()
    former = {each: signal.signal(each, lambda *_: stopping.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
