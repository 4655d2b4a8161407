"""Local days of the county, and the stamps at which they begin."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.store.ledger import County
from sync.stamps import stamp


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included; open where None. The last day that calendars have means "for ever", as people write it
    in tables."""

    first: date | None = None
    last: date | None = None

    def since(self, county: County, now: str) -> str:
        return now if self.first is None else day_start(county, self.first)

    def until(self, county: County) -> str | None:
        return None if self.last in (None, date.max) else day_start(county, self.last + timedelta(days=1))


def instant_of(moment: str | None) -> str | None:
    """A stamp as lists show it: `2026-11-21T08:15:30.123Z`."""
    return moment and moment[:24]


def day_start(county: County, day: date) -> str:
    """The stamp at which a local day of the county begins; the first that there is for days before 1970."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(county.timezone))
    return stamp(int(midnight.timestamp() * 1000))
