"""Cursors and marks: opaque to a tablet, and only those that were given out are taken."""

import base64
import json

import pytest

from sync import cursor as cursors
from sync.cursor import Cursor, CursorUnknownError, Mark
from sync.limits import INTEGER_MAX

CURSOR = Cursor(9, 8, "ab", "digest", ("unit:532329101003001",), 4)


def test_a_cursor_and_its_mark_are_read_back() -> None:
    assert cursors.cursor(cursors.encode(CURSOR)) == CURSOR
    assert cursors.mark(cursors.encode(CURSOR.mark)) == Mark(8, "ab")


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
        text(-1, "ab"),
        text(True, "ab"),
        text(INTEGER_MAX + 1, "ab"),
        text(9, 8, "ab", "digest", ["unit:1", 7], 4),
        text(9, 8, "ab", "digest", [], -4),
        text(9, 8, "ab", "digest", ["\ud800"], 4),
        text(9, "ab", separators=(", ", ":")),
        text(9, "ab") + "=",
    ],
)
def test_any_other_text_is_unknown(unknown: str) -> None:
    for read in (cursors.cursor, cursors.mark):
        with pytest.raises(CursorUnknownError):
            read(unknown)
