"""`doorstep verify`: the edit log replayed with its stored outcomes must give the records, and its chain must hold.

It reads everything, record by record; it is for administrators and tests, not for requests. However damaged a database
is, it says what it finds, and goes on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from server.center import Center
from server.replay import EDITED, as_far_as_possible, differences_of_records
from server.status import remaining
from server.status.days import days_in
from server.status.recount import Recount, differences_of_counters
from server.status.remaining import Remaining
from server.store import counters, dialect
from server.store.ledger import BLANK, County
from server.store.log import ERASE, STRAY
from server.store.streams import by_id, streamed
from server.store.tables import edit_log, held_wait, placement, record
from sync import chain, lines
from sync.codes import Code, Result
from sync.stamps import BEGINNING

_STANDING = [*EDITED, "conflict"]
"""The types of all that stand somewhere by what a record says."""


def differences(center: Center) -> list[str]:
    """Where the log and what was made of it differ, in words; empty where all is well."""
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        recount = Recount(days_in(county.timezone))
        erased = Erased()
        looks = {
            "database file": (f"database file: {line}" for line in dialect.damage(connection)),
            "erasures": erased.read(connection, county),
            "log": _chain(connection, county, erased),
            "records": differences_of_records(connection, county, recount),
            "counters": _counters(connection, county, recount, erased),
            "held edits": _held(connection, county),
            "placements": _placements(connection, county),
        }
        return [each for what, found in looks.items() for each in as_far_as_possible(what, found)]


@dataclass(slots=True)
class Erased:
    """What the log's erasures say: the hashes of the lines without a name of their own that they took away; and what
    erased records left: of one that was erased again after a restore, as it was said last."""

    strays: set[str] = field(default_factory=set)
    remains: dict[tuple[str, str], Remaining] = field(default_factory=dict)

    def read(self, connection: sa.Connection, county: County) -> Iterator[str]:
        rows = sa.select(edit_log.c.revision, edit_log.c.type, edit_log.c.record, edit_log.c.line).where(
            edit_log.c.county == county.code, edit_log.c.kind == ERASE
        )
        for revision, kind, identity, line in connection.execute(rows.order_by(edit_log.c.revision)):
            try:
                said = json.loads(line)
                self.strays.update(said["strays"])
                self.remains[kind, identity] = remaining.read(said)
            except (ValueError, KeyError, TypeError):
                yield f"log line {revision}: it says that it erases, and not what"


def _chain(connection: sa.Connection, county: County, erased: Erased) -> Iterator[str]:
    head, last = chain.START, 0
    columns = (
        edit_log.c.revision, edit_log.c.kind, edit_log.c.line, edit_log.c.digest, edit_log.c.receipt_ms,
        edit_log.c.head, edit_log.c.code,
    )  # fmt: skip
    rows = sa.select(*columns).where(edit_log.c.county == county.code)
    for row in streamed(connection, rows.order_by(edit_log.c.revision)):
        if row["head"] != _extended(head, row):
            yield f"log line {row['revision']}: the chain breaks"
        head, last = row["head"], row["revision"]
        # A stray that came after the erasure says so itself; of one that was there before it, the erasure does.
        is_erased = row["code"] == Code.ERASED or (row["kind"] == STRAY and row["digest"].hex() in erased.strays)
        if is_erased and row["line"] != BLANK:
            yield f"log line {row['revision']}: it is erased, and its bytes are there"
        if not is_erased and lines.digest(row["line"]) != row["digest"]:
            yield f"log line {row['revision']}: its bytes are not those that were received"
    if (head, last) != (county.head, county.log_revision):
        yield f"county: its head is not that of log line {last}"
    if county.revision < last:
        yield "county: its counter is behind the log"


def _extended(head: bytes, row: sa.RowMapping) -> bytes | None:
    """The chain after a line; None where its numbers are none that a line has."""
    try:
        return chain.extend(head, row["revision"], row["receipt_ms"], row["digest"])
    except OverflowError:
        return None


def _counters(connection: sa.Connection, county: County, recount: Recount, erased: Erased) -> Iterator[str]:
    """The counters are what all records and their lives add up to."""
    counted = recount.counted(erased.remains.values())
    kept = counters.everything(connection, county.code)
    yield from differences_of_counters(kept, counted, counters.every_attendance(connection, county.code), recount.days)


def _held(connection: sa.Connection, county: County) -> Iterator[str]:
    """Each held edit has its record and, unless it waits for staff, something that it waits for; each held record says
    what the log says."""
    waits = sa.exists().where(held_wait.c.county == edit_log.c.county, held_wait.c.name == edit_log.c.name)
    columns = (edit_log.c.name, edit_log.c.result, edit_log.c.code, record.c.document, waits.label("waits"))
    joined = sa.outerjoin(
        edit_log,
        record,
        (record.c.county == edit_log.c.county) & (record.c.type == "held") & (record.c.id == edit_log.c.name),
    )
    rows = sa.select(*columns).select_from(joined).where(edit_log.c.county == county.code, edit_log.c.name.is_not(None))
    for row in streamed(connection, rows):
        if row["result"] is None:
            yield f"edit {row['name']}: it has no outcome"
        elif row["document"] is None and row["result"] == Result.HELD:
            yield f"edit {row['name']}: it is held, and nobody can see it"
        elif row["result"] == Result.HELD and row["code"] != Code.TABLET_REVOKED and not row["waits"]:
            yield f"edit {row['name']}: it is held, and waits for nothing"
        elif row["document"] is not None and _members(row["document"]).get("result") != row["result"]:
            yield f"edit {row['name']}: its held record says another outcome"


def _placements(connection: sa.Connection, county: County) -> Iterator[str]:
    """Each record stands, at its own revision, where its document or its parent's says."""
    rows = sa.select(
        placement.c.record.label("id"), placement.c.type, placement.c.key, placement.c.since, placement.c.revision,
        record.c.revision.label("now"),
    )  # fmt: skip
    joined = rows.join(
        record,
        (record.c.county == placement.c.county)
        & (record.c.type == placement.c.type)
        & (record.c.id == placement.c.record),
    ).where(placement.c.county == county.code, placement.c.gone.is_(None))
    standing = streamed(connection, joined.order_by(placement.c.record))
    for identity, (stands, *shown) in by_id(standing, *(_shown(connection, county, kind) for kind in _STANDING)):
        placed: dict[str, dict[str, str]] = {}
        for row in stands:
            placed.setdefault(row["type"], {})[row["key"]] = row["since"]
            if row["revision"] != row["now"]:
                yield f"{row['type']} {identity}: under {row['key']} it has another revision"
        for row in (row for rows in shown for row in rows):
            said = row["document"] if row["parent"] is None else row["top"]
            if not _stands(placed.get(row["type"], {}), _members(said or "")):
                yield f"{row['type']} {identity}: it stands elsewhere than its record says"


