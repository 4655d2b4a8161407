"""Stamps: moments that sort as text, and what the server takes of a tablet whose clock is wrong."""

import pytest

from sync import stamps
from sync.limits import DRIFT_MS_MAX

MOMENT = "2026-11-21T08:15:30.123Z-0000"
MOMENT_MS = 1_795_248_930_123


def test_a_stamp_says_its_moment_in_milliseconds_and_a_counter() -> None:
    assert stamps.stamp(MOMENT_MS) == MOMENT
    assert stamps.stamp(MOMENT_MS, 0x1F) == "2026-11-21T08:15:30.123Z-001f"
    assert stamps.milliseconds(MOMENT) == MOMENT_MS
    assert stamps.instant(MOMENT_MS) == "2026-11-21T08:15:30.123Z"


def test_a_moment_beyond_what_the_text_can_say_is_held_within_it() -> None:
    assert stamps.stamp(-1) == "1970-01-01T00:00:00.000Z-0000"
    assert stamps.stamp(10**18) == "9999-12-31T23:59:59.999Z-0000"


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "2026-11-21",
        "2026-02-30T08:15:30.123Z-0000",
        "2026-11-21T24:00:00.000Z-0000",
        "2026-11-21T08:15:30.123Z-000G",
        "2026-11-21T08:15:30.123Z-00000",
        "2026-11-21T08:15:30.123Z-0000\n",
        "２０２６-11-21T08:15:30.123Z-0000",
        "0000-11-21T08:15:30.123Z-0000",
    ],
)
def test_what_is_no_stamp(text: object) -> None:
    assert not stamps.is_stamp(text)


def test_the_clock_ticks_on_where_it_has_moved_and_counts_where_it_has_not() -> None:
    assert stamps.tick(stamps.BEGINNING, MOMENT_MS) == MOMENT
    assert stamps.tick(MOMENT, MOMENT_MS + 1) == stamps.stamp(MOMENT_MS + 1)
    assert stamps.tick(MOMENT, MOMENT_MS) == "2026-11-21T08:15:30.123Z-0001"
    assert stamps.tick(MOMENT, 0) == "2026-11-21T08:15:30.123Z-0001"
    assert stamps.tick("2026-11-21T08:15:30.123Z-ffff", 0) == "2026-11-21T08:15:30.124Z-0000"


def after(milliseconds: int) -> str:
    return stamps.stamp(MOMENT_MS + milliseconds)


def test_work_of_the_past_keeps_its_stamp_whatever_the_clock_says_now() -> None:
    assert stamps.taken(after(-5), after(10**9), MOMENT, after(-1)) == after(-5)


def test_a_clock_a_little_ahead_is_let_be() -> None:
    assert stamps.taken(after(DRIFT_MS_MAX), after(DRIFT_MS_MAX), MOMENT, stamps.BEGINNING) == after(DRIFT_MS_MAX)


def test_a_stamp_further_ahead_than_its_own_clock_is_capped() -> None:
    assert stamps.taken(after(10**9), after(0), MOMENT, stamps.BEGINNING) == after(DRIFT_MS_MAX)


def test_the_stamps_of_a_clock_far_ahead_move_back_by_as_much() -> None:
    year_ms = 365 * 86_400_000
    assert stamps.taken(after(year_ms - 60_000), after(year_ms), MOMENT, stamps.BEGINNING) == after(-60_000)
    assert stamps.taken(after(year_ms - 60_000), after(year_ms), MOMENT, after(-30_000)) == after(-30_000)
    assert stamps.taken(after(year_ms + 10**9), after(year_ms), MOMENT, stamps.BEGINNING) == after(DRIFT_MS_MAX)


def test_a_request_was_made_when_its_clock_says_but_never_after_it_was_received() -> None:
    assert stamps.corrected_now(after(-1), MOMENT) == after(-1)
    assert stamps.corrected_now(after(1), MOMENT) == MOMENT
