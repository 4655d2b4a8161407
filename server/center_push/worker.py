"""The worker: takes what changed into the outbox of each center, and delivers it in order."""

import gzip
import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from server.center import Center
from server.center_push import backoff, signing
from server.center_push.posting import Client, Fate, Reply
from server.center_push.taking import take
from server.store import center_anew, center_outbox, dialect
from server.store.center_outbox import Message, Target

log = logging.getLogger("doorstep")

LEASE_MS = 5 * 60 * 1000
"""How long a worker that has died keeps the others from its center. Longer than a try may take."""
DELIVERED_KEPT_MS = 7 * 24 * 60 * 60 * 1000
"""How long the outbox remembers what it delivered."""

CENTERS_AT_ONCE = 16
"""That one worker serves; a county has one or two above it."""

_OLDER = "older"
"""What a center says that has something newer than we sent: then this one was put back to an earlier state."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass did: snapshots taken into the outbox, delivered, and tried in vain."""

    taken: int = 0
    delivered: int = 0
    failed: int = 0

    def __add__(self, other: "Passed") -> "Passed":
        return Passed(self.taken + other.taken, self.delivered + other.delivered, self.failed + other.failed)


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker of one county. Several may run at once: a center is served by one of them at a time."""

    center: Center
    client: Client
    draw: Callable[[], float] = secrets.SystemRandom().random
    """A number by chance, from 0 to 1."""
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    stopping: Event = field(default_factory=Event)
    """Set to end the work after the message that is on its way."""

    def once(self) -> Passed:
        """One pass over all centers."""
        with self._threads() as threads:
            serving = self._started(threads, {})
            return sum((each.result() for each in serving.values()), Passed())

    def run(self, every_s: float) -> None:
        """Passes, so many seconds apart, until `stopping` is set: each over the centers that the former ones are
        through with. A database that is away is waited for."""
        with self._threads() as threads:
            serving: dict[str, Future[Passed]] = {}
            while not self.stopping.is_set():
                _take_through(serving)
                with _waiting_for_database():
                    serving = self._started(threads, serving)
                self.stopping.wait(every_s)
        _take_through(serving)

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        """One for each center: a slow one keeps no other waiting. At the end those are waited for that still serve."""
        with ThreadPoolExecutor(CENTERS_AT_ONCE, "center-push") as threads:
            try:
                yield threads
            except BaseException:
                self.stopping.set()
                raise

    def _started(self, threads: Executor, serving: "dict[str, Future[Passed]]") -> "dict[str, Future[Passed]]":
        """What is being served, with the centers that are not yet."""
        with dialect.reading(self.center.engine) as connection:
            county = self.center.county(connection).code
            targets = center_outbox.targets(connection, county)
        if targets:
            with dialect.writing(self.center.engine) as connection:
                center_outbox.forget_delivered(connection, county, self.center.clock() - DELIVERED_KEPT_MS)
        idle = [each for each in targets if each.url not in serving]
        return serving | {each.url: threads.submit(self._serve, county, each) for each in idle}

    def _serve(self, county: str, target: Target) -> Passed:
        """What there is for one center: taken and delivered. Whatever fails but the database ends all the work."""
        try:
            return Passed() if self.stopping.is_set() else self._deliver(county, target, take(self.center, target))
        except BaseException as error:
            if not (isinstance(error, SQLAlchemyError) and dialect.is_unavailable(error)):
                self.stopping.set()
            raise

    def _deliver(self, county: str, target: Target, taken: int) -> Passed:
        """Sends what waits for a center, the first first, until one must wait. `taken`: how much came newly."""
        passed = Passed(taken=taken)
        while not self.stopping.is_set():
            message = self._claimed(county, target.url)
            if message is None:
                break
            reply = self._sent(county, target, message)
            self._note(county, target.url, message, reply)
            if reply.fate is Fate.DELIVERED:
                passed += Passed(delivered=1)
            else:
                passed += Passed(failed=1)
                if reply.fate is not Fate.REFUSED:
                    break
        with dialect.writing(self.center.engine) as connection:
            center_outbox.release(connection, county, target.url, self.name)
        return passed

    def _claimed(self, county: str, url: str) -> Message | None:
        """The message to be sent now, noted as tried, with this worker alone at the center. None: not now."""
        now_ms = self.center.clock()
        with dialect.writing(self.center.engine) as connection:
            if not center_outbox.lease(connection, county, url, self.name, now_ms, now_ms + LEASE_MS):
                return None
            message = center_outbox.first_waiting(connection, county, url)
            if message is None or message.next_try_ms > now_ms:
                return None
            center_outbox.tried(connection, county, url, message.place)
            return message

    def _sent(self, county: str, target: Target, message: Message) -> Reply:
        now_ms = self.center.clock()
        text = gzip.decompress(message.body)
        headers = signing.headers(target.secret, county, message.id, now_ms, text)
        return self.client.post(target.url, {**headers, "Content-Encoding": "gzip"}, message.body, now_ms)

    def _note(self, county: str, url: str, message: Message, reply: Reply) -> None:
        now_ms = self.center.clock()
        word = reply.word or ""
        with dialect.writing(self.center.engine) as connection:
            match reply.fate:
                case Fate.DELIVERED:
                    center_outbox.delivered(connection, county, url, message.place, now_ms, reply.word)
                    if reply.word == _OLDER:
                        center_anew.after_older(connection, county, url, message.day, message.place, now_ms)
                case Fate.REFUSED:
                    center_outbox.failed(connection, county, url, message.place, word, now_ms, refused=word)
                case Fate.GONE:
                    center_outbox.failed(connection, county, url, message.place, word, now_ms)
                    center_outbox.stop(connection, county, url, word)
                case Fate.LATER:
                    next_try_ms = now_ms + backoff.wait_ms(message.attempts + 1, self.draw(), reply.asked_s)
                    center_outbox.failed(connection, county, url, message.place, word, now_ms, next_try_ms=next_try_ms)
        said = {"center": urlsplit(url).hostname, "day": message.day, "version": message.version, "word": reply.word}
        if reply.fate is not Fate.DELIVERED:
            log.warning("center_push_failed", extra=said | {"fate": reply.fate.name, "attempts": message.attempts + 1})
        elif reply.word == _OLDER:
            log.warning("center_push_older", extra=said)
        else:
            log.info("center_push_delivered", extra=said)


@contextmanager
def _waiting_for_database() -> Iterator[None]:
    """What fails since the database is away comes again at a later pass."""
    try:
        yield
    except SQLAlchemyError as error:
        if not dialect.is_unavailable(error):
            raise
        log.warning("center_push_waits_for_database", exc_info=error)


def _take_through(serving: "dict[str, Future[Passed]]") -> None:
    """Takes out those that are through. Raises what one failed by, but where it was a database that was away."""
    for url in [url for url, each in serving.items() if each.done()]:
        with _waiting_for_database():
            serving.pop(url).result()
