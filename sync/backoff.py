"""When to try again after a failure: tablets with their center, a center with another."""

from email.utils import parsedate_to_datetime

JITTER = 0.5
"""The part of a wait that is left to chance: those that failed together do not come back together."""

_DOUBLINGS_MAX = 30
_DIGITS_MAX = 9


def wait_s(failures: int, drawn: float, *, first_s: float, most_s: float) -> float:
    """How long to wait after so many failures in a row, at least 1: doubling. `drawn` is by chance, from 0 to 1."""
    doubled_s = first_s * 2.0 ** min(failures - 1, _DOUBLINGS_MAX)
    return min(doubled_s, most_s) * (1 - JITTER + JITTER * drawn)


def retry_after_s(header: str | None, now_ms: int) -> float | None:
    """The seconds that a Retry-After asks for, given as seconds or as a date (RFC 9110, section 10.2.3). None where it
    says nothing that can be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:_DIGITS_MAX])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(moment.timestamp() - now_ms / 1000, 0.0) if moment.tzinfo else None
