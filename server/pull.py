"""The pull half of a sync: from the caller's cursor to the lines of their next page."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa

from server import pages
from server.center import Center
from server.pages import KeySets, Position
from server.store import dialect, directory, feed, tablets
from server.store.flight import ask
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
    """Who pulls: the holder of a token, as a transaction before this one saw them and the county."""

    token: str
    county: County
    person: Person


@dataclass(frozen=True, slots=True)
class _Read:
    """What a snapshot gave: the lines of the page, the last line, the answer's head, key sets to remember, and the
    directory that it was of."""

    answer: AnswerHead
    lines: list[bytes]
    last: LastLine
    sets: KeySets
    directory_revision: int


def pulled(
    center: Center, reader: Reader, cursor: Cursor | None, head: RequestHead, answer: AnswerHead
) -> Iterator[bytes]:
    """The lines of an answer: its head, the page, the last line. `cursor` is None to begin at the beginning."""
    read = _at_once(center, reader, cursor, head, answer) or _from_one_snapshot(center, reader, cursor, head, answer)
    if read is None:
        # It was revoked or replaced after what it handed over was taken: it sees nothing more.
        yield from nothing_more(head, answer)
        return
    new = read.sets.keys() - (set() if cursor is None else {cursor.covers, cursor.later})
    if new:
        with dialect.writing(center.engine) as connection:
            feed.remember_scopes(connection, reader.county.code, {name: read.sets[name] for name in new})
    yield frames.answer_head(read.answer)
    yield from read.lines
    yield frames.last_line(read.last)


# Scope, page and digests must be of one moment: else the page could show what was written after the caller had left,
# and the digests could be of other rows than those that the page has come up to.


def _at_once(
    center: Center, reader: Reader, cursor: Cursor | None, head: RequestHead, answer: AnswerHead
) -> _Read | None:
    """By the scope that the caller had a moment ago, where the page itself says that the directory is still the same:
    every change of people, units and tablets raises its revision."""
    if head.check:
        return None
    with dialect.glancing(center.engine) as connection:
        read = _read(center, connection, reader.county, reader.person, cursor, head, answer)
    return read if read.directory_revision == reader.county.directory_revision else None


def _from_one_snapshot(
    center: Center, reader: Reader, cursor: Cursor | None, head: RequestHead, answer: AnswerHead
) -> _Read | None:
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county, caller = ask(connection, tablets.opening(center.settings.county, reader.token))
        if caller is None or caller.revoked_at is not None:
            return None
        person = ask(connection, directory.people(county.code, [caller.person]))[caller.person]
        return _read(center, connection, county, person, cursor, head, answer)


def nothing_more(head: RequestHead, answer: AnswerHead) -> Iterator[bytes]:
    """A revoked tablet sees no feed: its cursor stays where it is, or at the beginning of this server's past."""
    cursor = None if answer.replay else head.cursor
    beginning = Cursor(0, 0, chain.tag(chain.START), "")
    yield frames.answer_head(answer)
    yield frames.last_line(LastLine(cursor or cursors.encode(beginning), False, 0))


def _read(
    center: Center,
    connection: sa.Connection,
    county: County,
    person: Person,
    cursor: Cursor | None,
    head: RequestHead,
    answer: AnswerHead,
) -> _Read:
    units = center.units.units(connection, county)
    held = scope(person, units, stamp(center.clock()))
    keys = pages.covered(held, county.code)
    covers = digest(keys)
    sets = {covers: tuple(sorted(keys))}
    position = _position(connection, county, cursor, held, units, sets)
    if position is None:
        # A key set that nobody remembers: the tablet takes its keys from the start, and drops what does not come.
        answer = replace(answer, replay=True)
    position = pages.again(position or pages.from_the_start(held), head.again)
    page = ask(connection, feed.page(connection.dialect.name, county.code, position.reading, head.want))
    lines, last = pages.lines(page, position, covers, sets)
    if head.check and not last.more:
        last = replace(last, digests=digests(feed.standing(connection, county.code, held.covers)))
    return _Read(answer, lines, last, sets, page.directory_revision)


def _position(
    connection: sa.Connection, county: County, cursor: Cursor | None, held: Scope, units: Units, sets: KeySets
) -> Position | None:
    """Where a cursor says to go on; None where nobody remembers the keys that it covered. `sets` has the caller's keys,
    and gets those that the cursor refers to."""
    if cursor is None:
        return pages.from_the_start(held)
    for name in {cursor.covers, cursor.later or cursor.covers} - sets.keys():
        found = feed.remembered_scope(connection, county.code, name)
        if found is None:
            return None
        sets[name] = tuple(sorted(found))
    before = frozenset(sets[cursor.covers])
    return pages.resumed(pages.unfolded(cursor, sets), before, held, units, county.code)
