"""A record as a screen shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.catalog import CATALOG
from sync.overlay import View


@dataclass(frozen=True, slots=True)
class Record:
    """The values of a record, each field also an attribute by its wire name (None where absent).

    `keys` are the scope keys it is under (empty until the center has sent it), `pending` is true while edits of it
    have no outcome yet. `document` holds the wire values as they are, fields included that this app does not know."""

    type: str
    id: str
    document: Mapping[str, Any]
    keys: tuple[str, ...] = ()
    pending: bool = False
    dots: Mapping[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.type, self.id))

    def __getattr__(self, name: str) -> Any:
        if name in self.document:
            return self.document[name]
        known = CATALOG.types.get(self.type)
        if known is not None and name in known.fields:
            return None
        raise AttributeError(f"a {self.type} has no field {name}")

    @property
    def view(self) -> View:
        """What an edit of this record builds on."""
        return View(self.id, self.document, self.dots)
