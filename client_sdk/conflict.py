"""Conflicts: what several people wrote into one field, not seeing each other, for a person to settle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client_sdk.desk import Desk
from client_sdk.record import Record
from schemas.catalog import CATALOG
from schemas.permissions import PERMISSIONS
from schemas.rules import WORKFLOW_REGISTER
from sync.rights import SETTLE


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the values, with who gave it, by which edit, and the stamp of that. `is_cut`: it is too long to be listed
    with the others, and only its record's history has it."""

    value: Any
    by: str
    at: str
    edit: str
    is_cut: bool = False


class Conflict:
    """An open conflict. `values` has the shown one first; of a status, a value is `{"status", "tier", "assignee"}`."""

    def __init__(self, desk: Desk, record: Record) -> None:
        document = record.document
        self._desk = desk
        self.id = record.id
        self.record_type: str = document["record_type"]
        self.record: str = document["record"]
        self.field: str = document["field"]
        self.suggestion: str | None = document.get("suggestion")
        """Everybody's changes in one text, where they can stand together."""
        self.values = tuple(
            Sibling(each.get("value"), each["by"], each["at"], each["edit"], bool(each.get("cut")))
            for each in document["siblings"]
        )
        self.unlisted: int = document.get("unlisted", 0)
        """How many more values there are than `values` has."""
        self._ties = frozenset("unit" if key.startswith("unit:") else "assignee" for key in record.keys)

    @property
    def may_settle(self) -> bool:
        """Whether this is for the tablet's person to settle, by their roles and their ties to the record, as far as the
        center has said both. It has the last word, and holds what is not."""
        roles = self._desk.roles
        return not roles or any(
            self._ties & PERMISSIONS.ties(role, self.record_type, SETTLE)
            and self.field not in PERMISSIONS.denied_fields(role, self.record_type, SETTLE)
            for role in roles
        )

    @property
    def mine(self) -> Any:
        """The value that the tablet's person gave last; None where they gave none, or emptied the field."""
        return self.sides.get("mine")

    @property
    def theirs(self) -> Any:
        """The first value that somebody else gave; None where nobody else did, or they emptied the field."""
        return self.sides.get("theirs")

    @property
    def sides(self) -> Mapping[str, Any]:
        """What there is to choose from by name: `mine`, `theirs`, `suggestion`. None is a value: an empty field."""
        me = self._desk.person["id"]
        listed = [each for each in self.values if not each.is_cut]
        mine = sorted((each for each in listed if each.by == me), key=lambda each: (each.at, each.edit))
        theirs = [each for each in listed if each.by != me]
        sides = {name: each.value for name, found in (("mine", mine[-1:]), ("theirs", theirs[:1])) for each in found}
        return sides if self.suggestion is None else {**sides, "suggestion": self.suggestion}

    def settle(self, value: object) -> Record:
        """Saves the value that holds, one of these or another; of a status, the text alone leaves tier and assignee as
        they are shown. Gives the record. Raises InvalidError, RecordUnknownError."""
        group = CATALOG.types[self.record_type].workflow_fields
        if self.field == WORKFLOW_REGISTER and group and isinstance(value, Mapping):
            given: Mapping[str, object] = {field: value.get(field) for field in group}
        else:
            given = {self.field: value}
        return self._desk.change(self.record_type, self.record, given, settles=(self.field,))


class Conflicts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(self) -> list[Conflict]:
        """The conflicts that nobody has settled, here or, as far as the center has said, elsewhere."""
        found = self._desk.views.select("conflict", {"status": "open"}, removed=True)
        return [
            Conflict(self._desk, record)
            for record in found
            if record.document["field"]
            not in self._desk.settled_here(record.document["record_type"], record.document["record"])
        ]

    def get(self, conflict: str) -> Conflict | None:
        """An open conflict by its id."""
        return next((each for each in self.open() if each.id == conflict), None)