def _stands(since: Mapping[str, str], top: Mapping[str, Any]) -> bool:
    """Whether keys, with the stamps from which they count, are those under which a document says that it stands."""
    units = {f"unit:{top['unit']}"} if "unit" in top else _begun(since)
    assignees = {top["assignee"]} if top.get("assignee") else set()
    return bool(top) and bool(units) and since.keys() == units | assignees


def _begun(since: Mapping[str, str]) -> set[str]:
    """The units of its creation, which count from the beginning: edits that name each other may leave none standing."""
    return {key for key, stamp in since.items() if key.startswith("unit:") and stamp == BEGINNING}


def _shown(connection: sa.Connection, county: County, kind: str) -> Iterator[sa.RowMapping]:
    """What is shown of a type, by id, each with the document of the record that it stands with."""
    top = record.alias("top")
    is_top = (
        (top.c.county == record.c.county)
        & top.c.type.in_(EDITED)
        & (top.c.id == record.c.parent)
        & top.c.parent.is_(None)
        & top.c.gone.is_(None)
    )
    columns = record.c.type, record.c.id, record.c.document, record.c.parent, top.c.document.label("top")
    rows = sa.select(*columns).select_from(sa.outerjoin(record, top, is_top))
    rows = rows.where(record.c.county == county.code, record.c.type == kind, record.c.gone.is_(None))
    return streamed(connection, rows.order_by(record.c.id))


def _members(document: str) -> Mapping[str, Any]:
    """What a document says, nothing where it is no object."""
    try:
        said = json.loads(document)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
