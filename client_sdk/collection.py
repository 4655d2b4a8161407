"""The records of one type, as a screen works with them: all of it with no network, ever."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from client_sdk.desk import Desk
from client_sdk.errors import InvalidError
from client_sdk.record import Record
from client_sdk.values import wire_value
from schemas.catalog import CATALOG
from schemas.validation import problems
from sync import lines

Records: TypeAlias = list[Record]


@dataclass(frozen=True, slots=True)
class Deed:
    """One edit of this tablet's own. `state`: `new` (waiting), `acked`, `refused`, `held` or `discarded`; `now`, `was`,
    `add` and `remove` as its line says them."""

    edit: str
    at: str
    do: str
    state: str
    now: Mapping[str, Any]
    was: Mapping[str, Any]
    add: Mapping[str, Any]
    remove: Mapping[str, Any]


Deeds: TypeAlias = list[Deed]


class Collection:
    """All that is here raises StoreError, too, and InvalidError for a text that no store can hold (half a surrogate
    pair). What saves raises StoreMovedError where the store's file is no longer in its place."""

    def __init__(self, desk: Desk, record_type: str) -> None:
        self._desk, self.type = desk, record_type

    def create(self, **values: object) -> Record:
        """Saves a new record. Raises InvalidError, and then nothing is saved."""
        return self._desk.create(self.type, values)

    def change(self, record: str | Record, **values: object) -> Record:
        """Saves what differs from what is shown; changing nothing saves nothing. Gives the record as it is then shown.

        A set is given whole. Raises RecordUnknownError, InvalidError."""
        return self._desk.change(self.type, _id(record), values)

    def get(self, record: str | Record) -> Record | None:
        """The record as it is shown now, None where the tablet does not have it."""
        return self._desk.views.get(self.type, _id(record))

    def list(self, *, with_removed: bool = False, **equals: object) -> Records:
        """The records whose fields equal these, in the order in which they were made by the clocks of their tablets.
        Removed ones are left out, unless asked for. Raises InvalidError for a field that the type does not have."""
        record_type = CATALOG.types[self.type]
        unknown = dict.fromkeys(equals.keys() - record_type.fields.keys())
        if unknown:
            raise InvalidError(problems(record_type, unknown, partial=True))
        wanted = {field: wire_value(record_type, field, value) for field, value in equals.items()}
        return self._desk.views.select(self.type, wanted, removed=with_removed)

    def find(self, text: str) -> Records:
        """The records in which any value contains the text, whatever its case. Removed ones are left out."""
        return self._desk.views.find(self.type, text)

    def history(self, record: str | Record) -> Deeds:
        """What was done to a record on this tablet, as far back as it is kept (at least the retention time)."""
        return [_deed(line.edit, line.line, state) for line, state in self._desk.edits_of(self.type, _id(record))]


def _id(record: str | Record) -> str:
    return record.id if isinstance(record, Record) else record


def _deed(edit: str, line: bytes, state: str) -> Deed:
    members: dict[str, Any] = lines.read(line)
    return Deed(
        edit=edit,
        at=members["at"],
        do=members["do"],
        state=state,
        now=members.get("now", {}),
        was=members.get("was", {}),
        add=members.get("add", {}),
        remove=members.get("remove", {}),
    )
