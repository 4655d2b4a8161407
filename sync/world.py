"""What judging and merging read: a part of what the server has, loaded beforehand."""

from dataclasses import dataclass, field

from schemas.catalog import Catalog
from schemas.permissions import Permissions
from schemas.workflow import Workflow
from sync.codes import ADMITTED, Result
from sync.records import Record
from sync.refused import over_of_refused
from sync.registers import Fate, Named
from sync.scope import Person, Span, Units
from sync.touches import Names


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and where it stood when; a child stands where its parent does and has no placement of its own."""

    record: Record
    placement: tuple[Span, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An edit that the server has: its result, author, the record it is about (the first id, for a mended creation)."""

    result: Result
    by: str | None
    record: str | None
    line: bytes


@dataclass(slots=True)
class World:
    """What judging and merging read, loaded beforehand: whatever is not in here does not exist. `now` is the server's
    stamp.

    `records`: those that lines are about (refused ones too), their parents and what else a creation awaits. `known`:
    the edits that lines name in `over` and `mends`, but for those that stand as siblings; and of the refused ones
    among them, the edits that these name in turn."""

    catalog: Catalog
    workflow: Workflow
    permissions: Permissions
    units: Units
    now: str
    people: dict[str, Person] = field(default_factory=dict)
    records: dict[str, Placed] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    _overs: dict[str, Names] = field(default_factory=dict, repr=False)
    """By refused edit, so that each line is read once however often it is named."""

    def lookup(self, name: str, register: str) -> Named:
        """The fate of an edit that an `over` names, as merging asks for it."""
        known = self.known.get(name)
        if known is None or known.result is Result.HELD:
            return Named(Fate.UNKNOWN)
        if known.result in ADMITTED:
            return Named(Fate.ADMITTED)
        if name not in self._overs:
            self._overs[name] = over_of_refused(known.line, self.catalog)
        return Named(Fate.REFUSED, self._overs[name].get(register, ()), known.record)
