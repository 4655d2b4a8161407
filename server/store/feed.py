"""A page of the caller's feed, read in one statement and so from one snapshot.

A keyed scope reads by key: one bounded index probe a key, so that its cost is what changed under these keys and
nothing else. The scope of the whole county reads by revision, and by key only what catches up.
"""

import json
import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from server.store import bulk, probes
from server.store.flight import Question
from server.store.tables import placement, scope_set
from sync import chain, frames
from sync.cursor import Mark
from sync.limits import CATCHING_UP_KEYS_PER_PAGE_MAX, PAGE_BYTES_MAX
from sync.scope import Scope

ROWS_AT_ONCE = 1000


class FeedRow(NamedTuple):
    """A row under the caller's keys. `part` 0: of keys read up to the cursor; 1: of those that catch up, by turn.

    `line` is what the caller is sent. A record that left one of their keys, but not all, comes as it is now: its row
    under another may be far off among what catches up, or never come where that key is lost too."""

    part: int
    turn: int
    revision: int
    line: str


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `want` rows in the order in which they are sent, and no more documents than fill a page; `cut` where there
    may be more. The others are the county's at the moment of the snapshot."""

    rows: tuple[FeedRow, ...]
    cut: bool
    revision: int
    mark: Mark
    directory_revision: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read from: the steady keys, or the whole county, after `revision`; then the catching-up keys, the first
    after `position`."""

    scope: Scope
    revision: int
    catching_up: tuple[str, ...]
    position: int

    @property
    def turn(self) -> tuple[str, ...]:
        """The catching-up keys that this page may reach."""
        return self.catching_up[:CATCHING_UP_KEYS_PER_PAGE_MAX]

    def probes(self) -> list[dict[str, object]]:
        late = set(self.catching_up)
        steady = [] if self.scope.whole else [key for key in self.scope.covers if key not in late]
        return [
            *({"part": 0, "turn": 0, "key": key, "since": self.revision} for key in steady),
            *(
                {"part": 1, "turn": turn, "key": key, "since": self.position if turn == 0 else 0}
                for turn, key in enumerate(self.turn)
            ),
        ]


# The county as it is comes first, before any part. No order is asked for: the rows come in theirs, and the database
# would sort whole lines.
_PAGE = """
    SELECT -1 AS part, 0 AS turn, revision, '' AS line, 0 AS up_to_here, log_revision, head, directory_revision
    FROM county WHERE code = :county
    UNION ALL
    SELECT part, turn, revision, {line}, up_to_here, NULL, NULL, NULL
    FROM (
        SELECT f.*, (
                SELECT {keys} FROM (
                    SELECT h.key FROM placement AS h
                    WHERE h.county = :county AND h.record = f.record AND h.type = f.type AND h.gone IS NULL AND {held}
                    ORDER BY h.key
                ) AS k
            ) AS keys
        FROM ({sized}) AS f WHERE f.up_to_here - f.bytes < :bytes
    ) AS page
"""
# A large document stays where it is until it is sent: what PostgreSQL sums up and sorts holds where that is.
_SIZED = """
    SELECT each.*, sum(bytes) OVER (ORDER BY part, turn, revision ROWS UNBOUNDED PRECEDING) AS up_to_here
    FROM (
        SELECT f.part, f.turn, f.revision, f.type, f.record, coalesce(f.gone, r.gone) AS gone,
            r.gone AS ended, r.revision AS stands_at, r.document, r.dots, {bytes} AS bytes
        FROM ({found}) AS f {record}
    ) AS each
"""
_LINE = f"""
    CASE WHEN gone IS NULL OR (ended IS NULL AND keys IS NOT NULL) THEN format(
        '{frames.ROW}', stands_at, type, record, coalesce(keys, '[]'), coalesce(document, '{{}}'), ',"dots":' || dots
    ) ELSE format('{frames.GONE}', revision, type, record, gone) END
"""
_FOUND = "SELECT * FROM ({found}) AS found ORDER BY part, turn, revision LIMIT :want"
_BY_REVISION = """
    SELECT * FROM (
        SELECT 0 AS part, 0 AS turn, revision, type, id AS record, gone FROM record
        WHERE county = :county AND revision > :since ORDER BY revision LIMIT :want
    ) AS newer UNION ALL
"""


@cache
def _page(database: str, *, whole: bool) -> sa.TextClause:
    held, found = probes.FEED_HELD[database], probes.FEED_PROBES[database]
    if whole:
        held, found = f"(h.key LIKE 'unit:%' OR h.key LIKE 'staff:%' OR {held})", _BY_REVISION + found
    record = probes.FEED_RECORD[database]
    sized = _SIZED.format(found=_FOUND.format(found=found), record=record, bytes=probes.FEED_BYTES[database])
    return sa.text(_PAGE.format(line=_LINE, sized=sized, keys=probes.FEED_KEYS[database], held=held))


def page(database: str, code: str, reading: Reading, want: int) -> Question[Page]:
    """The next rows of a scope, asked of PostgreSQL or SQLite."""
    held = reading.scope.covers
    parameters: dict[str, Any] = {"county": code, "want": want + 1, "bytes": PAGE_BYTES_MAX}
    if reading.scope.whole:
        held = tuple(key for key in held if not key.startswith(("unit:", "staff:")))
        parameters["since"] = reading.revision
    parameters |= {"held": json.dumps(held), "probes": json.dumps(reading.probes())}
    rows = yield _page(database, whole=reading.scope.whole), parameters
    (_, _, revision, _, _, log_revision, head, directory_revision), *found = sorted(rows, key=_IN_ORDER)
    return Page(
        rows=tuple(FeedRow(*row[:4]) for row in found[:want]),
        cut=len(found) > want or (bool(found) and found[-1][4] >= PAGE_BYTES_MAX),
        revision=revision,
        mark=Mark(log_revision, chain.tag(head)),
        directory_revision=directory_revision,
    )


_IN_ORDER = operator.itemgetter(0, 1, 2, 4)
"""By part, turn and revision; of one record under several keys, as its bytes were summed up."""


def standing(connection: sa.Connection, code: str, keys: Iterable[str]) -> Iterator[tuple[str, str, str, int]]:
    """All that stands under keys: key, type, id and revision of each row. Its cost is that of the whole scope."""
    rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(
        sa.select(placement.c.key, placement.c.type, placement.c.record, placement.c.revision).where(
            placement.c.county == code, bulk.among(placement.c.key, keys), placement.c.gone.is_(None)
        )
    )
    for key, record_type, record, revision in rows:
        yield key, record_type, str(record), revision


def remember_scopes(connection: sa.Connection, code: str, sets: Mapping[str, Iterable[str]]) -> None:
    """Keeps key sets under their digests, so that a cursor need not carry them."""
    rows = [{"county": code, "digest": digest, "keys": json.dumps(sorted(keys))} for digest, keys in sets.items()]
    bulk.insert_missing(connection, scope_set, rows)


def remembered_scope(connection: sa.Connection, code: str, digest: str) -> frozenset[str] | None:
    """The key set of a digest, or None where none is known."""
    found = connection.scalar(
        sa.select(scope_set.c["keys"]).where(scope_set.c.county == code, scope_set.c.digest == digest)
    )
    return None if found is None else frozenset(json.loads(found))
