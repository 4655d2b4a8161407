"""Where edits are made: each is one line appended and one view made anew, in one transaction."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from client_sdk import composition
from client_sdk.composition import Author, Known, Siblings
from client_sdk.defaults import Moment, filled
from client_sdk.errors import DealtWithError, RecordUnknownError, RevokedError, StoreMissingError
from client_sdk.outbox import Line, Outbox, read_all
from client_sdk.record import Record
from client_sdk.schema import Meta
from client_sdk.stamping import KEPT, Clock, StampClock
from client_sdk.store import Store
from client_sdk.values import wire_values
from client_sdk.views import Views
from schemas.catalog import CATALOG, RecordType
from sync import ids, lines, stamps
from sync.lines import same
from sync.overlay import overlaid

NAME_RANDOM_BITS = 58
"""Behind the counter of a stamp, within a millisecond's names."""
# Asked of every edit, so in one statement.
_AUTHOR = f"""SELECT (SELECT json_extract(value, '$.id') FROM meta WHERE key = '{Meta.PERSON}'),
    {KEPT}"""  # noqa: S608 - our own keys


class Desk:
    """The store with all that saving needs. Every method here is safe to call from any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.outbox = Outbox(store)
        self.views = Views(store, self.outbox)
        self.clock = StampClock(store, clock)

    @property
    def person(self) -> Mapping[str, Any]:
        """Who works here. Raises RevokedError on a tablet that was wiped, StoreMissingError before the enrolment."""
        person: Mapping[str, Any] = json.loads(self._enrolled(self.store.meta(Meta.PERSON)))
        return person

    def _enrolled(self, text: str | None) -> str:
        """What the store says of who works here."""
        if text is None:
            if self.store.meta(Meta.REVOKED) is not None:
                raise RevokedError(wiped=True)
            raise StoreMissingError
        return text

    @property
    def roles(self) -> frozenset[str]:
        """Those of who works here, as the center said them last; empty where it did not."""
        roles = self.person.get("roles")
        return frozenset(roles if isinstance(roles, list) else ())

    @property
    def scope(self) -> tuple[str, ...]:
        return tuple(json.loads(self.store.meta(Meta.SCOPE) or "[]"))

    def record(self, record_type: str, record: str) -> Record:
        """Raises RecordUnknownError."""
        found = self.views.get(record_type, record)
        if found is None:
            raise RecordUnknownError
        return found

    def create(self, record_type: str, values: Mapping[str, object]) -> Record:
        """Saves a creation. Raises InvalidError and saves nothing where a value is not as it must be."""
        with self.store.transaction():
            given = wire_values(CATALOG.types[record_type], values)
            author = self._author()
            moment = Moment(author.now_ms, author.person, given.get("unit") or self._grid(given))
            return self._create(record_type, filled(record_type, given, moment), author)

    def create_instead(self, record_type: str, record: str, values: Mapping[str, object], refused: str) -> Record:
        """Saves a creation that takes the place of the refused one of `record`, with `values` in place of its own.

        Changes that wait for the record named the refused creation, not this one: it says what they say, so that the
        two agree, and what `values` says otherwise is said once more, over both. Raises InvalidError, DealtWithError.
        """
        kind = CATALOG.types[record_type]
        with self.store.transaction():
            given = wire_values(kind, values)
            waiting = self._as_waiting(record, refused, kind)
            self._deal_with(refused)
            self._create(record_type, {**waiting, **given}, self._author(), record)
            shown = self.record(record_type, record)
            differing = {field: value for field, value in given.items() if not same((shown.document.get(field), value))}
            return self.change(record_type, record, differing)

    def _as_waiting(self, record: str, refused: str, kind: RecordType) -> dict[str, Any]:
        """What a refused creation said, with the changes that wait for it; but a status starts at the start."""
        kept = self.outbox.find(refused)
        if kept is None:
            raise DealtWithError
        members: dict[str, Any] = lines.read(kept.line.line)
        said = members["now"]
        shown = overlaid(None, [*read_all([kept.line]), *self.outbox.overlay(kind.name, record)], CATALOG)
        start = {field: said.get(field) for field in kind.workflow_fields}
        return {**said, **(shown.document if shown else {}), **start}

    def _grid(self, values: Mapping[str, Any]) -> str | None:
        """A record is made in the one grid of the scope, else (a visit) where its household lives."""
        grids = [key.removeprefix("unit:") for key in self.scope if key.startswith("unit:")]
        if len(grids) == 1:
            return grids[0]
        household = self.views.get("household", str(values.get("household")))
        return household.document.get("unit") if household else None

    def _deal_with(self, refused: str) -> None:
        """Takes a refused edit off its author's list. Raises DealtWithError where it is not on it."""
        self.store.require_place()
        if not self.outbox.discard(refused):
            raise DealtWithError

    def _create(self, record_type: str, values: Mapping[str, Any], author: Author, mends: str | None = None) -> Record:
        made = composition.creation(CATALOG.types[record_type], values, author, mends)
        self.outbox.append(Line(author.edit, record_type, mends or author.edit, made.line), author.at)
        # A new name: but for what it mends, nothing else here can be about this record.
        return self.views.begin(record_type, made) if mends is None else self._show(record_type, mends)

    def change(
        self,
        record_type: str,
        record: str,
        values: Mapping[str, object],
        *,
        settles: Sequence[str] = (),
        instead_of: str | None = None,
    ) -> Record:
        """Saves a change of what differs from the view, or nothing where nothing does.

        `instead_of` names the refused edit that it takes the place of. Raises RecordUnknownError, InvalidError."""
        with self.store.transaction():
            shown = self.record(record_type, record)
            given = wire_values(CATALOG.types[record_type], values)
            change = composition.change(self._known(shown), given, settles)
            if not change.is_empty:
                edit = change.edit(shown, self._author())
                self.outbox.append(Line(edit.name, record_type, record, edit.line), edit.at)
                shown = self._show(record_type, record)
            if instead_of is not None:
                self._deal_with(instead_of)
            return shown

    def discard(self, refused: str) -> None:
        """Raises DealtWithError where the edit is not refused (any more)."""
        with self.store.transaction():
            self._deal_with(refused)

    def _author(self) -> Author:
        self.store.require_place()
        person, *kept = self.store.rows(_AUTHOR)[0]
        now_ms, stamp = self.clock.next(*kept)
        return Author(self._enrolled(person), now_ms, _name(stamp), stamp)

    def _show(self, record_type: str, record: str) -> Record:
        """The record with an edit that was just made of it."""
        self.views.refresh([(record_type, record)])
        return self.record(record_type, record)

    def _known(self, shown: Record) -> Known:
        return Known(shown, self._conflicts(shown.id), self.roles)

    def _conflicts(self, record: str) -> dict[str, Siblings]:
        """The open conflicts of a record, by register."""
        found = self.views.select("conflict", {"record": record, "status": "open"}, removed=True)
        return {
            conflict.document["field"]: {
                each["edit"]: each.get("value") for each in conflict.document["siblings"] if not each.get("cut")
            }
            for conflict in found
        }

    def settled_here(self, record_type: str, record: str) -> frozenset[str]:
        """The registers of a record that an edit made here settles, which the feed has not brought back yet."""
        return frozenset(
            touch.register
            for edit in self.outbox.overlay(record_type, record)
            for touch in edit.touches
            if touch.settles
        )

    def edits_of(self, record_type: str, record: str) -> list[tuple[Line, str]]:
        """What this tablet still has of its own work on a record: each line with its state, oldest first."""
        return [(kept.line, kept.state) for kept in self.outbox.of_record(record_type, record) if read_all([kept.line])]


def _name(stamp: str) -> str:
    """A new name for the edit of a stamp. Names sort as the stamps do, so that records stand in the order in which
    they were made."""
    counter, random = stamps.counter(stamp), secrets.randbits(NAME_RANDOM_BITS)
    return ids.edit_name(stamps.milliseconds(stamp), counter << NAME_RANDOM_BITS | random)
