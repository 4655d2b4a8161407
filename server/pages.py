"""From a cursor to the next page of the caller's feed: what of the scope is new, what is lost, how far to read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from server.store.feed import FeedRow, Page, Reading
from sync import cursor as cursors
from sync import frames
from sync.cursor import Cursor, Mark
from sync.frames import LastLine
from sync.limits import CATCHING_UP_KEYS_PER_PAGE_MAX, PAGE_BYTES_MAX
from sync.scope import Scope, Units, digest

KeySets = dict[str, tuple[str, ...]]
"""Sets of keys by their digests, each in order."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where to go on: what to read, and the keys that the caller has lost since."""

    reading: Reading
    lost: tuple[str, ...] = ()


def covered(held: Scope, county: str) -> frozenset[str]:
    """The key set that a cursor covers. The whole county is one name, so that a new grid changes nothing."""
    if not held.whole:
        return held.keys
    own = {key for key in held.keys if not key.startswith(("unit:", "staff:"))}
    return frozenset(own | {f"county:{county}"})


def from_the_start(held: Scope) -> Position:
    """The feed from its beginning: the whole county by revision, or key after key."""
    return Position(Reading(held, 0, () if held.whole else held.covers, 0))


def resumed(cursor: Cursor, before: frozenset[str], held: Scope, units: Units, county: str) -> Position:
    """The feed from a cursor that covered the keys `before`, for the scope that the caller holds now."""
    was_whole = f"county:{county}" in before
    had = before - {f"county:{county}"}
    if was_whole:
        had |= {f"{kind}:{unit}" for unit in units.parents for kind in ("unit", "staff")}
    lost = tuple(sorted(had - held.keys))
    if held.whole and not was_whole:
        return Position(Reading(held, 0, (), 0), lost)
    waiting = tuple(key for key in cursor.catching_up if key in held.keys)
    # Whoever sees everything has the records of a key of their own that is new, but not under that key.
    gained = tuple(sorted(held.keys - had))
    position = cursor.position if waiting[:1] == cursor.catching_up[:1] else 0
    return Position(
        Reading(held, cursor.revision, (*waiting, *(key for key in gained if key not in waiting)), position), lost
    )


def again(position: Position, keys: Iterable[str]) -> Position:
    """The same, and those of the keys that the caller holds once more from their beginning."""
    reading = position.reading
    once_more = tuple(sorted(reading.scope.keys.intersection(keys)))
    if not once_more:
        return position
    others = tuple(key for key in reading.catching_up if key not in once_more)
    begun = reading.position if others[:1] == reading.catching_up[:1] else 0
    return replace(position, reading=replace(reading, catching_up=(*others, *once_more), position=begun))


def lines(page: Page, position: Position, covers: str, sets: KeySets) -> tuple[list[bytes], LastLine]:
    """The lines of a page between the answer's head and its last line, and that one, which says where to go on.

    `sets`: key sets that are remembered, which gets the one that the cursor refers to where there is none yet."""
    sent = [frames.scope_lost(key) for key in position.lost]
    sent_bytes = 0
    told: set[str] = set()
    last: FeedRow | None = None
    for row in page.rows:
        if row.line not in told:
            line = row.line.encode()
            if sent_bytes and sent_bytes + len(line) > PAGE_BYTES_MAX:
                break
            told.add(row.line)
            sent_bytes += len(line)
            sent.append(line)
        last = row
    else:
        if not page.cut:
            last = None
    cursor = _within_bounds(_after(page, position.reading, covers, last), sets)
    more = last is not None or bool(cursor.catching_up)
    return sent, LastLine(cursors.encode(cursor), more, cursor.revision)


def _after(page: Page, reading: Reading, covers: str, last: FeedRow | None) -> Cursor:
    """The cursor after a page that was sent whole (`last` is None), or up to a row."""
    mark = page.mark
    if last is None:
        return _cursor(mark, covers, page.revision, reading.catching_up[len(reading.turn) :], 0)
    if last.part == 0:
        return _cursor(mark, covers, last.revision, reading.catching_up, reading.position)
    return _cursor(mark, covers, page.revision, reading.catching_up[last.turn :], last.revision)


def _cursor(mark: Mark, covers: str, revision: int, catching_up: tuple[str, ...], position: int) -> Cursor:
    return Cursor(revision, mark.revision, mark.tag, covers, catching_up, position)


def _within_bounds(cursor: Cursor, sets: KeySets) -> Cursor:
    """The same, where many keys catch up: the next page's by name, and those after it as the end of a key set."""
    named, others = (
        cursor.catching_up[:CATCHING_UP_KEYS_PER_PAGE_MAX],
        cursor.catching_up[CATCHING_UP_KEYS_PER_PAGE_MAX:],
    )
    if not others:
        return cursor
    later = tuple(sorted(others))
    for name, known in sets.items():
        taken = len(known) - len(later)
        if taken >= 0 and known[taken:] == later:
            return replace(cursor, catching_up=named, later=name, taken=taken)
    sets[digest(later)] = later
    return replace(cursor, catching_up=named, later=digest(later))


def unfolded(cursor: Cursor, sets: KeySets) -> Cursor:
    """The same with all keys that catch up by name. The set that it refers to must be among `sets`."""
    if not cursor.later:
        return cursor
    later = sets[cursor.later][cursor.taken :]
    return replace(cursor, catching_up=(*cursor.catching_up, *later), later="", taken=0)
