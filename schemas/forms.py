"""The forms of texts that are written in one way only, as patterns of the whole text."""

from datetime import date, datetime

from schemas import limits

NAME = rf"[A-Za-z0-9._-]{{1,{limits.NAME_CHARS_MAX}}}"
"""The id of a person or a body, the code of a unit."""
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
SECOND = DAY + r"T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
STAMP = SECOND + r"\.[0-9]{3}Z-[0-9a-f]{4}"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UUID_V7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def is_real_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_real_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_real_stamp(text: str) -> bool:
    return is_real_instant(text.rpartition("-")[0])
