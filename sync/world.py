"""What judging and merging read: a part of what the server has, loaded beforehand."""

from dataclasses import dataclass, field

from schemas.catalog import Catalog
from schemas.permissions import Permissions
from schemas.workflow import Workflow
from sync import records
from sync.codes import ADMITTED, Result
from sync.lines import Values
from sync.records import Record
from sync.refused import over_of_refused
from sync.registers import Fate, Named, Sibling
from sync.scope import Person, Span, Units
from sync.touches import Names


@dataclass(frozen=True, slots=True)
class Placed:
    """A record and where it stood when; a child stands where its parent does and has no placement of its own."""

    record: Record
    placement: tuple[Span, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class KnownEdit:
    """An edit that the server has: its result, author, the record it is about (the first id, for a mended creation),
    and of which type that is, as its line says (None: not so that it can be read)."""

    result: Result
    by: str | None
    record: str | None
    line: bytes
    type: str | None


@dataclass(slots=True)
class World:
    """What judging and merging read, loaded beforehand: whatever is not in here does not exist. `now` is the server's
    stamp.

    `records`: those that lines are about, their parents and what else a creation awaits. `known`: the edits that lines
    name in `over` and `mends`, but for those that stand as siblings; and of the refused ones among them, the edits that
    these name in turn. Lines are the arrivals and the held ones, also those that cannot be read as edits (what is still
    read of them: sync/refused.py)."""

    catalog: Catalog
    workflow: Workflow
    permissions: Permissions
    units: Units
    now: str
    people: dict[str, Person] = field(default_factory=dict)
    records: dict[str, Placed] = field(default_factory=dict)
    known: dict[str, KnownEdit] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """The ids of erased records and the names of erased edits, among those that lines are about."""
    _stood: dict[tuple[str, str], tuple[str, Sibling]] = field(default_factory=dict, repr=False)
    """By register and edit, with its record: siblings that this batch covered. They may be the only word of these."""
    _overs: dict[str, Names] = field(default_factory=dict, repr=False)
    """By refused edit, so that each line is read once however often it is named."""
    _documents: dict[int, tuple[Record, Values]] = field(default_factory=dict, repr=False)
    """By the identity of the record, which is kept beside it, so that no other can come to have the same."""

    def document(self, record: Record) -> Values:
        """What everybody sees of a record, made once: judging, counting and writing look at the same versions, before
        and after. Not to be changed."""
        found = self._documents.get(id(record))
        if found is None:
            found = record, records.document(record, self.catalog, self.workflow)
            self._documents[id(record)] = found
        return found[1]

    def lookup(self, name: str, register: str) -> Named:
        """The fate of an edit that an `over` names, as merging asks for it."""
        known = self.known.get(name)
        if known is None and (register, name) in self._stood:
            return Named(Fate.ADMITTED)
        if known is None or known.result is Result.HELD:
            return Named(Fate.UNKNOWN)
        if known.result in ADMITTED:
            return Named(Fate.ADMITTED)
        if name not in self._overs:
            self._overs[name] = over_of_refused(known.line, self.catalog)
        return Named(Fate.REFUSED, self._overs[name].get(register, ()), known.record, known.type)

    def sibling(self, record: Record, register: str, name: str) -> Sibling | None:
        """What an edit gave a register of a record where it stands, or did until this batch covered it."""
        for sibling in record.register(register).siblings:
            if sibling.edit == name:
                return sibling
        home, covered = self._stood.get((register, name), (None, None))
        return covered if home == record.id else None

    def put(self, after: Placed) -> None:
        """Takes a record as it has become."""
        before = self.records.get(after.record.id)
        if before is not None:
            for name, register in after.record.registers.items():
                if register is before.record.registers.get(name):
                    continue
                standing = {sibling.edit for sibling in register.siblings}
                covered = (each for each in before.record.register(name).siblings if each.edit not in standing)
                self._stood |= {(name, each.edit): (after.record.id, each) for each in covered}
        self.records[after.record.id] = after
