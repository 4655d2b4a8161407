"""`doorstep verify`: the edit log replayed with its stored outcomes must give the records, and its chain must hold.

It reads everything, record by record; it is for administrators and tests, not for requests.
"""

import heapq
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from server.center import Center
from server.status import remaining
from server.status.cases import lived
from server.status.days import days_in
from server.status.life import moves
from server.status.recount import Recount, differences_of_counters
from server.status.remaining import Remaining
from server.store import counters, dialect
from server.store.ledger import BLANK, County
from server.store.log import ERASE, STRAY
from server.store.records import text
from server.store.tables import edit_log, placement, record
from sync import chain, edits, lines, records
from sync.codes import ADMITTED, Code, Result
from sync.edits import Do, Edit
from sync.ids import conflict_id
from sync.lines import Values, canonical
from sync.records import Record
from sync.refused import over_of_refused
from sync.registers import Fate, Named

ROWS_AT_ONCE = 1000
_EDITED = [kind.name for kind in CATALOG.types.values() if kind.editable]
_STANDING = [*_EDITED, "conflict"]
"""The types of records that people make, and of all that stand somewhere by what a record says."""


Texts = dict[tuple[str, str], tuple[str, str | None]]
"""By type and id: documents and dots."""


def differences(center: Center) -> list[str]:
    """Where the log and what was made of it differ, in words; empty where all is well."""
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        recount = Recount(days_in(county.timezone))
        return [
            *_chain(connection, county),
            *_records(connection, county, recount),
            *_counters(connection, county, recount),
            *_held(connection, county),
            *_placements(connection, county),
        ]


def _streamed(connection: sa.Connection, statement: sa.Select[Any]) -> Iterator[sa.RowMapping]:
    yield from connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings()


def _by_id(*streams: Iterator[sa.RowMapping]) -> Iterator[tuple[str, list[list[sa.RowMapping]]]]:
    """Id by id, the rows of each stream that have it. Each is in the order of its ids: nothing need be kept."""

    def told(place: int, stream: Iterator[sa.RowMapping]) -> Iterator[tuple[str, int, sa.RowMapping]]:
        return ((str(row["id"]), place, row) for row in stream)

    in_order = heapq.merge(*map(told, itertools.count(), streams), key=itemgetter(0))
    for identity, rows in groupby(in_order, key=itemgetter(0)):
        found: list[list[sa.RowMapping]] = [[] for _ in streams]
        for _, place, row in rows:
            found[place].append(row)
        yield identity, found


def _chain(connection: sa.Connection, county: County) -> Iterator[str]:
    head, last = chain.START, 0
    erased = _erased(connection, county)
    columns = (
        edit_log.c.revision, edit_log.c.kind, edit_log.c.line, edit_log.c.digest, edit_log.c.receipt_ms,
        edit_log.c.head, edit_log.c.code,
    )  # fmt: skip
    rows = sa.select(*columns).where(edit_log.c.county == county.code)
    for row in _streamed(connection, rows.order_by(edit_log.c.revision)):
        head, last = chain.extend(head, row["revision"], row["receipt_ms"], row["digest"]), row["revision"]
        if head != row["head"]:
            yield f"log line {row['revision']}: the chain breaks"
            head = row["head"]
        # A stray that came after the erasure says so itself; of one that was there before it, the erasure does.
        is_erased = row["code"] == Code.ERASED or (row["kind"] == STRAY and row["digest"].hex() in erased)
        if is_erased and row["line"] != BLANK:
            yield f"log line {row['revision']}: it is erased, and its bytes are there"
        if not is_erased and lines.digest(row["line"]) != row["digest"]:
            yield f"log line {row['revision']}: its bytes are not those that were received"
    if (head, last) != (county.head, county.log_revision):
        yield f"county: its head is not that of log line {last}"
    if county.revision < last:
        yield "county: its counter is behind the log"


def _erased(connection: sa.Connection, county: County) -> set[str]:
    """The hashes of the lines without a name of their own that erasures took away."""
    rows = sa.select(edit_log.c.line).where(edit_log.c.county == county.code, edit_log.c.kind == ERASE)
    said = (json.loads(line)["strays"] for line in connection.scalars(rows))
    return {digest for strays in said for digest in strays}


