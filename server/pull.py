"""The pull half of a sync: from the caller's cursor to the lines of their next page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from server import pages
from server.center import Center
from server.pages import KeySets, Position
from server.store import dialect, directory, feed, tablets
from server.store.feed import Page
from server.store.flight import Question, ask
from server.store.ledger import County
from sync import chain, frames
from sync import cursor as cursors
from sync.cursor import Cursor
from sync.digests import digests
from sync.frames import AnswerHead, LastLine, RequestHead
from sync.scope import Person, Scope, Units, digest, scope
from sync.stamps import stamp


@dataclass(frozen=True, slots=True)
class Reader:
    """Who pulls: the holder of a token, as a transaction saw them and the county."""

    token: str
    county: County
    person: Person


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read for a caller: from where, under which keys; `page` asks for it. `sets`: key sets by name, also
    those that are to be remembered."""

    position: Position
    covers: str
    sets: KeySets
    is_replay: bool
    """Nobody remembers the keys of the caller's cursor: its tablet takes all keys from the start, and drops what does
    not come."""

    page: Question[Page]


@dataclass(frozen=True, slots=True)
class Read:
    """A page that was read as a plan says: the directory that it is of, its lines, the last line."""

    plan: Plan
    directory_revision: int
    lines: list[bytes]
    last: LastLine

    @classmethod
    def of(cls, plan: Plan, page: Page) -> "Read":
        return cls(plan, page.directory_revision, *pages.lines(page, plan.position, plan.covers, plan.sets))


def planned(
    center: Center,
    connection: sa.Connection,
    county: County,
    person: Person,
    cursor: Cursor | None,
    head: RequestHead,
) -> Plan:
    """The next page of a person, from a cursor on. `cursor` is None to begin at the beginning."""
    units = center.units.units(connection, county)
    held = scope(person, units, stamp(center.clock()))
    keys = pages.covered(held, county.code)
    covers = digest(keys)
    sets = {covers: tuple(sorted(keys))}
    position = _position(connection, county, person, cursor, held, units, sets)
    again = pages.again(position or pages.from_the_start(held), head.again)
    page = feed.page(connection.dialect.name, county.code, again.reading, head.want)
    return Plan(again, covers, sets, position is None, page)


def pulled(
    center: Center,
    reader: Reader,
    cursor: Cursor | None,
    head: RequestHead,
    answer: AnswerHead,
    read: Read | None = None,
) -> Iterator[bytes]:
    """The lines of an answer: its head, the page, the last line.

    `read`: a page by the scope that the reader had a moment before. It counts where it says itself that the directory
    is still the same: every change of people, units and tablets raises its revision. Else it might show what was
    written after the reader had left."""
    if read is None or read.directory_revision != reader.county.directory_revision:
        read = _from_one_snapshot(center, reader, cursor, head)
    if read is None:
        # Revoked or replaced, if only after what it handed over was taken: it sees nothing more.
        yield from _nothing_more(head, answer)
        return
    sets = read.plan.sets
    new = sets.keys() - (set() if cursor is None else {cursor.covers, cursor.later})
    if new:
        with dialect.writing(center.engine) as connection:
            feed.remember_scopes(connection, reader.county.code, {name: sets[name] for name in new})
    yield frames.answer_head(replace(answer, replay=answer.replay or read.plan.is_replay))
    yield from read.lines
    yield frames.last_line(read.last)


def _from_one_snapshot(center: Center, reader: Reader, cursor: Cursor | None, head: RequestHead) -> Read | None:
    """Scope, page and digests of one moment: the digests must be of what the page has come up to."""
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county, caller = ask(connection, tablets.opening(center.settings.county, reader.token))
        if caller is None or caller.revoked_at is not None:
            return None
        person = ask(connection, directory.people(county.code, [caller.person]))[caller.person]
        plan = planned(center, connection, county, person, cursor, head)
        read = Read.of(plan, ask(connection, plan.page))
        if head.check and not read.last.more:
            found = digests(feed.standing(connection, county.code, plan.position.reading.scope.covers))
            read = replace(read, last=replace(read.last, digests=found))
    return read


def _nothing_more(head: RequestHead, answer: AnswerHead) -> Iterator[bytes]:
    """A revoked tablet sees no feed: its cursor stays where it is, or at the beginning of this server's past. In that
    case it is to come once more, with what it hands over again or with nothing."""
    cursor = None if answer.replay else head.cursor
    beginning = Cursor(0, 0, chain.tag(chain.START), "")
    yield frames.answer_head(answer)
    yield frames.last_line(LastLine(cursor or cursors.encode(beginning), answer.replay, 0))


def _position(
    connection: sa.Connection,
    county: County,
    person: Person,
    cursor: Cursor | None,
    held: Scope,
    units: Units,
    sets: KeySets,
) -> Position | None:
    """Where a cursor says to go on; None where nobody remembers the keys that it covered, or they were another
    person's: nobody is told what others hold. `sets` has the caller's keys, and gets those that the cursor refers
    to."""
    if cursor is None:
        return pages.from_the_start(held)
    for name in {cursor.covers, cursor.later or cursor.covers} - sets.keys():
        found = feed.remembered_scope(connection, county.code, name)
        if found is None:
            return None
        sets[name] = tuple(sorted(found))
    before = frozenset(sets[cursor.covers])
    if f"person:{person.id}" not in before:
        return None
    return pages.resumed(pages.unfolded(cursor, sets), before, held, units, county.code)
