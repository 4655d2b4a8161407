"""A conflict is a record of its own, one a record and field, and a function of the admitted edits like the record.

However many wrote, and however much, its document is bounded: it must fit a page with others, on every tablet around.
"""

from collections.abc import Iterable, Sequence

from schemas.rules import Rule
from schemas.workflow import Workflow
from sync import limits
from sync.lines import Values, canonical
from sync.registers import Register, Sibling
from sync.showing import in_conflict, shown_first
from sync.suggestion import suggested


def conflict(
    record_type: str, record: str, field: str, register: Register, rule: Rule, workflow: Workflow
) -> Values | None:
    """The conflict's document, or None where nobody disagrees and nobody ever settled."""
    is_open = in_conflict(register.siblings, rule, workflow)
    if not is_open and not register.settlements:
        return None
    ordered = shown_first(register.siblings, rule, workflow)
    latest_first = reversed(register.settlements)
    document: dict[str, object] = {
        "record_type": record_type,
        "record": record,
        "field": field,
        "status": "open" if is_open else "settled",
        "siblings": _members(ordered[: limits.SIBLINGS_LISTED_MAX]),
        "settlements": _members(latest_first)[::-1],
    }
    if len(ordered) > limits.SIBLINGS_LISTED_MAX:
        document["unlisted"] = len(ordered) - limits.SIBLINGS_LISTED_MAX
    suggestion = _suggestion(register.siblings) if is_open and rule is Rule.TEXT else None
    if suggestion is not None:
        document["suggestion"] = suggestion
    return document


def _members(siblings: Iterable[Sibling]) -> list[Values]:
    """Each with its value, as far as there is room for that beside those before it."""
    members: list[Values] = []
    left_bytes = limits.CONFLICT_VALUES_BYTES_MAX
    for sibling in siblings:
        value_bytes = len(canonical(sibling.value).encode())
        fits = value_bytes <= left_bytes
        left_bytes -= value_bytes if fits else 0
        value = {"value": sibling.value} if fits else {"cut": True}
        members.append({"edit": sibling.edit, **value, "at": sibling.at, "by": sibling.by})
    return members


def _suggestion(siblings: Sequence[Sibling]) -> str | None:
    """One text with everybody's changes, where all started from the same text and their changes stand together."""
    match [(sibling.value, sibling.was) for sibling in siblings]:
        case [(str(one), str(base)), (str(other), str(also))] if base == also:
            return suggested(base, one, other)
        case _:
            return None
