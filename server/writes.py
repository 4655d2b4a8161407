"""What a worked batch writes: record versions, conflicts, held edits, children moved along, departures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import sqlalchemy as sa

from server.store import records
from server.store.flight import Sender, ask
from server.store.ledger import Ledger
from server.store.records import Stored, Writes
from sync import records as engine
from sync import scope
from sync.answers import ENDED, MOVED
from sync.batch import Batch, Decision
from sync.codes import Result
from sync.ids import conflict_id
from sync.lines import Values, canonical
from sync.scope import Span
from sync.stamps import instant
from sync.world import Placed, World


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it was and is: rows are made from the difference."""

    before: Placed | None
    after: Placed

    @property
    def id(self) -> str:
        return self.after.record.id


@dataclass(frozen=True, slots=True)
class Draft:
    """A changed record's row without its revision, and its conflicts by field, before and now."""

    change: Change
    row: Stored
    were_conflicts: Mapping[str, Values]
    conflicts: Mapping[str, Values]

    @classmethod
    def of(cls, change: Change, world: World) -> "Draft":
        made, before = change.after.record, change.before
        row = records.stored(change.after, world.document(made), engine.dots(made, world.catalog, world.workflow))
        were = {} if before is None else engine.conflicts(before.record, world.catalog, world.workflow)
        return cls(change, row, were, engine.conflicts(made, world.catalog, world.workflow))


Drafts = Mapping[str, Draft]
"""By record."""


def drafted(batch: Batch, earlier: Drafts = MappingProxyType({})) -> Drafts:
    """What can be made of the changed records before the county is locked: where `earlier` drafts are of the same
    versions, those."""
    world, drafts = batch.world, {}
    for identity, before in batch.changed.items():
        after, draft = world.records[identity], earlier.get(identity)
        if draft is None or draft.change.after is not after:
            draft = Draft.of(Change(before, after), world)
        drafts[identity] = draft
    return drafts


def write(
    connection: sa.Connection,
    sender: Sender,
    ledger: Ledger,
    batch: Batch,
    drafts: Drafts,
    decisions: Iterable[Decision],
    held_before: Mapping[str, str],
) -> None:
    """Writes the records that a batch changed. Log lines have been appended to the ledger already.

    `drafts` may be older than the docket. `decisions`: those that were logged; `held_before`: the edits that were held
    before, with when each was received."""
    newest = list(drafted(batch, drafts).values())
    _Writer(connection, sender, ledger, batch.world).write(newest, decisions, held_before)


