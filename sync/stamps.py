"""Hybrid logical clock stamps: UTC milliseconds, then a counter in four hexadecimal digits, ordered as text.

`2026-11-21T08:15:30.123Z-0000`. The clock reading is always an argument. Source of the idea: Kulkarni and others,
"Logical Physical Clocks" (2014). A stamp never says what an edit knew (its `over` does): it orders concurrent values
for showing, and dates work.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from schemas import forms
from sync.limits import DRIFT_MS_MAX

STAMP = re.compile(forms.STAMP)
BEGINNING = ""
"""Earlier than every stamp: since when a creation's placement holds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNTER_MAX = 0xFFFF
_MS_MAX = 253_402_300_799_999


def is_stamp(value: object) -> TypeGuard[str]:
    """Whether `value` is a stamp of a real moment."""
    if not isinstance(value, str) or STAMP.fullmatch(value) is None:
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def bounded(now_ms: int) -> int:
    """A moment in milliseconds since 1970, kept within the years that texts can say."""
    return min(max(now_ms, 0), _MS_MAX)


def stamp(now_ms: int, counter: int = 0) -> str:
    """The stamp of a moment in milliseconds since 1970, held within the years that the text can say."""
    moment = _EPOCH + bounded(now_ms) * _MILLISECOND
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z-{counter:04x}"  # Far quicker than strftime.


def instant(now_ms: int) -> str:
    """A moment as records say it: `2026-11-21T08:15:30.123Z`."""
    return stamp(now_ms)[:24]


def milliseconds(text: str) -> int:
    """The milliseconds since 1970 of a stamp. Raises ValueError where the date is not a real one."""
    moment = datetime.fromisoformat(text[:23] + "+00:00")
    return (moment - _EPOCH) // _MILLISECOND


def counter(text: str) -> int:
    """The counter of a stamp: how many came before it in its millisecond."""
    return int(text[25:], 16)


def tick(last: str, now_ms: int) -> str:
    """The stamp after `last` at clock reading `now_ms`: the clock's where it has moved on, else the next counter."""
    now = stamp(now_ms)
    if now > last:
        return now
    following = counter(last) + 1
    if following <= _COUNTER_MAX:
        return f"{last[:25]}{following:04x}"
    return stamp(milliseconds(last) + 1)


def corrected_now(now: str, receipt: str) -> str:
    """The moment of a request as the server takes it: the tablet's own, never later than the receipt."""
    return min(now, receipt)


def taken(at: str, now: str, receipt: str, floor: str) -> str:
    """The stamp that the server takes for an edit stamped `at`, in a request of clock `now` received at `receipt`.

    Where the tablet's clock is over five minutes ahead, stamps later than the receipt move back by the difference,
    never before `floor` (the enrolment, or the last moment of owing nothing). What is still ahead is capped.
    """
    if at <= receipt:
        return at
    limit = stamp(milliseconds(receipt) + DRIFT_MS_MAX)
    if now > limit:
        ahead_ms = milliseconds(now) - milliseconds(receipt)
        at = max(stamp(milliseconds(at) - ahead_ms, counter(at)), floor)
    return min(at, limit)
