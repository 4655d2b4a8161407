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
class _Read:
    """What a snapshot gave: the lines of the page, the last line, the answer's head, and key sets to remember."""

    answer: AnswerHead
    lines: list[bytes]
    last: LastLine
    sets: KeySets


def pulled(center: Center, token: str, cursor: Cursor | None, head: RequestHead, answer: AnswerHead) -> Iterator[bytes]:
    """The lines of an answer: its head, the page, the last line. `cursor` is None to begin at the beginning."""
    # Scope, page and digests are read from one snapshot: else the page could show what was written after the caller had
    # left, and the digests could be of other rows than those that the page has come up to.
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county, caller = ask(connection, tablets.opening(center.settings.county, token))
        is_ours = caller is not None and caller.revoked_at is None
        read = _read(center, connection, county, caller.person, cursor, head, answer) if caller and is_ours else None
    if read is None:
        # It was revoked or replaced after what it handed over was taken: it sees nothing more.
        yield from nothing_more(head, answer)
        return
    new = read.sets.keys() - (set() if cursor is None else {cursor.covers, cursor.later})
    if new:
        with dialect.writing(center.engine) as connection:
            feed.remember_scopes(connection, county.code, {name: read.sets[name] for name in new})
    yield frames.answer_head(read.answer)
    yield from read.lines
    yield frames.last_line(read.last)


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
    reader: str,
    cursor: Cursor | None,
    head: RequestHead,
    answer: AnswerHead,
) -> _Read:
    units = center.units.units(connection, county)
    person = ask(connection, directory.people(county.code, [reader])).get(reader, Person(reader))
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
    return _Read(answer, lines, last, sets)


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
