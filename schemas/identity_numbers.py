"""Numbers of the form that identity cards have. No field holds one, and one that is typed into a text is warned about;
what was typed is saved all the same: whether it is one, people know."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import fields

from schemas.catalog import RecordType
from schemas.kinds import ListOf, Part, Phone, Text
from schemas.messages import Path, sentence
from schemas.problems import IDENTITY_NUMBER, Problem

_CHARS = 18
_FORM = re.compile(
    r"(?<![0-9])"
    r"[1-9][0-9]{5}"  # Where it was given out,
    r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"  # the day of birth,
    r"[0-9]{3}[0-9Xx]"  # a number of that day, and the check digit.
    r"(?![0-9])"
)


def has_identity_number(text: str) -> bool:
    """Whether a text holds a number of the form of GB 11643, with the right check digit; also in full-width digits."""
    if len(text) < _CHARS:
        return False
    return any(_is_checked(found) for found in _FORM.findall(unicodedata.normalize("NFKC", text)))


def identity_numbers(record_type: RecordType, values: Mapping[str, object]) -> list[Problem]:
    """A warning for each text among valid values of a record that holds such a number; it never says the number."""
    schema = record_type.schema()
    paths = [path for name, value in values.items() for path in _holding(schema.fields.get(name), value, (name,))]
    return [
        Problem(
            IDENTITY_NUMBER,
            ".".join(map(str, path)),
            sentence("identity_number", schema, path, "zh"),
            sentence("identity_number", schema, path, "en"),
        )
        for path in paths
    ]


def _holding(declared: "fields.Field[Any] | None", value: object, path: Path) -> Iterator[Path]:
    """The paths of the texts that hold one. (The code of a micro-grid has as many digits; it is no text.)"""
    match declared:
        case Text() | Phone() if isinstance(value, str) and has_identity_number(value):
            yield path
        case ListOf() if isinstance(value, list):
            for place, each in enumerate(value):
                yield from _holding(declared.inner, each, (*path, place))
        case Part() if isinstance(value, Mapping):
            for name, each in value.items():
                yield from _holding(declared.schema.fields.get(name), each, (*path, name))
        case _:
            return


def _is_checked(number: str) -> bool:
    """Whether the last digit is right: ISO 7064, MOD 11-2."""
    total = 0
    for digit in number:
        total = (total * 2 + (10 if digit in "Xx" else int(digit))) % 11
    return total == 1
