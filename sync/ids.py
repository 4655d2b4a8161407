"""Names of edits, records and conflicts: UUIDs in their canonical lower-case text."""

import re
import uuid
from typing import TypeGuard

from schemas import forms

EDIT_NAME, RECORD_ID, PERSON_ID = map(re.compile, (forms.UUID_V7, forms.UUID, forms.NAME))

_RANDOM_BITS = 74


def edit_name(now_ms: int, random_bits: int) -> str:
    """A UUIDv7 (RFC 9562 section 5.7) of a moment in milliseconds since 1970 and 74 bits: random ones, behind a counter
    where names of one millisecond are to be in order."""
    tail = random_bits & ((1 << _RANDOM_BITS) - 1)
    value = (now_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (tail >> 62) << 64 | 0b10 << 62 | tail & ((1 << 62) - 1)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def is_edit_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and EDIT_NAME.fullmatch(value) is not None


def is_record_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and RECORD_ID.fullmatch(value) is not None


def is_person_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and PERSON_ID.fullmatch(value) is not None


def conflict_id(record: str, field: str) -> str:
    """A conflict is named by its record and field, so every order of arrival names it alike (UUIDv5)."""
    return str(uuid.uuid5(uuid.UUID(record), field))
