"""Stamps order as their moments do, and the clock of a tablet can neither lose work nor carry it far ahead."""

from hypothesis import assume, given
from hypothesis import strategies as st

from sync import stamps
from sync.limits import DRIFT_MS_MAX

LAST_MS = stamps.milliseconds("9999-12-31T23:59:59.000Z-0000")
moments = st.integers(0, LAST_MS) | st.integers(1_790_000_000_000, 1_790_000_600_000)
counters = st.integers(0, 0xFFFF) | st.sampled_from((0, 0xFFFE, 0xFFFF))
some_stamps = st.builds(stamps.stamp, moments, counters)


@given(some_stamps, moments)
def test_a_tick_is_later_than_what_was_before_whatever_the_clock_says(last: str, now_ms: int) -> None:
    following = stamps.tick(last, now_ms)

    assert stamps.is_stamp(following)
    assert following > last
    assert following >= stamps.stamp(now_ms)
    assert stamps.milliseconds(following) <= max(now_ms, stamps.milliseconds(last) + 1)


@given(moments, counters, moments, counters)
def test_stamps_order_as_text_as_their_moments_and_counters_do(a: int, m: int, b: int, n: int) -> None:
    assert (stamps.stamp(a, m) < stamps.stamp(b, n)) == ((a, m) < (b, n))


@given(moments, counters)
def test_a_stamp_says_its_moment(now_ms: int, counter: int) -> None:
    made = stamps.stamp(now_ms, counter)

    assert stamps.is_stamp(made)
    assert stamps.milliseconds(made) == now_ms


@given(some_stamps, some_stamps, some_stamps, some_stamps)
def test_the_stamp_taken_is_never_far_ahead_and_never_before_the_floor(
    at: str, now: str, receipt: str, floor: str
) -> None:
    assume(floor <= receipt)

    found = stamps.taken(at, now, receipt, floor)

    assert stamps.is_stamp(found)
    assert stamps.milliseconds(found) <= stamps.milliseconds(receipt) + DRIFT_MS_MAX
    assert found >= min(floor, at)
    assert found <= max(at, floor)
    if at <= receipt:
        assert found == at


@given(moments, st.integers(DRIFT_MS_MAX + 1, 10**11), st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_work_under_a_clock_that_runs_ahead_keeps_its_order_and_its_true_times(
    receipt_ms: int, ahead_ms: int, ages: list[int]
) -> None:
    assume(receipt_ms > 10**10 and receipt_ms + ahead_ms < LAST_MS)
    receipt, now = stamps.stamp(receipt_ms), stamps.stamp(receipt_ms + ahead_ms)
    true_ms = [receipt_ms - age for age in sorted(ages, reverse=True) if age < ahead_ms]

    found = [stamps.taken(stamps.stamp(each + ahead_ms, 7), now, receipt, stamps.stamp(0)) for each in true_ms]

    assert found == [stamps.stamp(each, 7) for each in true_ms]


@given(some_stamps, some_stamps)
def test_the_moment_of_a_request_is_never_later_than_its_receipt(now: str, receipt: str) -> None:
    assert stamps.corrected_now(now, receipt) == min(now, receipt)


@given(st.text(max_size=40) | st.none() | st.integers() | some_stamps)
def test_whatever_is_taken_for_a_stamp_says_a_moment(value: object) -> None:
    if stamps.is_stamp(value):
        assert stamps.stamp(stamps.milliseconds(value), int(value[25:], 16)) == value or value < stamps.stamp(0)
