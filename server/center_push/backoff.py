"""When to try again after a failure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_S = 30
MOST_S = 60 * 60
"""The longest wait between two tries, unless the center asks for more."""
RETRY_AFTER_S_MAX = 24 * 60 * 60
"""A center may ask for a longer wait than ours (RFC 9110, Retry-After), but not for ever."""
JITTER = 0.5
"""The part of a wait that is left to chance: senders that failed together do not come back together."""

_DOUBLINGS_MAX = 16


def wait_ms(attempts: int, drawn: float, asked_s: int | None = None) -> int:
    """How long to wait after so many tries, at least 1. `drawn` is by chance, from 0 to 1; `asked_s` what the center
    asked for."""
    full = min(FIRST_S * 2 ** min(attempts - 1, _DOUBLINGS_MAX), MOST_S)
    ours = full * (1 - JITTER + JITTER * drawn)
    return int(1000 * max(ours, min(asked_s or 0, RETRY_AFTER_S_MAX)))


def asked_s(retry_after: str | None, now_ms: int) -> int | None:
    """The seconds that a Retry-After asks for, given as seconds or as a date. None where it says nothing that we
    can read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.fromtimestamp(now_ms / 1000, UTC)).total_seconds()))
