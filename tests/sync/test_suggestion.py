"""Suggested merges of texts, by sentence."""

import pytest

from sync.suggestion import COMPARED_MAX, suggested


@pytest.mark.parametrize(
    ("base", "one", "other", "merged"),
    [
        ("狗叫。门坏。", "狗不叫。门坏。", "狗叫。门修好了。", None),
        ("狗叫。门坏。", "狗不叫。门坏。", "狗叫。门坏。渠堵。", "狗不叫。门坏。渠堵。"),
        ("狗叫。夜里。门坏。", "狗不叫。夜里。门坏。", "狗叫。夜里。门修好了。", "狗不叫。夜里。门修好了。"),
        ("A. B! C? D", "A. B! C? E", "Z! A. B! C? D", "Z! A. B! C? E"),
        ("一;二；三\n四", "一;二；三\n四五", "零;二；三\n四", "零;二；三\n四五"),
        ("狗叫。", "狗叫。门坏。", "狗叫。门坏。", "狗叫。门坏。"),
        ("狗叫。", "狗叫。门坏。", "狗叫。渠堵。", None),
        ("狗叫！夜里！", "狗叫！", "狗叫！", "狗叫！"),
        ("", "新。", "", "新。"),
        ("", "新。", "旧。", None),
    ],
)
def test_changes_stand_together_where_they_do_not_touch(base: str, one: str, other: str, merged: str | None) -> None:
    assert suggested(base, one, other) == merged
    assert suggested(base, other, one) == merged


def test_too_much_that_differs_is_not_compared() -> None:
    base = "".join(f"{n}。" for n in range(COMPARED_MAX + 1))
    changed = base.replace("0。", "x。", 1).replace(f"{COMPARED_MAX}。", "y。")

    assert suggested(base, changed, base) is None
    assert suggested(base, base, changed) is None
    assert suggested(base, base.replace("0。", "x。", 1), base + "z。") == base.replace("0。", "x。", 1) + "z。"


def test_a_text_made_to_be_slow_is_not() -> None:
    assert suggested("a。b。" * 5000, "b。a。" * 5000, "a。" * 9000) is None
