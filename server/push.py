"""The push transaction: from the lines of a request to their outcomes.

Look up what is known, load what the lines touch, judge and merge in memory, lock the county late, ask once whether
what was taken for granted still holds, write, commit. The number of SQL statements does not depend on the number of
lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.permissions import PERMISSIONS
from schemas.workflow import WORKFLOW
from server import writes
from server.store import directory, ledger, log, records
from server.store.directory import UnitsCache
from server.store.ledger import County, Ledger
from server.store.log import HeldEdit, LoggedEdit
from sync import edits
from sync.admission import Placed, Wait, World
from sync.batch import Arrival, Batch
from sync.codes import Code, Result
from sync.edits import Do, Edit, Unread
from sync.ids import is_record_id
from sync.stamps import instant, stamp


class OvertakenError(Exception):
    """Another transaction changed what this one took for granted: it must be tried again."""


@dataclass(frozen=True, slots=True)
class Lines:
    """What a transaction works on: lines that came, what else it logs, and which waiting edits to take up.

    `directory`: a change of units, people or bodies that is made in the same transaction, already logged as a line.
    `awaited`: what changed beside the lines, as held edits name it (`person:<id>`)."""

    arrivals: Sequence[Arrival] = ()
    strays: Sequence[bytes] = ()
    directory: Sequence[bytes] = ()
    awaited: Sequence[str] = ()
    reheard: Sequence[str] = ()
    """Held edits to be judged again whatever they wait for."""
    tablet: str | None = None
    author: str | None = None


@dataclass(slots=True)
class Push:
    """One attempt of one transaction. `early`: the county was locked first, so nothing can overtake it."""

    connection: sa.Connection
    county: County
    cache: UnitsCache
    now_ms: int
    early: bool = False
    world: World = field(init=False)
    held: dict[str, HeldEdit] = field(default_factory=dict)
    _asked_records: set[tuple[str, str]] = field(default_factory=set)
    _asked_edits: set[str] = field(default_factory=set)
    _awaited: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        units = self.cache.units(self.connection, self.county)
        self.world = World(CATALOG, WORKFLOW, PERMISSIONS, units, stamp(self.now_ms))

    def work(self, lines: Lines, rights: Mapping[str, Arrival] | None = None) -> tuple[Batch, Ledger]:
        """Works the lines, writes what they change, and gives the decisions and the ledger.

        `rights` replaces the arrivals of held edits that staff release. Raises OvertakenError."""
        arrivals = list(lines.arrivals)
        self._load(arrivals, [*lines.awaited], lines.reheard)
        batch = Batch(self.world)
        again = {name: (rights or {}).get(name) or _again(each) for name, each in self.held.items()}
        now_due = [
            arrival
            for name, arrival in again.items()
            if name in lines.reheard or self.held[name].awaited.intersection(lines.awaited)
        ]
        batch.work(arrivals, [(again[name], held.awaited) for name, held in self.held.items()])
        batch.work(now_due)
        return batch, self._write(lines, batch)

    # -- loading

    def _load(self, arrivals: Sequence[Arrival], awaited: Iterable[str], reheard: Iterable[str]) -> None:
        county, connection = self.county.code, self.connection
        reheard = list(reheard)
        if reheard:
            self.held |= {name: each for name, each in log.held_all(connection, county).items() if name in reheard}
            self.world.known |= {name: each.edit.known for name, each in self.held.items()}
        self._load_held(arrivals, awaited)
        readable = [*_edits(arrivals), *_edits(map(_again, self.held.values()))]
        self._know({edit.mends for edit in readable if edit.mends is not None}, {each.name for each in arrivals})
        self._load_records(readable, arrivals)
        self._load_named(readable, {each.name for each in arrivals})
        people = {edit.by for edit in readable} | {each.line.by or "" for each in arrivals}
        people |= {each.edit.author or "" for each in self.held.values()}
        self.world.people = directory.people(connection, county, people - {""})

    def _load_held(self, arrivals: Sequence[Arrival], awaited: Iterable[str]) -> None:
        """The held edits that wait for these lines, those that wait for them in turn, and so on."""
        asking = {*awaited, *(name for each in arrivals for name in _events(each))}
        asking |= {name for each in self.held.values() for name in _events(_again(each))}
        while asking:
            self._awaited |= asking
            found = log.held_waiting(self.connection, self.county.code, asking)
            new = {name: each for name, each in found.items() if name not in self.held}
            self.held |= new
            self.world.known |= {name: each.edit.known for name, each in new.items()}
            asking = {name for each in new.values() for name in _events(_again(each))} - self._awaited

    def _load_records(self, readable: Sequence[Edit], arrivals: Sequence[Arrival]) -> None:
        wanted: set[tuple[str, str]] = set()
        for edit in readable:
            record_type = CATALOG.types[edit.type]
            wanted |= {
                (link, str(edit.value(member)))
                for member in record_type.awaits
                if (link := record_type.fields[member].link) is not None
            }
            if edit.do is Do.CHANGE:
                wanted.add((edit.type, edit.record))
            elif edit.mends is not None:
                mended = self.world.known.get(edit.mends)
                wanted.add((edit.type, mended.record if mended and mended.record else edit.mends))
        unread = [each.line for each in arrivals if isinstance(each.line, Unread)]
        wanted |= {(line.type or "", line.record or "") for line in unread}
        wanted = {(kind, identity) for kind, identity in wanted if kind in CATALOG.types and is_record_id(identity)}
        rows = records.locked(self.connection, self.county.code, wanted)
        placed = records.placements(self.connection, self.county.code, [row.id for row in rows])
        for row in rows:
            made = records.record_of(row, CATALOG)
            self.world.records[row.id] = Placed(made, placed.get(row.id, ()) if row.parent is None else (), row.parent)
        self._asked_records = wanted - {row.identity for row in rows}

    def _load_named(self, readable: Sequence[Edit], arriving: set[str]) -> None:
        """What is known of the edits that an `over` names, beyond those that stand as siblings."""
        names: set[str] = set()
        for edit in readable:
            placed = self.world.records.get(edit.record)
            for touch in edit.touches:
                standing = {each.edit for each in placed.record.register(touch.register).siblings} if placed else set()
                # A move must be shown to start from a value that its author saw, so its line is looked at.
                names |= set(touch.over) - standing
        self._know(names, arriving)

    def _know(self, names: set[str], arriving: set[str]) -> None:
        """Looks edits up, and those that refused ones among them name, until there is nothing more to ask."""
        asking = names - arriving - self.world.known.keys() - self._asked_edits
        self._asked_edits |= arriving
        while asking:
            found = log.known(self.connection, self.county.code, asking)
            self._asked_edits |= asking
            self.world.known |= {name: each.known for name, each in found.items()}
            refused = (each for each in found.values() if each.outcome.result is Result.REFUSED)
            named = {
                name for each in refused for over in edits.over_of_refused(each.line, CATALOG).values() for name in over
            }
            asking = named - self._asked_edits

    # -- writing

    def _write(self, lines: Lines, batch: Batch) -> Ledger:
        code = self.county.code
        county = self.county if self.early else ledger.locked(self.connection, code)
        if not self.early:
            self._check(county, batch)
        book = Ledger(county, self.now_ms, directory_changed=bool(lines.directory))
        for line in lines.directory:
            book.append(log.DIRECTORY, line, author=lines.author)
        for line in lines.strays:
            book.append(log.STRAY, line, tablet=lines.tablet, author=lines.author)
        decided = self._log(book, lines, batch)
        if not book.log:
            return book
        writes.write(
            self.connection,
            book,
            batch,
            [decision for decision in batch.decisions.values() if decision.arrival.name in decided],
            {name: instant(each.edit.receipt_ms) for name, each in self.held.items()},
        )
        book.write(self.connection)
        return book

    def _log(self, book: Ledger, lines: Lines, batch: Batch) -> set[str]:
        """Logs the new edits with their outcomes, and what became of held ones. Gives the names of both."""
        new, again = [], []
        for decision in batch.decisions.values():
            held = self.held.get(decision.arrival.name)
            if held is None:
                new.append(decision)
            elif decision.result is not Result.HELD or decision.code != held.edit.outcome.code:
                again.append(decision)
        for decision in new:
            log.append_new(book, decision, lines.tablet)
        for decision in again:
            log.append_decision(book, decision, lines.author)
        log.overwrite_outcomes(self.connection, self.county.code, again)
        log.rewrite_waits(self.connection, self.county.code, batch.decisions.values())
        return {decision.arrival.name for decision in (*new, *again)}

    def _check(self, county: County, batch: Batch) -> None:
        """Asks once, under the lock, whether anything that was taken for granted has changed meanwhile."""
        if county.directory_revision != self.county.directory_revision:
            raise OvertakenError("units or people changed")
        known = self.world.known
        undecided = {name for name, each in known.items() if each.result is Result.HELD and name not in batch.decisions}
        assumed = log.Assumed(
            absent_records=self._asked_records,
            absent_edits=self._asked_edits - (known.keys() - batch.decisions.keys()) - self.held.keys(),
            held_edits=undecided | self.held.keys(),
            awaited=self._awaited,
        )
        if not log.still_holds(self.connection, self.county.code, assumed):
            raise OvertakenError("edits that matter here came meanwhile")


def _edits(arrivals: Iterable[Arrival]) -> list[Edit]:
    return [each.line for each in arrivals if isinstance(each.line, Edit)]


def _events(arrival: Arrival) -> list[str]:
    """What held edits may wait for that deciding this line can bring about."""
    line = arrival.line
    names = [f"edit:{arrival.name}", f"record:{line.record or arrival.name}"]
    if isinstance(line, Edit) and line.mends is not None:
        names.append(f"record:{line.mends}")
    return names


def _again(held: HeldEdit) -> Arrival:
    """A held edit as it arrived: its line at the stamp that was taken then, and the moment whose rights count."""
    return arrival_of(held.edit)


def arrival_of(logged: LoggedEdit) -> Arrival:
    line = edits.read(logged.line, CATALOG)
    at = logged.stamp or ""
    if isinstance(line, Edit):
        line = line.stamped(at)
    return Arrival(line, logged.judged or at, _revoked(logged))


def _revoked(logged: LoggedEdit) -> Wait | None:
    """What a revoked tablet handed over stays held, whatever changes, until staff decide."""
    if logged.outcome.code == Code.TABLET_REVOKED:
        return Wait(Code.TABLET_REVOKED, None, frozenset())
    return None
