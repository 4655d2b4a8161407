"""A clock that a test sets: the server's, or a tablet's that runs beside it."""

from dataclasses import dataclass

from sync.stamps import stamp

MORNING_MS = 1_795_250_000_000
"""When tests begin: a morning of November 2026."""

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000


@dataclass(slots=True)
class TestClock:
    """Milliseconds since 1970, which stand still until somebody moves them."""

    __test__ = False

    now_ms: int = MORNING_MS

    def __call__(self) -> int:
        return self.now_ms

    def pass_ms(self, elapsed_ms: int) -> None:
        self.now_ms += elapsed_ms

    @property
    def stamp(self) -> str:
        return stamp(self.now_ms)
