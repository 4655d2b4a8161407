"""What a tablet shows: the server's record, and on top its own edits that the feed has not brought back yet."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from schemas.catalog import Catalog, RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from sync.edits import Do, Edit
from sync.lines import Values
from sync.records import EVERY_REGISTER
from sync.touches import Touch, rule_of

Dots = Mapping[str, list[str]]
Back = AbstractSet[tuple[str, str]]
"""Registers with edits that the feed has brought back in them."""


@dataclass(frozen=True, slots=True)
class View:
    """A record as its user sees it: its document, and the siblings of its registers (shown first)."""

    id: str
    document: Values
    dots: Dots

    def siblings(self, register: str) -> list[str]:
        """The edits whose values stand in a register: what the next edit's `over` chooses from."""
        return list(self.dots.get(register) or self.dots.get(EVERY_REGISTER) or [self.id])


def overlaid(view: View | None, pending: Sequence[Edit], catalog: Catalog) -> View | None:
    """The view with one tablet's pending edits of it applied, given in the order they were made.

    Over nothing it is the identity. A change of a record that is not there shows nothing: it waits in the outbox for
    its record."""
    back = _brought_back(view, pending)
    # A creation that mends a refused one is younger than the changes that wait for it.
    for edit in sorted(pending, key=lambda each: each.do is Do.CHANGE):
        if edit.do is Do.CREATE:
            view = _created(edit, catalog.types[edit.type]) if view is None else view
        elif view is not None:
            view = _changed(view, edit, catalog.types[edit.type], back)
    return view


def begun(record: str, record_type: RecordType, now: Values) -> View:
    """The view of a creation that was just made, straight from the values that its line gives, which the schema has
    been asked about: what `overlaid` makes of nothing and that line."""
    document = dict(now)
    for field in record_type.set_fields:
        if isinstance(value := now.get(field), list):
            document[field] = sorted(set(value)) or None
    return View(record, _in_order(document, record_type), {})


def _brought_back(view: View | None, pending: Sequence[Edit]) -> Back:
    """What of the pending edits the view has already: those that stand in it, and in their registers those before.

    A tablet's edit covers all that it made before in the same register, be it through edits that were refused."""
    back: set[tuple[str, str]] = set()
    registers: set[str] = set()
    for edit in reversed(pending):
        for touch in edit.touches:
            if view is not None and edit.name in view.siblings(touch.register):
                registers.add(touch.register)
            if touch.register in registers:
                back.add((touch.register, edit.name))
    return back


def _created(edit: Edit, record_type: RecordType) -> View:
    document: dict[str, object] = {}
    for touch in edit.touches:
        _show(document, record_type, touch)
    return View(edit.record, _in_order(document, record_type), {} if edit.record == edit.name else {"*": [edit.name]})


def _changed(view: View, edit: Edit, record_type: RecordType, back: Back) -> View:
    document, dots = dict(view.document), dict(view.dots)
    for touch in edit.touches:
        if (touch.register, edit.name) in back:
            continue
        _show(document, record_type, touch)
        dots[touch.register] = [edit.name, *(name for name in view.siblings(touch.register) if name not in touch.over)]
    return View(view.id, _in_order(document, record_type), dots)


def _show(document: dict[str, object], record_type: RecordType, touch: Touch) -> None:
    rule = rule_of(record_type, touch.register)
    if rule is Rule.SET:
        field, _, member = touch.register.partition("/")
        standing = document.get(field)
        members = set(standing if isinstance(standing, list) else ()) - {member}
        document[field] = sorted(members | ({member} if touch.value else set()))
    elif touch.register == WORKFLOW_REGISTER and isinstance(touch.value, Mapping):
        document.update(touch.value)
    else:
        document[touch.register] = touch.value


def _in_order(document: Values, record_type: RecordType) -> Values:
    """Fields in the schema's order, absent ones left out; fields that this app does not know are carried along."""
    known = {field: document[field] for field in record_type.fields if document.get(field) is not None}
    return known | {field: value for field, value in document.items() if field not in record_type.fields}
