"""Cursors and marks: opaque to a tablet, and only those that were given out are taken."""

import base64
import json

import pytest

from sync import cursor as cursors
from sync.cursor import Cursor, CursorUnknownError, Mark
from sync.limits import CATCHING_UP_KEYS_PER_PAGE_MAX, INTEGER_MAX

TAG, DIGEST = "0123456789abcdef", "fedcba9876543210"
CURSOR = Cursor(9, 8, TAG, DIGEST, ("unit:990101101003001",), 4)


def test_a_cursor_and_its_mark_are_read_back() -> None:
    assert cursors.cursor(cursors.encode(CURSOR)) == CURSOR
    assert cursors.mark(cursors.encode(CURSOR.mark)) == Mark(8, TAG)
    beginning = Cursor(0, 0, TAG, "")
    assert cursors.cursor(cursors.encode(beginning)) == beginning


def test_many_keys_that_catch_up_are_those_of_a_set() -> None:
    many = Cursor(9, 8, TAG, DIGEST, ("unit:990101101003001",), 4, TAG, 128)
    assert cursors.cursor(cursors.encode(many)) == many


def test_a_page_s_keys_of_the_longest_names_fit_a_cursor() -> None:
    keys = tuple(f"staff:{number:064}" for number in range(CATCHING_UP_KEYS_PER_PAGE_MAX))
    longest = Cursor(INTEGER_MAX, INTEGER_MAX, TAG, DIGEST, keys, INTEGER_MAX, DIGEST, INTEGER_MAX)
    assert len(cursors.encode(longest)) < cursors.CURSOR_BYTES_MAX


def text(*values: object, separators: tuple[str, str] = (",", ":")) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, separators=separators).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "unknown",
    [
        "",
        "!",
        "é",
        "a" * (cursors.CURSOR_BYTES_MAX + 1),
        base64.urlsafe_b64encode(b"{}").decode(),
        base64.urlsafe_b64encode(b"[" * 90_000).decode(),
        text(),
        text(1, 2, 3),
        text(-1, TAG),
        text(True, TAG),
        text(INTEGER_MAX + 1, TAG),
        text(9, 8, TAG, DIGEST, ["unit:1", 7], 4),
        text(9, 8, TAG, DIGEST, [], -4),
        text(9, 8, TAG, DIGEST, ["unit:\ud800"], 4),
        text(9, 8, TAG, DIGEST, ["unit:1\0"], 4),
        text(9, 8, TAG, DIGEST, ["unit:"], 4),
        text(9, 8, TAG, DIGEST, [], 4, TAG),
        text(9, 8, TAG, DIGEST, [], 4, "", 1),
        text(9, 8, TAG, DIGEST, [], 4, TAG, -1),
        text(9, 8, TAG, DIGEST, ["anything"], 4),
        text(9, 8, TAG, "\0", [], 4),
        text(9, 8, TAG, DIGEST + "\n", [], 4),
        text(9, 8, TAG, "x" * 200_000, [], 4),
        text(9, 8, "\0" * 16, DIGEST, [], 4),
        text(9, 8, "", DIGEST, [], 4),
        text(9, "\0"),
        text(9, TAG, separators=(", ", ":")),
        text(9, TAG) + "=",
    ],
)
def test_any_other_text_is_unknown(unknown: str) -> None:
    for read in (cursors.cursor, cursors.mark):
        with pytest.raises(CursorUnknownError):
            read(unknown)
