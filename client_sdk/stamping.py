"""The clock of a tablet's stamps: its own, moved by what the center's answers say the time is."""

import time
from collections.abc import Callable

from client_sdk.schema import Meta
from client_sdk.store import Store
from sync import stamps

KEPT = f"""(SELECT value FROM meta WHERE key = '{Meta.CLOCK_OFFSET_MS}'),
    coalesce((SELECT stamp FROM outbox ORDER BY seq DESC LIMIT 1),
        (SELECT value FROM meta WHERE key = '{Meta.LAST_STAMP}'))"""  # noqa: S608 - names of our own keys
"""The columns of a query that asks for what the stamp clock keeps: the offset and the last stamp."""

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class StampClock:
    """The offset and the last stamp are kept in the store, so that a restart gives no stamp twice: the stamp with the
    newest line of the outbox, and in `meta` for while there is none."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self.raw = store, clock

    def now_ms(self) -> int:
        """The center's time, as far as it is known here."""
        return stamps.bounded(self.raw() + self._store.number(Meta.CLOCK_OFFSET_MS))

    def tick(self) -> str:
        """The next stamp, for what is not a line."""
        with self._store.transaction():
            stamp = self.peek()
            self._keep(stamp)
        return stamp

    def peek(self) -> str:
        """The stamp that would be next, which is not kept."""
        _, stamp = self.next(*self._store.rows(f"SELECT {KEPT}")[0])
        return stamp

    def next(self, offset_ms: str | None, last: str | None) -> tuple[int, str]:
        """The center's time, as far as it is known here, and the next stamp, by what is KEPT. Within a transaction that
        keeps the stamp with a line: both or neither."""
        now_ms = stamps.bounded(self.raw() + int(offset_ms or 0))
        return now_ms, stamps.tick(last or stamps.BEGINNING, now_ms)

    def _keep(self, stamp: str) -> None:
        self._store.put_meta(Meta.LAST_STAMP, stamp)
        self._store.run("UPDATE outbox SET stamp = ? WHERE seq = (SELECT max(seq) FROM outbox)", stamp)

    def set_by(self, answer_clock: str, read_ms: int) -> None:
        """Takes the center's clock, backwards too. `read_ms` is the own clock's reading when the answer came."""
        self._store.put_meta(Meta.CLOCK_OFFSET_MS, str(stamps.milliseconds(answer_clock) - read_ms))
        self._keep(answer_clock)
