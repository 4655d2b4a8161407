"""A conflict is a record of its own, one a record and field, and a function of the admitted edits like the record."""

from collections.abc import Sequence

from schemas.rules import Rule
from schemas.workflow import Workflow
from sync.lines import Values
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
    document: dict[str, object] = {
        "record_type": record_type,
        "record": record,
        "field": field,
        "status": "open" if is_open else "settled",
        "siblings": [_member(sibling) for sibling in shown_first(register.siblings, rule, workflow)],
        "settlements": [_member(sibling) for sibling in register.settlements],
    }
    suggestion = _suggestion(register.siblings) if is_open and rule is Rule.TEXT else None
    if suggestion is not None:
        document["suggestion"] = suggestion
    return document


def _member(sibling: Sibling) -> Values:
    return {"edit": sibling.edit, "value": sibling.value, "at": sibling.at, "by": sibling.by}


def _suggestion(siblings: Sequence[Sibling]) -> str | None:
    """One text with everybody's changes, where all started from the same text and their changes stand together."""
    match [(sibling.value, sibling.was) for sibling in siblings]:
        case [(str(one), str(base)), (str(other), str(also))] if base == also:
            return suggested(base, one, other)
        case _:
            return None
