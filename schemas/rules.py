"""How a field is merged and how carefully it is shown: what a schema says of each of its fields besides its type."""

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """How values that were written at the same time are settled (the table "Merge" in docs/)."""

    NEWEST = "newest"  # the highest stamp is shown, never a conflict
    REVIEW = "review"  # the highest stamp is shown, a conflict while values differ
    TEXT = "text"  # like review, with a suggested merge by sentence
    SET = "set"  # one register a value: in, if any sibling says in
    WORKFLOW = "workflow"  # status, tier and assignee: one group, always carried whole
    SERVER = "server"  # written by the server's own edits only
    ONCE = "once"  # said at creation and never changed


class Sensitivity(StrEnum):
    """How a value is treated in lists, exports and logs."""

    OPEN = "open"
    PERSONAL = "personal"  # about a person or a home; shown to whoever may see the record
    SENSITIVE = "sensitive"  # phones, names of parties, health-related needs: masked by default


WORKFLOW_REGISTER = "status"
"""The one register that holds a record's status, tier and assignee together."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What merging, permissions and screens need to know of one field of a record type.

    `register` is the field's name, or `status` for the workflow group; the registers of a `set` field are
    `{name}/{value}`, one a value. `link` is the type of the record whose id the value is.
    """

    name: str
    rule: Rule
    sensitivity: Sensitivity
    register: str
    link: str | None
    required: bool
    zh: str
    en: str


def held_as(
    rule: Rule,
    sensitivity: Sensitivity,
    *,
    zh: str,
    en: str,
    link: str | None = None,
) -> dict[str, object]:
    """The metadata of a record's field."""
    return {"rule": rule, "link": link, **labelled(zh=zh, en=en, sensitivity=sensitivity)}


def labelled(*, zh: str, en: str, sensitivity: Sensitivity = Sensitivity.OPEN) -> dict[str, object]:
    """The metadata of a part of a field (a party's name), or of a member of a wire shape: merged with the whole."""
    return {"zh": zh, "en": en, "sensitivity": sensitivity, **explained(zh=zh, en=en)}


def explained(*, zh: str, en: str) -> dict[str, object]:
    """The metadata of a parameter of a query: it has no label, a problem calls it by the name that its caller wrote."""
    return {"description": f"{en} {zh}"}
