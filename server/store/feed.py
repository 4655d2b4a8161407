"""A page of the caller's feed, read in one statement and so from one snapshot.

A keyed scope reads by key: one bounded index probe a key, so that its cost is what changed under these keys and
nothing else. The scope of the whole county reads by revision.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.store import bulk, probes
from server.store.tables import placement, scope_set
from sync import chain
from sync.cursor import Mark
from sync.limits import CATCHING_UP_KEYS_PER_PAGE_MAX, PAGE_BYTES_MAX
from sync.scope import Scope

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A row under the caller's keys. `part` 0: of keys read up to the cursor; 1: of those that catch up, by turn."""

    part: int
    turn: int
    revision: int
    type: str
    id: str
    gone: str | None
    document: str
    dots: str | None
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `want` rows in the order in which they are sent, and no more documents than fill a page; `cut` where there
    are more. `revision` and `mark` are the
    county's at the moment of the snapshot."""

    rows: tuple[FeedRow, ...]
    cut: bool
    revision: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class Reading:
    """Where to read from: the steady keys after `revision`; then the catching-up keys, the first after `position`."""

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
        steady = [key for key in self.scope.covers if key not in late]
        return [
            *({"part": 0, "turn": 0, "key": key, "since": self.revision} for key in steady),
            *(
                {"part": 1, "turn": turn, "key": key, "since": self.position if turn == 0 else 0}
                for turn, key in enumerate(self.turn)
            ),
        ]


_PAGE = """
    SELECT county.revision AS at_revision, county.log_revision, county.head, page.*
    FROM county LEFT JOIN (
        SELECT f.part, f.turn, f.revision, f.type, f.record, f.found, coalesce(f.gone, r.gone) AS gone, r.document,
            r.dots, (
                SELECT {keys} FROM placement AS h
                WHERE h.county = :county AND h.record = f.record AND h.type = f.type AND h.gone IS NULL AND {held}
            ) AS keys
        FROM (SELECT * FROM ({sized}) AS sized WHERE up_to_here - bytes < :bytes) AS f {record}
    ) AS page ON true
    WHERE county.code = :county
    ORDER BY page.part, page.turn, page.revision
"""
# Documents are read once it is known which of them there is room for.
_SIZED = """
    SELECT each.*, count(*) OVER () AS found,
        sum(bytes) OVER (ORDER BY part, turn, revision ROWS UNBOUNDED PRECEDING) AS up_to_here
    FROM (SELECT f.*, {bytes} AS bytes FROM ({found}) AS f {record}) AS each
"""
_BY_KEY = "SELECT * FROM ({probes}) AS probed ORDER BY part, turn, revision LIMIT :want"
_BY_REVISION = """
    SELECT 0 AS part, 0 AS turn, revision, type, id AS record, gone FROM record
    WHERE county = :county AND revision > :since ORDER BY revision LIMIT :want
"""


def page(connection: sa.Connection, code: str, reading: Reading, want: int) -> Page:
    """The next rows of a scope. One statement."""
    name = connection.dialect.name
    held = probes.FEED_HELD[name]
    parameters: dict[str, Any] = {"county": code, "want": want + 1, "bytes": PAGE_BYTES_MAX}
    if reading.scope.whole:
        own = [key for key in reading.scope.covers if not key.startswith(("unit:", "staff:"))]
        held = f"(h.key LIKE 'unit:%' OR h.key LIKE 'staff:%' OR {held})"
        found = _BY_REVISION
        parameters |= {"held": json.dumps(own), "since": reading.revision}
    else:
        found = _BY_KEY.format(probes=probes.FEED_PROBES[name])
        parameters |= {"held": json.dumps(reading.scope.covers), "probes": json.dumps(reading.probes())}
    record = probes.FEED_RECORD[name]
    sized = _SIZED.format(found=found, record=record, bytes=probes.FEED_BYTES[name])
    statement = _PAGE.format(sized=sized, record=record, keys=probes.FEED_KEYS[name], held=held)
    rows = connection.execute(sa.text(statement), parameters).all()
    first = rows[0]
    found_rows = [_row(each) for each in rows if each.revision is not None]
    return Page(
        rows=tuple(found_rows[:want]),
        cut=bool(found_rows) and first.found > min(len(found_rows), want),
        revision=first.at_revision,
        mark=Mark(first.log_revision, chain.tag(first.head)),
    )


def _row(row: Any) -> FeedRow:
    return FeedRow(
        row.part,
        row.turn,
        row.revision,
        row.type,
        str(row.record),
        row.gone,
        row.document or "",
        row.dots,
        tuple(sorted(json.loads(row.keys or "[]"))),
    )


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
