"""What a transaction judges by, loaded beforehand: the records that its lines touch, the edits that they name, the held
edits that wait for them, their authors. A fixed number of statements, however many lines there are; one more for each
link of a chain of edits that are held for one another.

What was asked for and not found is remembered: it is asked once more under the county's lock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from schemas.catalog import CATALOG
from server.store import directory, log, records
from server.store.flight import Answer, Flight, ask
from server.store.log import Assumed, HeldEdit, LoggedEdit
from server.store.records import Stored
from sync import edits
from sync.admission import Wait
from sync.answers import ERASED
from sync.batch import Arrival
from sync.codes import Code, Result
from sync.edits import Do, Edit, Unread
from sync.erasure import about
from sync.ids import is_record_id
from sync.placement import may_move, placing_registers
from sync.refused import creation_of_refused, named_by_refused, over_of_refused
from sync.scope import Span
from sync.world import Placed, World


def arrival_of(logged: LoggedEdit) -> Arrival:
    """A logged edit as it arrived: its line at the stamp that was taken then, and the moment whose rights count."""
    line = edits.read(logged.line, CATALOG)
    at = logged.stamp or ""
    if isinstance(line, Edit):
        line = line.stamped(at)
    # What a revoked tablet handed over stays held, whatever changes, until staff decide.
    is_revoked = logged.outcome.code == Code.TABLET_REVOKED
    return Arrival(line, logged.judged or at, Wait(Code.TABLET_REVOKED, None, frozenset()) if is_revoked else None)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Records that are asked for, by type and id, with where they stand, and which of some edits they remember."""

    wanted: set[tuple[str, str]]
    rows: Answer[list[Stored]]
    placed: Answer[dict[str, tuple[Span, ...]]]
    remembered: Answer[dict[str, dict[str, list[str]]]]

    @classmethod
    def put(cls, flight: Flight, county: str, wanted: set[tuple[str, str]], deciding: Iterable[str]) -> "_Asking":
        return cls(
            wanted,
            flight.put(records.found(county, wanted)),
            flight.put(records.placements(county, wanted)),
            flight.put(records.remembered(county, deciding if wanted else ())),
        )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What is asked about lines before it is known which of them are new: nearly all are. `awaited`: what held edits
    may wait for in them; `deciding`: their names."""

    awaited: set[str]
    deciding: set[str]
    held: Answer[dict[str, HeldEdit]]
    records: _Asking


@dataclass(slots=True)
class Loading:
    """Fills `world` for some lines, and the held edits that deciding them may let go on."""

    connection: sa.Connection
    county: str
    world: World
    held: dict[str, HeldEdit] = field(default_factory=dict)
    _records: set[tuple[str, str]] = field(default_factory=set)
    _asked_edits: set[str] = field(default_factory=set)
    _deciding: set[str] = field(default_factory=set)
    """The lines that come now and the held ones: those that a record may have remembered."""
    _awaited: set[str] = field(default_factory=set)
    _mends: dict[str, str] = field(default_factory=dict)
    """By line that comes now, or is held, the creation that it mends."""
    _standing: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """By record and register, the edits that stand there."""
    _ahead: _Ahead | None = None

    def ask_ahead(self, flight: Flight, lines: Iterable[Edit | Unread]) -> None:
        """Asks in a flight for what lines touch, as far as that is seen in them alone."""
        plain = [Arrival(line, "", None) for line in lines if line.name is not None]
        plain = [each for each in plain if _mended(each) is None]
        awaited = {event for each in plain for event in self._brings_about(each)}
        names = {each.name for each in plain}
        wanted = _editable(identity for each in plain for identity in self._touched(each))
        held = flight.put(log.held_waiting(self.county, awaited))
        self._ahead = _Ahead(awaited, names, held, _Asking.put(flight, self.county, wanted, names))

    @property
    def somebody_waits(self) -> bool:
        """Whether a held edit may wait for one of the lines that were asked about."""
        return self._ahead is not None and bool(self._ahead.held.given)

    def load(self, arrivals: Sequence[Arrival], awaited: Iterable[str], reheard: Iterable[str]) -> None:
        """`awaited`: what changes beside the lines, as held edits name it; `reheard`: held edits to be judged again."""
        self._asked_edits |= {each.name for each in arrivals}
        self._mends = _mends(arrivals)
        again = self._hold(ask(self.connection, log.held_named(self.county, reheard)))
        self._load_held([*arrivals, *again], set(awaited))
        everything = [*arrivals, *(arrival_of(each.edit) for each in self.held.values())]
        self._deciding = {each.name for each in everything}
        authors = {each.line.by for each in everything if each.line.by is not None} - self.world.people.keys()
        self._load_records(everything, authors)
        self._know({name for each in everything for name in self._named(each)})

    def look_at(self, identities: Iterable[tuple[str, str]]) -> None:
        """Loads records, by type and id, that were not needed for judging."""
        missing = {each for each in identities if each[1] not in self.world.records} - self._records
        if missing:
            self._put_records(self._ask(missing))

    def assumed(self, decided: Iterable[str]) -> Assumed:
        """What was taken for granted: the records, missing edits, edits that are held, nobody else waiting."""
        known = self.world.known
        found = known.keys() - set(decided)
        return Assumed(
            records=self._records,
            absent_edits=self._asked_edits - found - self.held.keys(),
            held_edits={name for name in found if known[name].result is Result.HELD} | self.held.keys(),
            heard=self.held.keys(),
            awaited=self._awaited,
        )

    # -- held edits

    def _hold(self, found: dict[str, HeldEdit]) -> list[Arrival]:
        self.held |= found
        self.world.known |= {name: each.edit.known for name, each in found.items()}
        arrivals = [arrival_of(each.edit) for each in found.values()]
        self._mends |= _mends(arrivals)
        return arrivals

    def _load_held(self, lines: list[Arrival], awaited: set[str]) -> None:
        """The held edits that wait for these lines, those that wait for them in turn, and so on."""
        while lines or awaited:
            self._know({name for each in lines if (name := _mended(each)) is not None})
            asking = awaited | {name for each in lines for name in self._brings_about(each)}
            asking -= self._awaited
            self._awaited |= asking
            found = self._waiting(asking)
            lines = self._hold({name: each for name, each in found.items() if name not in self.held})
            awaited = set()

    def _waiting(self, asking: set[str]) -> dict[str, HeldEdit]:
        """The held edits that wait for any of these."""
        ahead = self._ahead
        if ahead is None or not asking <= ahead.awaited:
            return ask(self.connection, log.held_waiting(self.county, asking))
        return {name: each for name, each in ahead.held.given.items() if each.awaited & asking}

    def _brings_about(self, arrival: Arrival) -> list[str]:
        """What held edits may wait for that deciding this line can bring about."""
        events = [f"edit:{arrival.name}"]
        if _may_place(arrival):
            events.append(f"record:{self._about(arrival)}")
        return events

    def _about(self, arrival: Arrival) -> str:
        """The record of a line: its own, or the first of the creations that it mends, through any chain of them. Also
        of such as come only now or are held, and will be refused."""
        line = arrival.line
        if not isinstance(line, Edit) or line.mends is None:
            return line.record or arrival.name
        mended, seen = line.mends, set[str]()
        while mended not in seen:
            seen.add(mended)
            mended = self._mends.get(mended) or self._mended_by_refused(mended) or mended
        return mended

    def _mended_by_refused(self, name: str) -> str | None:
        """What a refused creation was to mend: the first one, where that was found when it was refused."""
        known = self.world.known.get(name)
        if known is None or known.result is not Result.REFUSED:
            return None
        if known.record not in (None, name):
            return known.record
        made = creation_of_refused(known.line)
        return None if made is None else made.mends

    # -- records

    def _load_records(self, lines: Iterable[Arrival], authors: set[str]) -> None:
        wanted = _editable(identity for each in lines for identity in self._touched(each))
        ahead = self._ahead
        if ahead is not None and wanted <= ahead.records.wanted and self._deciding <= ahead.deciding:
            rows = self._put_records(ahead.records)
        else:
            rows = self._put_records(self._ask(wanted))
        self.world.people |= ask(self.connection, directory.people(self.county, authors))
        # A line may leave a child where it stands, or move it from there to another parent.
        self.look_at(parent for row in rows if (parent := _parent(row)) is not None)

    def _ask(self, wanted: set[tuple[str, str]]) -> _Asking:
        with Flight(self.connection) as flight:
            return _Asking.put(flight, self.county, wanted, self._deciding)

    def _put_records(self, asking: _Asking) -> list[Stored]:
        """Puts the records that there are into the world, and gives their rows."""
        rows, placed, remembered = asking.rows.given, asking.placed.given, asking.remembered.given
        for row in rows:
            spans = placed.get(row.id, ()) if row.parent is None else ()
            if row.gone == ERASED:
                self.world.erased.add(row.id)
            made = records.record_of(row, CATALOG, remembered.get(row.id, {}))
            self.world.records[row.id] = Placed(made, spans, row.parent)
        self._records |= asking.wanted
        return rows

    def _touched(self, arrival: Arrival) -> Iterable[tuple[str, str]]:
        """The records, by type and id, that judging and merging a line looks at."""
        line = arrival.line
        if isinstance(line, Unread):
            return [(line.type or "", line.record or ""), *about(line, CATALOG)]
        record_type = CATALOG.types[line.type]
        touched = [(record_type.fields[member].link or "", str(line.value(member))) for member in record_type.awaits]
        if line.do is Do.CHANGE or line.mends is not None:
            touched.append((line.type, self._about(arrival)))
        return touched

    # -- edits that lines name

    def _named(self, arrival: Arrival) -> Iterable[str]:
        """The edits that an `over` of the line names, beyond those that stand as siblings."""
        line = arrival.line
        if isinstance(line, Unread):
            return [name for names in over_of_refused(line.line, CATALOG).values() for name in names]
        return [
            name
            for touch in line.touches
            if touch.over
            for name in set(touch.over) - self._siblings(line.record, touch.register)
        ]

    def _siblings(self, identity: str, register: str) -> frozenset[str]:
        """The edits that stand in a register: looked through once, however many lines name however many."""
        found = self._standing.get((identity, register))
        if found is None:
            placed = self.world.records.get(identity)
            siblings = () if placed is None else placed.record.register(register).siblings
            found = self._standing[identity, register] = frozenset(each.edit for each in siblings)
        return found

    def _know(self, names: set[str]) -> None:
        """Looks edits up, and those that the refused ones among them name, through any chain of these."""
        asking = names - self._asked_edits - self.world.known.keys()
        while asking:
            found = ask(self.connection, log.known(self.county, asking))
            self._asked_edits |= asking
            self.world.known |= {name: each.known for name, each in found.items()}
            self.world.erased |= {name for name, each in found.items() if each.outcome.code == Code.ERASED}
            refused = [each for each in found.values() if each.outcome.result is Result.REFUSED]
            named = {name for each in refused for name in _named_by(each)} - self._asked_edits
            asking = log.reached(self.connection, self.county, named) - self._asked_edits


def _mends(arrivals: Iterable[Arrival]) -> dict[str, str]:
    """By line, the creation that it mends."""
    return {each.name: mended for each in arrivals if (mended := _mended(each)) is not None}


def _may_place(arrival: Arrival) -> bool:
    """Whether a line can bring a record about, or move it. Whoever waits for another's record is not read again by each
    edit of it."""
    line = arrival.line
    if not isinstance(line, Edit):
        # Refused, it covers what it named, and the record stands where others say.
        record_type = CATALOG.types.get(line.type or "")
        over = over_of_refused(line.line, CATALOG)
        return record_type is not None and not over.keys().isdisjoint(placing_registers(record_type))
    return line.do is Do.CREATE or may_move(line, CATALOG.types[line.type])


def _editable(identities: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those that a line can touch. The server's own records are none, and bear other records' names."""
    return {
        (kind, identity)
        for kind, identity in identities
        if kind in CATALOG.types and CATALOG.types[kind].editable and is_record_id(identity)
    }


def _parent(row: Stored) -> tuple[str, str] | None:
    """The record that a stored one stands with, by type and id."""
    record_type = CATALOG.types[row.type]
    if row.parent is None or record_type.parent is None:
        return None
    return record_type.fields[record_type.parent].link or "", row.parent


def _mended(arrival: Arrival) -> str | None:
    """The refused creation that a line mends, also where the line is to be refused itself."""
    if isinstance(arrival.line, Edit):
        return arrival.line.mends
    made = creation_of_refused(arrival.line.line)
    return None if made is None else made.mends


def _named_by(refused: LoggedEdit) -> Iterable[str]:
    return named_by_refused(refused.name, refused.line, refused.record, CATALOG)