def _records(connection: sa.Connection, county: County, recount: Recount) -> Iterator[str]:
    """Every record and conflict, made again from its edits."""
    columns = (
        edit_log.c.record.label("id"), edit_log.c.name, edit_log.c.line, edit_log.c.type, edit_log.c.stamp,
        edit_log.c.result,
    )  # fmt: skip
    named = sa.select(*columns).where(
        edit_log.c.county == county.code, edit_log.c.name.is_not(None), edit_log.c.record.is_not(None)
    )
    log = _streamed(connection, named.order_by(edit_log.c.record, edit_log.c.revision))
    # They are few, and found by names that are made of their records'.
    conflicts = _texts(_stored(connection, county, "conflict"))
    for identity, (said, *found) in _by_id(log, *(_stored(connection, county, kind) for kind in _EDITED)):
        stored = _texts(row for rows in found for row in rows)
        admitted = [_edit(row, identity) for row in said if row["result"] in ADMITTED]
        made = _made(identity, admitted, said)
        if made is not None:
            document = records.document(made, CATALOG, WORKFLOW)
            life = lived(made, moves(admitted), WORKFLOW) if made.type == "dispute" else []
            recount.see(made.type, identity, document, made.origins[0].at, life)
            yield from _compared(stored, (made.type, identity), document, records.dots(made, CATALOG, WORKFLOW))
            for name, conflict in records.conflicts(made, CATALOG, WORKFLOW).items():
                yield from _compared(conflicts, ("conflict", conflict_id(identity, name)), conflict, {})
        yield from _made_by_none(stored)
    yield from _made_by_none(conflicts)


def _counters(connection: sa.Connection, county: County, recount: Recount) -> Iterator[str]:
    """The counters are what all records and their lives add up to."""
    for remains in _remains(connection, county):
        recount.see_erased(remains)
    counted = recount.counted()
    kept = {row[:-1]: row[-1] for row in counters.everything(connection, county.code)}
    yield from differences_of_counters(kept, counted, counters.every_attendance(connection, county.code), recount.days)


def _remains(connection: sa.Connection, county: County) -> Iterable[Remaining]:
    """What erased records left: of one that was erased again after a restore, as it was said last."""
    rows = sa.select(edit_log.c.type, edit_log.c.record, edit_log.c.line).where(
        edit_log.c.county == county.code, edit_log.c.kind == ERASE
    )
    last = {(kind, identity): line for kind, identity, line in connection.execute(rows.order_by(edit_log.c.revision))}
    return [remaining.read(json.loads(line)) for line in last.values()]


def _stored(connection: sa.Connection, county: County, kind: str) -> Iterator[sa.RowMapping]:
    """The records of a type, by id."""
    rows = sa.select(record.c.type, record.c.id, record.c.document, record.c.dots).where(
        record.c.county == county.code, record.c.type == kind, record.c.gone.is_(None)
    )
    return _streamed(connection, rows.order_by(record.c.id))


def _texts(rows: Iterable[sa.RowMapping]) -> Texts:
    return {(row["type"], str(row["id"])): (row["document"], row["dots"]) for row in rows}


def _made_by_none(left: Texts) -> Iterator[str]:
    for kind, identity in left:
        yield f"{kind} {identity}: no edit made it"


def _compared(
    stored: Texts,
    identity: tuple[str, str],
    document: Values,
    dots: Mapping[str, list[str]],
) -> Iterator[str]:
    found = stored.pop(identity, None)
    if found is None:
        yield f"{identity[0]} {identity[1]}: its edits make it, and it is not there"
    elif found[0] != text(document) and canonical(json.loads(found[0])) != canonical(document):
        yield f"{identity[0]} {identity[1]}: it is not what its edits make"
    elif (json.loads(found[1]) if found[1] else {}) != dict(dots):
        yield f"{identity[0]} {identity[1]}: its siblings are not what its edits make"


