"""Where a record stands, and stood: under its unit and its assignee, as spans of keys.

Where edits that name each other leave no unit standing, the record stands where its creation put it.

A key's span runs from the stamp of the edit that gave it (a creation's from the beginning) until the server received
the edit that ended it. A key that an admitted edit gave, but that is not shown, had its span too: it was given, on
some tablet, and late work of that time must find it. So which moments the spans hold does not depend on the order in
which the edits arrive.
"""

from collections.abc import Mapping

from schemas.catalog import Catalog, RecordType
from schemas.rules import WORKFLOW_REGISTER
from schemas.workflow import Workflow
from sync import stamps
from sync.edits import Do, Edit
from sync.records import Record
from sync.scope import Span
from sync.showing import shown_first
from sync.touches import rule_of

Since = Mapping[str, str]
"""From when, by key."""


def placement(
    record: Record, before: tuple[Span, ...], edit: Edit | None, now: str, catalog: Catalog, workflow: Workflow
) -> tuple[Span, ...]:
    """The spans of a record after an edit of it was admitted (None: refused) at the server's stamp `now`."""
    record_type = catalog.types[record.type]
    given = {} if edit is None else _given(edit, record_type, now)
    if edit is not None and edit.do is Do.CREATE and not record.registers:
        # The first creation, as nearly always: it stands where that says.
        return tuple(Span(key, since) for key, since in given.items())
    if edit is not None and edit.do is Do.CHANGE and not may_move(edit, record_type):
        return before
    shown = _shown(record, record_type, now, workflow)
    if not any(key.startswith("unit:") for key in shown):
        shown |= _begun(before, given)
    return moved(before, shown, given, now)


def moved(before: tuple[Span, ...], shown: Since, given: Since, now: str) -> tuple[Span, ...]:
    """The spans after the record came to be shown under the keys `shown`, by an edit that gave the keys `given`."""
    # Exclusive, and what came together with the edit that ended it was made before.
    until = stamps.tick(now, 0)
    spans = list[Span]()
    for span in before:
        if span.until is None and span.value not in shown:
            spans.append(Span(span.value, span.since, until))
        elif span.until is None:
            spans.append(Span(span.value, min(span.since, shown[span.value], given.get(span.value, span.since))))
        else:
            spans.append(span)
    standing = {span.value for span in before if span.until is None}
    spans += [Span(key, min(since, given.get(key, since))) for key, since in shown.items() if key not in standing]
    for key, since in given.items():
        if not any(span.value == key and span.since <= since and span.until in (None, until) for span in spans):
            spans.append(Span(key, since, until))
    # A key that came and went more than once until now has ended once.
    return tuple(dict.fromkeys(spans))


def _shown(record: Record, record_type: RecordType, now: str, workflow: Workflow) -> dict[str, str]:
    origins = {origin.edit for origin in record.origins}
    found: dict[str, str] = {}
    for register in placing_registers(record_type):
        siblings = shown_first(record.register(register).siblings, rule_of(record_type, register), workflow)
        key = _key(record_type, register, siblings[0].value) if siblings else None
        if key is not None:
            found[key] = stamps.BEGINNING if siblings[0].edit in origins else min(siblings[0].at, now)
    return found


def _begun(before: tuple[Span, ...], given: Since) -> dict[str, str]:
    """The units under which a record was created: by its spans, since a register keeps no value that is covered."""
    begun = {span.value for span in before if span.since == stamps.BEGINNING}
    begun |= {key for key, since in given.items() if since == stamps.BEGINNING}
    return {key: stamps.BEGINNING for key in begun if key.startswith("unit:")}


def _given(edit: Edit, record_type: RecordType, now: str) -> dict[str, str]:
    placing = placing_registers(record_type)
    keys = [_key(record_type, touch.register, touch.value) for touch in edit.touches if touch.register in placing]
    since = stamps.BEGINNING if edit.do is Do.CREATE else min(edit.at, now)
    return {key: since for key in keys if key is not None}


def may_move(edit: Edit, record_type: RecordType) -> bool:
    """Whether an edit gives a value that places its record."""
    placing = placing_registers(record_type)
    return any(touch.register in placing for touch in edit.touches)


def placing_registers(record_type: RecordType) -> list[str]:
    """The registers whose values place a record: only an edit that touches one can move it."""
    placing = [] if record_type.unit_field is None else [record_type.unit_field]
    return [*placing, WORKFLOW_REGISTER] if WORKFLOW_REGISTER in record_type.workflow_fields else placing


def _key(record_type: RecordType, register: str, value: object) -> str | None:
    if register == record_type.unit_field:
        return None if value is None else f"unit:{value}"
    assignee = value.get("assignee") if isinstance(value, Mapping) else None
    return None if assignee is None else str(assignee)
