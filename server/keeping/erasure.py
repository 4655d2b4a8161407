"""Erasing a record: its documents and the bytes of every line about it go, what is anonymous stays.

The log keeps each line's hash, so its chain still holds; a line of kind `erase` names the edits and says what is left:
type, unit, days, and a dispute's steps. Whatever comes later about the record, or once more, is known as erased.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from server.administration.changing import NotPossibleError
from server.center import Center
from server.keeping import lasting
from server.keeping.extent import ERASABLE, Extent, doubtful, extent
from server.status import remaining
from server.store import bulk, counters, decisions, dialect, ledger, log, records, tables
from server.store.flight import ask
from server.store.ledger import BLANK, County, Ledger
from server.store.records import Stored, Writes
from server.store.tables import edit_log, held_wait
from server.transaction import retrying
from sync import lines
from sync.answers import ERASED
from sync.codes import Code, Result
from sync.ids import is_record_id


def erase(center: Center, record_type: str, identity: str, reason: str, *, is_dry: bool = False) -> dict[str, Any]:
    """Erases a record, the conflicts and (of a dispute) entries under it, and every line about them, for good.

    Says what went, in numbers, and whether its bytes are overwritten on the disk; `is_dry`: what would go. Raises
    NotPossibleError where there is nothing to erase."""
    if record_type not in ERASABLE:
        raise NotPossibleError(f"不能删除这种记录：{record_type}", f"{record_type} is no type of record to be erased")
    if not is_record_id(identity):
        raise NotPossibleError(f"{identity} 不是记录编号", f"{identity} is not the id of a record")
    if not reason.strip():
        raise NotPossibleError("请说明删除的原因", "Say why it is erased")
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        before = list(doubtful(connection, county.code, 0))
        if is_dry:
            found = extent(connection, county, (record_type, identity), center.clock(), before)
            _require_something(found)
            return {**found.told(), "erased": False}

    def attempt(connection: sa.Connection, _again: bool) -> dict[str, Any]:
        locked = ask(connection, ledger.locked(county.code))
        lines_then = [*before, *doubtful(connection, county.code, county.revision)]
        found = extent(connection, county, (record_type, identity), center.clock(), lines_then)
        _require_something(found)
        lasting.append(center, county.code, _entry(found, reason))
        _apply(connection, locked, found, reason)
        return {**found.told(), "erased": True}

    told = retrying(center, attempt)
    return {**told, "overwritten": dialect.forget(center.engine)}


def _require_something(found: Extent) -> None:
    if found.is_empty:
        raise NotPossibleError(f"没有这条记录：{found.id}", f"There is no {found.type} {found.id}")
    if found.made_as != found.type:
        raise NotPossibleError(
            f"{found.id} 是 {found.made_as}，不是 {found.type}",
            f"{found.id} is of type {found.made_as}, not {found.type}",
        )
    if all(row.gone == ERASED for row in found.rows.values()) and not (found.edits or found.strays):
        raise NotPossibleError(f"{found.id} 已经删除", f"{found.id} is erased already")


def erase_again(center: Center, entry: Mapping[str, Any]) -> bool:
    """Erases once more what an entry of the lasting file names, where a restore brought any of it back, or lost that it
    is erased. Says whether there was anything to do."""

    def attempt(connection: sa.Connection, _again: bool) -> bool:
        county = ask(connection, ledger.locked(center.county(connection).code))
        if _is_done(connection, county.code, entry):
            return False
        named = {str(each["edit"]): each for each in entry["edits"]}
        known = ask(connection, log.known(county.code, named))
        top = (_made_as(entry), str(entry["record"]))
        found = extent(connection, county, top, center.clock(), list(doubtful(connection, county.code, 0)))
        found.absent = {name: named[name] for name in sorted(named.keys() - known.keys())}
        for each in entry["records"]:
            name = (str(each["type"]), str(each["id"]))
            found.rows.setdefault(name, Stored(*name, "{}", found.at, "", parent=each.get("parent")))
            for key in each["keys"]:
                found.keys.setdefault(name, {}).setdefault(key, found.at)
        if found.type == entry["type"]:
            # What its visits attended and the restore lost is lost; its own numbers are brought back.
            then = remaining.read(entry["rest"])
            found.rest = {**entry["rest"], **remaining.Remaining(then.counted, found.counted.attended).told}
        _apply(connection, county, found, str(entry["reason"]))
        return True

    # Asked without the lock: it is so for nearly every entry, whenever a server starts.
    with dialect.reading(center.engine) as connection:
        if _is_done(connection, center.county(connection).code, entry):
            return False
    return retrying(center, attempt)


def _made_as(entry: Mapping[str, Any]) -> str:
    """The type of the record that an entry names. Earlier releases took the type as it was said, and wrote a wrong one
    down with nothing to leave in the counters."""
    made = {str(each["edit"]): each["type"] for each in entry["edits"]}.get(str(entry["record"]))
    return str(made if made in ERASABLE else entry["type"])


def _is_done(connection: sa.Connection, county: str, entry: Mapping[str, Any]) -> bool:
    """Whether all that an entry names is erased."""
    named = {str(each["edit"]) for each in entry["edits"]}
    known = ask(connection, log.known(county, named))
    rows = {(str(each["type"]), str(each["id"])) for each in entry["records"]}
    there = {row.identity for row in ask(connection, records.found(county, rows)) if row.gone == ERASED}
    return rows <= there and all(name in known and known[name].outcome.code == Code.ERASED for name in named)


def _entry(found: Extent, reason: str) -> dict[str, Any]:
    """What the lasting file says of it: enough to erase it again, whatever a restore brought back or lost."""
    return {
        "at": found.at,
        "do": lasting.ERASE,
        "type": found.type,
        "record": found.id,
        "reason": reason,
        "edits": [
            {"edit": name, "digest": each.digest.hex(), "type": each.type, "record": each.record, "by": each.author}
            for name, each in found.edits.items()
        ],
        "records": [
            {"type": kind, "id": identity, "parent": row.parent, "keys": sorted(found.keys.get((kind, identity), ()))}
            for (kind, identity), row in found.rows.items()
            if kind != "held"
        ],
        "rest": found.rest,
    }


def _apply(connection: sa.Connection, county: County, found: Extent, reason: str) -> None:
    book = Ledger(county, found.now_ms)
    said = {
        "at": found.at,
        "do": "erase",
        "type": found.type,
        "record": found.id,
        "reason": reason,
        **found.rest,
        "edits": [*found.edits, *found.absent],
        "strays": [each.digest.hex() for each in found.strays],
    }
    book.append(log.ERASE, lines.write(said), type=found.type, record=found.id)
    for name, each in found.absent.items():
        columns = {"type": each.get("type"), "record": each.get("record"), "author": each.get("by")}
        book.append_blank(
            log.EDIT, bytes.fromhex(str(each["digest"])), name=name, result=Result.REFUSED, code=Code.ERASED, **columns
        )
    _blank(connection, county.code, found)
    writes = Writes(county.code)
    for identity, row in found.rows.items():
        writes.put(_left(row), book.next_revision(), found.spans(identity))
    writes.write(connection, connection)
    changes = remaining.read(found.rest).counted
    changes.subtract(found.counted.counted)
    counters.add(connection, county.code, changes, book.revision)
    book.write(connection)
    dialect.owe_forgetting(connection)


def _blank(connection: sa.Connection, county: str, found: Extent) -> None:
    decisions.blank(connection, county, found.edits)
    for table in (held_wait, tables.remembered):
        named = bulk.among(table.c.name, sorted(found.edits))
        connection.execute(sa.delete(table).where(table.c.county == county, named))
    revisions = [each.revision for each in found.strays]
    connection.execute(
        sa.update(edit_log)
        .where(edit_log.c.county == county, bulk.among(edit_log.c.revision, revisions))
        .values(line=BLANK)
    )


def _left(row: Stored) -> Stored:
    """What is left of a row: that it is erased; of a held edit, which its author is told of, that it is refused."""
    if row.type != "held":
        return Stored(row.type, row.id, "{}", row.made_at, row.made_by, parent=row.parent, gone=ERASED)
    told = {name: value for name, value in orjson.loads(row.document).items() if name != "field"}
    told |= {"result": Result.REFUSED, "code": Code.ERASED}
    return Stored(row.type, row.id, records.text(told), row.made_at, row.made_by, gone=row.gone)