def _made(identity: str, admitted: list[Edit], log_rows: list[sa.RowMapping]) -> Record | None:
    """The record of all its admitted edits: creations first, the rest in any order."""
    refused = {str(row["name"]): row for row in log_rows if row["result"] == Result.REFUSED}
    folded: set[str] = set()

    def lookup(name: str, register: str) -> Named:
        if name in refused:
            over = over_of_refused(refused[name]["line"], CATALOG).get(register, ())
            return Named(Fate.REFUSED, over, identity, refused[name]["type"])
        # What comes only later in this order is remembered until then.
        return Named(Fate.ADMITTED if name in folded else Fate.UNKNOWN)

    made: Record | None = None
    for edit in sorted(admitted, key=lambda each: each.do is Do.CHANGE):
        made = records.admit(made, edit, CATALOG, lookup)
        folded.add(edit.name)
    return made


def _edit(row: sa.RowMapping, identity: str) -> Edit:
    edit = edits.read(row["line"], CATALOG)
    if not isinstance(edit, Edit):
        raise TypeError(f"edit {row['name']} was admitted and cannot be read")
    return edit.about(identity).stamped(row["stamp"])


def _held(connection: sa.Connection, county: County) -> Iterator[str]:
    """Each held edit has its record, and each held record says what the log says."""
    columns = (edit_log.c.name, edit_log.c.result, record.c.document)
    joined = sa.outerjoin(
        edit_log,
        record,
        (record.c.county == edit_log.c.county) & (record.c.type == "held") & (record.c.id == edit_log.c.name),
    )
    rows = sa.select(*columns).select_from(joined).where(edit_log.c.county == county.code, edit_log.c.name.is_not(None))
    for row in _streamed(connection, rows):
        if row["result"] is None:
            yield f"edit {row['name']}: it has no outcome"
        elif row["document"] is None and row["result"] == Result.HELD:
            yield f"edit {row['name']}: it is held, and nobody can see it"
        elif row["document"] is not None and json.loads(row["document"])["result"] != row["result"]:
            yield f"edit {row['name']}: its held record says another outcome"


def _placements(connection: sa.Connection, county: County) -> Iterator[str]:
    """Each record stands, at its own revision, where its document or its parent's says."""
    rows = sa.select(
        placement.c.record.label("id"), placement.c.type, placement.c.key, placement.c.revision,
        record.c.revision.label("now"),
    )  # fmt: skip
    joined = rows.join(
        record,
        (record.c.county == placement.c.county)
        & (record.c.type == placement.c.type)
        & (record.c.id == placement.c.record),
    ).where(placement.c.county == county.code, placement.c.gone.is_(None))
    standing = _streamed(connection, joined.order_by(placement.c.record))
    for identity, (stands, *shown) in _by_id(standing, *(_shown(connection, county, kind) for kind in _STANDING)):
        placed: dict[str, set[str]] = {}
        for row in stands:
            placed.setdefault(row["type"], set()).add(row["key"])
            if row["revision"] != row["now"]:
                yield f"{row['type']} {identity}: under {row['key']} it has another revision"
        for row in (row for rows in shown for row in rows):
            said = row["document"] if row["parent"] is None else row["top"]
            top = orjson.loads(said) if said else {}
            keys = {f"unit:{top.get('unit')}"} | ({top["assignee"]} if top.get("assignee") else set())
            if placed.get(row["type"], set()) != keys:
                yield f"{row['type']} {identity}: it stands elsewhere than its record says"


def _shown(connection: sa.Connection, county: County, kind: str) -> Iterator[sa.RowMapping]:
    """What is shown of a type, by id, each with the document of the record that it stands with."""
    top = record.alias("top")
    is_top = (
        (top.c.county == record.c.county)
        & top.c.type.in_(_EDITED)
        & (top.c.id == record.c.parent)
        & top.c.parent.is_(None)
        & top.c.gone.is_(None)
    )
    columns = record.c.type, record.c.id, record.c.document, record.c.parent, top.c.document.label("top")
    rows = sa.select(*columns).select_from(sa.outerjoin(record, top, is_top))
    rows = rows.where(record.c.county == county.code, record.c.type == kind, record.c.gone.is_(None))
    return _streamed(connection, rows.order_by(record.c.id))
