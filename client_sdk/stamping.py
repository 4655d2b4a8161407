"""The clock of a tablet's stamps: its own, moved by what the center's answers say the time is."""

import time
from collections.abc import Callable

from client_sdk.schema import Meta
from client_sdk.store import Store
from sync import stamps

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


class StampClock:
    """The offset and the last stamp are kept in the store, so that a restart gives no stamp twice."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self.raw = store, clock

    def now_ms(self) -> int:
        """The center's time, as far as it is known here."""
        return self.raw() + self._store.number(Meta.CLOCK_OFFSET_MS)

    def tick(self) -> str:
        """The next stamp. Within a transaction: the stamp and what it is for are kept together or not at all."""
        return self.tick_now()[1]

    def tick_now(self) -> tuple[int, str]:
        """The center's time, as far as it is known here, and the next stamp. Within a transaction, as `tick`."""
        known = self._store.metas(Meta.CLOCK_OFFSET_MS, Meta.LAST_STAMP)
        now_ms = self.raw() + int(known.get(Meta.CLOCK_OFFSET_MS, 0))
        stamp = stamps.tick(known.get(Meta.LAST_STAMP, stamps.BEGINNING), now_ms)
        self._store.put_meta(Meta.LAST_STAMP, stamp)
        return now_ms, stamp

    def set_by(self, answer_clock: str, read_ms: int) -> None:
        """Takes the center's clock, backwards too. `read_ms` is the own clock's reading when the answer came."""
        self._store.put_meta(Meta.CLOCK_OFFSET_MS, str(stamps.milliseconds(answer_clock) - read_ms))
        self._store.put_meta(Meta.LAST_STAMP, answer_clock)
