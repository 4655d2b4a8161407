"""Deadlines in working days: China's public holidays and make-up days, as far as they are published."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from schemas.periods import Periods


@cache
def _calendar() -> holidays.HolidayBase:
    return holidays.country_holidays("CN")


def is_working_day(day: date, periods: Periods) -> bool:
    """Whether people work on a day; the county's own word comes first."""
    if day in periods.work_on or day in periods.rest_on:
        return day in periods.work_on
    return _calendar().is_working_day(day)


def working_day_after(day: date, count: int, periods: Periods) -> date:
    """The `count`th working day after a day."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, periods)
    return day


def is_published(day: date) -> bool:
    """Whether the make-up days of the day's year are known: the State Council announces them each autumn before."""
    calendar = _calendar()
    calendar.get(day)  # The library fills in a year when it is first asked of it.
    return any(each.year == day.year for each in calendar.weekend_workdays)


def end_of(day: date, timezone: str) -> str:
    """The last moment of a local day, as records say moments."""
    # Where a clock is set back at midnight that hour comes twice: the later one ends the day.
    end = datetime.combine(day, time(23, 59, 59, fold=1), ZoneInfo(timezone)).astimezone(UTC)
    return f"{end:%Y-%m-%dT%H:%M:%S}Z"
