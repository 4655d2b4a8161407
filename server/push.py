"""The push transaction: from lines to their outcomes.

Load what the lines touch, judge and merge in memory, lock the county late, ask once whether what was taken for granted
still holds, write, commit. The number of SQL statements does not depend on the number of lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.permissions import PERMISSIONS
from schemas.workflow import WORKFLOW
from server import writes
from server.books import Books
from server.loading import Loading, arrival_of
from server.store import decisions, ledger, log
from server.store.directory import UnitsCache
from server.store.flight import Flight, ask
from server.store.ledger import County, Ledger
from server.store.log import HeldEdit
from sync.batch import Arrival, Batch, Decision
from sync.codes import Code
from sync.erasure import named_in
from sync.lines import digest
from sync.stamps import instant, stamp
from sync.world import World


class OvertakenError(Exception):
    """Another transaction changed what this one took for granted: it must be tried again."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that has no name of its own, and who handed it over."""

    line: bytes
    tablet: str
    author: str


@dataclass(frozen=True, slots=True)
class Lines:
    """What a transaction works on: lines that came, what else it logs, and which waiting edits to take up.

    `tablets`: by line that came, which handed it over. `directory`: a change of units, people, bodies or tablets that
    is made in the same transaction. `awaited`: what changed by it, as held edits name it (`person:<id>`). `reheard`:
    held edits to be judged again whatever they wait for. `author`: who is told of as the one that did it."""

    arrivals: Sequence[Arrival] = ()
    tablets: Mapping[str, str] = field(default_factory=dict)
    strays: Sequence[Stray] = ()
    directory: Sequence[bytes] = ()
    awaited: Sequence[str] = ()
    reheard: Sequence[str] = ()
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """One attempt of one transaction. `early`: the county was locked first, so nothing can overtake it."""

    connection: sa.Connection
    county: County
    cache: UnitsCache
    now_ms: int
    early: bool = False

    def work(self, lines: Lines, rights: Mapping[str, Arrival] | None = None) -> tuple[Batch, Ledger]:
        """Works the lines, writes what they change, and gives the decisions and the ledger.

        `rights` replaces the arrivals of held edits that staff decide. Raises OvertakenError."""
        with Flight(self.connection) as flight:
            return self.put(flight, lines, self.loading(), rights)

    def loading(self) -> Loading:
        """What the lines of the transaction are to be judged by: nothing yet but the units."""
        units = self.cache.units(self.connection, self.county)
        world = World(CATALOG, WORKFLOW, PERMISSIONS, units, stamp(self.now_ms))
        return Loading(self.connection, self.county.code, world)

    def put(
        self, flight: Flight, lines: Lines, loading: Loading, rights: Mapping[str, Arrival] | None = None
    ) -> tuple[Batch, Ledger]:
        """The same, where what is written goes with other things, and something may have been loaded before."""
        world = loading.world
        loading.load(lines.arrivals, lines.awaited, lines.reheard)
        held = loading.held
        again = {name: (rights or {}).get(name) or arrival_of(each.edit) for name, each in held.items()}
        due = [name for name in held if name in lines.reheard or held[name].awaited.intersection(lines.awaited)]
        batch = Batch(world)
        batch.work(
            [*lines.arrivals, *(again[name] for name in due)], [(again[name], held[name].awaited) for name in held]
        )
        return batch, self._write(flight, lines, batch, loading)

    def _write(self, flight: Flight, lines: Lines, batch: Batch, loading: Loading) -> Ledger:
        books, drafts = Books.of(self.connection, self.county, batch, loading.look_at), writes.drafted(batch)
        county, days = self._alone(books) if self.early else self._locked(batch, loading, books)
        book = Ledger(county, self.now_ms, directory_changed=bool(lines.directory))
        for line in lines.directory:
            book.append(log.DIRECTORY, line, author=lines.author)
        self._log_strays(book, lines)
        decided = self._log(flight, book, lines, batch, loading.held)
        if book.log:
            attended = books.attending.upon(days)
            books.keep_docket(book, attended)
            received = {name: instant(each.edit.receipt_ms) for name, each in loading.held.items()}
            writes.write(self.connection, flight, book, batch, drafts, decided, received)
            books.write(flight, book, attended)
            book.write(flight)
        return book

    def _log_strays(self, book: Ledger, lines: Lines) -> None:
        """Of one that is about what was erased only the hash is kept. That is asked under the county's lock: an erasure
        that came since would not have seen the line."""
        named = {stray: named_in(stray.line, CATALOG) for stray in lines.strays}
        gone = log.erased(self.connection, book.county.code, frozenset().union(*named.values()))
        for stray, names in named.items():
            said = {"tablet": stray.tablet, "author": stray.author}
            if names & gone:
                book.append_blank(log.STRAY, digest(stray.line), **said, code=Code.ERASED)
            else:
                book.append(log.STRAY, stray.line, **said)

    def _alone(self, books: Books) -> tuple[County, Mapping[str, list[str]]]:
        return self.county, ask(self.connection, books.days(self.county.code))

    def _locked(self, batch: Batch, loading: Loading, books: Books) -> tuple[County, Mapping[str, list[str]]]:
        """Locks the county, and asks once whether anything that was taken for granted has changed meanwhile. Gives the
        county as it is now, and the days that were attended."""
        assumed = loading.assumed(batch.decisions)
        with Flight(self.connection) as flight:
            lock = flight.put(ledger.locked(self.county.code))
            days = flight.put(books.days(self.county.code))
            still_holds = flight.put(log.still_holds(self.county.code, self.county.revision, assumed))
        county = lock.given
        if county.directory_revision != self.county.directory_revision:
            raise OvertakenError("units or people changed")
        if not still_holds.given:
            raise OvertakenError("edits that matter here came meanwhile")
        return county, days.given

    def _log(
        self, flight: Flight, book: Ledger, lines: Lines, batch: Batch, held: Mapping[str, HeldEdit]
    ) -> list[Decision]:
        """Logs the new edits with their outcomes, and what became of held ones. Gives both."""
        new, again = [], []
        for name, decision in batch.decisions.items():
            before = held[name].edit.outcome if name in held else None
            if before is None:
                new.append(decision)
            elif (decision.result, decision.code, decision.field) != (before.result, before.code, before.field):
                again.append(decision)
        for decision in new:
            decisions.append_new(book, decision, lines.tablets.get(decision.arrival.name))
        for decision in again:
            decisions.append_decision(book, decision, lines.author)
        decisions.overwrite_outcomes(flight, self.county.code, again)
        decisions.write_named(flight, self.county.code, [*new, *again])
        decisions.rewrite_waits(flight, self.county.code, batch.decisions, held.keys())
        return [*new, *again]
