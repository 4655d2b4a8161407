"""When to try again: later after each failure, and no sooner than the other side asks."""

import pytest

from sync.backoff import retry_after_s, wait_s
from sync.stamps import milliseconds

NOW_MS = milliseconds("2026-11-21T09:58:30.000Z-0000")


def test_it_doubles_up_to_a_bound_and_chance_takes_up_to_half() -> None:
    assert [wait_s(failures, 1.0, first_s=30, most_s=100) for failures in (1, 2, 3, 10_000)] == [30, 60, 100, 100]
    assert [wait_s(failures, 0.0, first_s=30, most_s=100) for failures in (1, 3)] == [15, 50]


@pytest.mark.parametrize(
    ("header", "asked_s"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("9" * 400, 999_999_999),
        ("Sat, 21 Nov 2026 10:00:00 GMT", 90),
        ("Sat, 21 Nov 2026 09:00:00 GMT", 0),
        ("Sat, 21 Nov 2026 10:00:00 -0000", None),
        ("Sat, 21 Nov 99999 10:00:00 GMT", None),
        ("-1", None),
        ("七", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_may_be_asked_for_in_seconds_or_until_a_date(header: str | None, asked_s: float | None) -> None:
    assert retry_after_s(header, NOW_MS) == asked_s