class _Writer:
    def __init__(self, connection: sa.Connection, sender: Sender, ledger: Ledger, world: World) -> None:
        self.connection, self.sender, self.ledger, self.world = connection, sender, ledger, world
        self.writes = Writes(ledger.county.code)
        self.written: set[tuple[str, str]] = set()
        self.changed: dict[str, Change] = {}

    def write(self, drafts: list[Draft], decisions: Iterable[Decision], held_before: Mapping[str, str]) -> None:
        changes = [draft.change for draft in drafts]
        self.changed = {change.id: change for change in changes}
        for draft in drafts:
            self._record(draft)
        for draft in drafts:
            self._conflicts(draft)
        self._children({change.id: change for change in changes if self._has_moved(change)})
        self._held_edits(
            [each for each in decisions if each.result is Result.HELD or each.arrival.name in held_before], held_before
        )
        self.writes.write(self.connection, self.sender)

    def _put(self, row: Stored, standing: Iterable[Span], ended: Iterable[Span] = ()) -> None:
        self.writes.put(row, self.ledger.next_revision(), standing)
        self.written.add(row.identity)
        for span in ended:
            self.writes.depart(row, self.ledger.next_revision(), span, MOVED)

    def _record(self, draft: Draft) -> None:
        change, made = draft.change, draft.change.after.record
        self._put(draft.row, self._standing(change.after), self._ended(change))
        self.writes.remember(change.before.record if change.before else None, made)
        known = change.before.placement if change.before else ()
        for span in change.after.placement:
            if span.until is not None and span not in known:
                self.writes.end(made.id, span)

    def _standing(self, placed: Placed) -> list[Span]:
        """Where a record stands now: a child where its parent does."""
        if placed.parent is not None:
            placed = self.world.records[placed.parent]
        return [span for span in placed.placement if span.until is None]

    def _ended(self, change: Change) -> list[Span]:
        """The spans of keys that the record was under before, and is no longer. A child was where its former parent
        was, and is where its parent is."""
        if change.before is None:
            return []
        now = {span.value for span in self._standing(change.after)}
        return [span for span in self._stood(change.before) if span.value not in now]

    def _stood(self, before: Placed | None) -> list[Span]:
        """Where a record stood before the batch, which may have moved its parent too."""
        if before is not None and before.parent is not None:
            parent = self.changed.get(before.parent)
            before = self.world.records[before.parent] if parent is None else parent.before
        return [] if before is None else [span for span in before.placement if span.until is None]

    def _has_moved(self, change: Change) -> bool:
        return change.before is not None and scope.standing(change.before.placement) != scope.standing(
            change.after.placement
        )

    def _conflicts(self, draft: Draft) -> None:
        change = draft.change
        for name in sorted({*draft.were_conflicts, *draft.conflicts}):
            was, now = draft.were_conflicts.get(name), draft.conflicts.get(name)
            if now is not None and was is not None and canonical(was) == canonical(now):
                continue
            row = self._conflict_row(
                change, name, now if now is not None else was or {}, ENDED if now is None else None
            )
            self._put(row, self._standing(change.after), self._ended(change))

    def _conflict_row(self, change: Change, name: str, document: Values, gone: str | None) -> Stored:
        made = change.after.record
        origin = made.origins[0]
        return Stored(
            type="conflict",
            id=conflict_id(made.id, name),
            document=records.text(document),
            made_at=origin.at,
            made_by=origin.by,
            parent=made.id,
            gone=gone,
        )

    def _children(self, moved: Mapping[str, Change]) -> None:
        """What stands under a moved record moves along, with revisions of its own."""
        if not moved:
            return
        for row in records.children(self.connection, self.ledger.county.code, moved):
            if row.identity not in self.written and row.parent is not None and row.gone is None:
                change = moved[row.parent]
                self._put(row, self._standing(change.after), self._ended(change))

    def _held_edits(self, decisions: list[Decision], held_before: Mapping[str, str]) -> None:
        """A held edit is a record that its author and the staff of its author's units see, to the end."""
        again = [("held", each.arrival.name) for each in decisions if each.arrival.name in held_before]
        stood = ask(self.connection, records.placements(self.ledger.county.code, again))
        for decision in decisions:
            name, line = decision.arrival.name, decision.arrival.line
            row = Stored(
                type="held",
                id=name,
                document=records.text(self._held_document(decision, held_before.get(name))),
                made_at=line.at or self.ledger.receipt,
                made_by=line.by or "",
            )
            standing = [Span(key) for key in self._held_keys(line.by or "", decision.arrival.judged)]
            # Another unit, where what is known of that time was corrected since.
            self._put(row, standing, [span for span in stood.get(name, ()) if span not in standing])

    def _held_document(self, decision: Decision, received: str | None) -> Values:
        line = decision.arrival.line
        document = {
            "edit": decision.arrival.name,
            "by": line.by,
            "record_type": line.type,
            "record": decision.record,
            "result": decision.result,
            "code": decision.code,
            "field": decision.field,
            "received_at": received or instant(self.ledger.receipt_ms),
        }
        return {name: value for name, value in document.items() if value is not None}

    def _held_keys(self, author: str, judged: str) -> list[str]:
        person, units = self.world.people.get(author), set[str]()
        if person is not None:
            at = person.rights_at(judged, self.world.now)
            units = {each.unit for each in person.assignments if each.holds(at)}
        # Of one who belonged nowhere, the county's own staff see it.
        units = units or {unit for unit in [self.world.units.root] if unit is not None}
        return [f"person:{author}", *(f"staff:{unit}" for unit in sorted(units))]
