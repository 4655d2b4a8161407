"""`doorstep verify`: the edit log replayed with its stored outcomes must give the records, and its chain must hold.

It reads everything; it is for administrators and tests, not for requests.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

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
    stored = _stored(connection, county)
    columns = (
        edit_log.c.name, edit_log.c.line, edit_log.c.type, edit_log.c.record, edit_log.c.stamp, edit_log.c.result,
    )  # fmt: skip
    named = sa.select(*columns).where(
        edit_log.c.county == county.code, edit_log.c.name.is_not(None), edit_log.c.record.is_not(None)
    )
    rows = _streamed(connection, named.order_by(edit_log.c.record, edit_log.c.revision))
    for identity, log_rows in groupby(rows, key=lambda row: str(row["record"])):
        of_record = list(log_rows)
        admitted = [_edit(row, identity) for row in of_record if row["result"] in ADMITTED]
        made = _made(identity, admitted, of_record)
        if made is None:
            continue
        document = records.document(made, CATALOG, WORKFLOW)
        life = lived(made, moves(admitted), WORKFLOW) if made.type == "dispute" else []
        recount.see(made.type, identity, document, made.origins[0].at, life)
        yield from _compared(stored, (made.type, identity), document, records.dots(made, CATALOG, WORKFLOW))
        for name, found in records.conflicts(made, CATALOG, WORKFLOW).items():
            yield from _compared(stored, ("conflict", conflict_id(identity, name)), found, {})
    for kind, identity in stored:
        if kind != "held":
            yield f"{kind} {identity}: no edit made it"


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


def _stored(connection: sa.Connection, county: County) -> dict[tuple[str, str], tuple[str, str | None]]:
    rows = sa.select(record.c.type, record.c.id, record.c.document, record.c.dots).where(
        record.c.county == county.code, record.c.gone.is_(None)
    )
    return {(row["type"], str(row["id"])): (row["document"], row["dots"]) for row in _streamed(connection, rows)}


def _compared(
    stored: dict[tuple[str, str], tuple[str, str | None]],
    identity: tuple[str, str],
    document: Values,
    dots: Mapping[str, list[str]],
) -> Iterator[str]:
    found = stored.pop(identity, None)
    if found is None:
        yield f"{identity[0]} {identity[1]}: its edits make it, and it is not there"
    elif canonical(json.loads(found[0])) != canonical(document):
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
    placed: dict[tuple[str, str], set[str]] = {}
    rows = sa.select(
        placement.c.type, placement.c.record, placement.c.key, placement.c.revision, record.c.revision.label("now")
    )
    joined = rows.join(
        record,
        (record.c.county == placement.c.county)
        & (record.c.type == placement.c.type)
        & (record.c.id == placement.c.record),
    ).where(placement.c.county == county.code, placement.c.gone.is_(None))
    for row in _streamed(connection, joined):
        placed.setdefault((row["type"], str(row["record"])), set()).add(row["key"])
        if row["revision"] != row["now"]:
            yield f"{row['type']} {row['record']}: under {row['key']} it has another revision"
    shown = {
        (row["type"], str(row["id"])): (json.loads(row["document"]), row["parent"])
        for row in _streamed(
            connection,
            sa.select(record.c.type, record.c.id, record.c.document, record.c.parent).where(
                record.c.county == county.code, record.c.gone.is_(None)
            ),
        )
    }
    # A held creation bears the name of the record that it makes, and is nobody's parent.
    tops = {identity: top for (kind, identity), (top, parent) in shown.items() if parent is None and kind != "held"}
    for (kind, identity), (document, parent) in shown.items():
        if kind == "held":
            continue
        top = document if parent is None else tops.get(str(parent), {})
        keys = {f"unit:{top.get('unit')}"} | ({top["assignee"]} if top.get("assignee") else set())
        if placed.get((kind, identity), set()) != keys:
            yield f"{kind} {identity}: it stands elsewhere than its record says"
