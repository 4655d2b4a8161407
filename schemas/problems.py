"""One thing that is wrong with the values of a record, said so that a person can mend it."""

from dataclasses import dataclass

UNKNOWN_FIELD = "unknown-field"
INVALID = "invalid"
IDENTITY_NUMBER = "identity-number"
"""A warning alone: it keeps nothing from being saved."""


@dataclass(frozen=True, slots=True)
class Problem:
    """`code` is one of those above, `field` a path like `parties.0.name`; `zh` and `en` name it by its label."""

    code: str
    field: str
    zh: str
    en: str
