"""Local days of the county."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from server.status.counting import DayOf

_MINUTE_CHARS = len("YYYY-MM-DDTHH:MM")
MINUTES_KEPT = 10_000


@lru_cache(maxsize=16)
def days_in(timezone: str) -> DayOf:
    """The function that gives the local day, `YYYY-MM-DD`, of a stamp or an instant."""
    zone = ZoneInfo(timezone)

    @lru_cache(maxsize=MINUTES_KEPT)
    def day_of_minute(minute: str) -> str:
        return datetime.fromisoformat(minute).replace(tzinfo=UTC).astimezone(zone).date().isoformat()

    def day_of(moment: str) -> str:
        return day_of_minute(moment[:_MINUTE_CHARS])

    return day_of
