"""When a message is tried again after a failure."""

from sync import backoff

FIRST_S = 30
MOST_S = 60 * 60
"""The longest wait between two tries, unless the center asks for more."""
RETRY_AFTER_S_MAX = 24 * 60 * 60
"""A center may ask for a longer wait than ours (RFC 9110, Retry-After), but not for ever."""


def wait_ms(attempts: int, drawn: float, asked_s: float | None = None) -> int:
    """How long to wait after so many tries, at least 1. `drawn` is by chance, from 0 to 1; `asked_s` what the center
    asked for."""
    ours_s = backoff.wait_s(attempts, drawn, first_s=FIRST_S, most_s=MOST_S)
    return int(1000 * max(ours_s, min(asked_s or 0, RETRY_AFTER_S_MAX)))
