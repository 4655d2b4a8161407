"""Local days and moments of the county, as people write them, and their stamps."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.store.ledger import County
from sync.stamps import stamp

_DAY = r"(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{2})(\d{2}))"
_TIME = r"[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
_A_DAY, _A_MOMENT = re.compile(_DAY), re.compile(f"{_DAY}(?:{_TIME})?")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - on the clock of wherever it is asked


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


def day_of(text: str) -> date | None:
    """A day as people write it: 2026-01-31, 2026/1/31, 2026年1月31日, 20260131. None where it is none."""
    found = _read(_A_DAY, text)
    return None if found is None else found.date()


def moment_of(county: County, text: str) -> str | None:
    """The stamp of a local moment of the county as people and spreadsheets write it, of a day that at which it begins;
    None where it is none."""
    found = _read(_A_MOMENT, text)
    # Stamps begin there: of an earlier moment there is none.
    return None if found is None or found.year < _EPOCH.year else _stamp_of(county, found)


def _read(form: re.Pattern[str], text: str) -> datetime | None:
    found = form.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = [*(int(each) for each in found.groups() if each), 0, 0, 0][:6]
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the county's own
    except ValueError:
        return None


def day_start(county: County, day: date) -> str:
    """The stamp at which a local day of the county begins; the first that there is for days before 1970."""
    return _stamp_of(county, datetime(day.year, day.month, day.day))  # noqa: DTZ001 - the county's own


def _stamp_of(county: County, local: datetime) -> str:
    # Counted, since a moment of the year 1 has none in UTC.
    ahead = local.replace(tzinfo=ZoneInfo(county.timezone)).utcoffset() or timedelta()
    return stamp((local - _EPOCH - ahead) // timedelta(milliseconds=1))
