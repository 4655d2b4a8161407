"""Erasing a record: its documents and the bytes of every line about it go, what is anonymous stays.

The log keeps each line's hash, so its chain still holds; a line of kind `erase` names the edits and says what is left:
type, unit, days, and a dispute's steps. Whatever comes later about the record, or once more, is known as erased.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.catalog import CATALOG
from server.administration.changing import NotPossibleError
from server.center import Center
from server.keeping import lasting
from server.status import remaining
from server.status.days import days_in
from server.store import bulk, counters, dialect, ledger, log, records, tables
from server.store.ledger import BLANK, County, Ledger
from server.store.records import ERASED, Stored, Writes
from server.store.tables import edit_log, held_wait, placement, record
from server.transaction import retrying
from sync import edits, lines
from sync.codes import ADMITTED, Code, Result
from sync.edits import WORKFLOW_REGISTER, Edit
from sync.erasure import Name, named_in
from sync.ids import is_record_id
from sync.lines import Values
from sync.scope import Span
from sync.stamps import stamp

ROWS_AT_ONCE = 1000
ERASABLE = tuple(kind.name for kind in CATALOG.types.values() if kind.editable)


@dataclass(frozen=True, slots=True)
class Line:
    """A log line that goes: `name` is None for one that has no name of its own."""

    revision: int
    name: str | None
    digest: bytes
    type: str | None
    record: str | None
    author: str | None
    about: frozenset[str]


@dataclass(slots=True)
class Erasure:
    """All that goes with one record: rows by type and id, each with the keys under which it ever stood, and lines."""

    type: str
    id: str
    reason: str
    timezone: str
    today: str
    """The county's local day."""
    rows: dict[Name, Stored] = field(default_factory=dict)
    keys: dict[Name, dict[str, str]] = field(default_factory=dict)
    """By row, the keys with the stamps since when."""
    edits: dict[str, Line] = field(default_factory=dict)
    strays: list[Line] = field(default_factory=list)
    absent: dict[str, Values] = field(default_factory=dict)
    """Edits that an entry of the lasting file names and this log does not have: a restore lost them."""
    rest: dict[str, Any] = field(default_factory=dict)
    counted: remaining.Remaining = field(default_factory=remaining.Remaining)
    """What it has added to the counters until now; `rest` says what it is to leave in them."""

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.edits or self.absent)

    def told(self) -> dict[str, Any]:
        """What goes, in numbers."""
        kinds = [kind for kind, _ in self.rows if kind != "held"]
        return {
            "type": self.type,
            "record": self.id,
            "records": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            "lines": len(self.edits) + len(self.strays),
        }


def erase(center: Center, record_type: str, identity: str, reason: str, *, is_dry: bool = False) -> dict[str, Any]:
    """Erases a record, the conflicts and (of a dispute) entries under it, and every line about them, for good.

    Says what went, in numbers; `is_dry`: what would go. Raises NotPossibleError where there is nothing to erase."""
    if record_type not in ERASABLE:
        raise NotPossibleError(f"不能删除这种记录：{record_type}", f"{record_type} is no type of record to be erased")
    if not is_record_id(identity):
        raise NotPossibleError(f"{identity} 不是记录编号", f"{identity} is not the id of a record")
    if not reason.strip():
        raise NotPossibleError("请说明删除的原因", "Say why it is erased")
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        doubtful = list(_doubtful(connection, county.code, 0))
        if is_dry:
            found = Erasure(record_type, identity, reason, county.timezone, _today(center, county))
            _find(connection, county.code, found, doubtful)
            _require_something(found)
            return {**found.told(), "erased": False}

    def attempt(connection: sa.Connection, _again: bool) -> dict[str, Any]:
        locked = ledger.locked(connection, county.code)
        found = Erasure(record_type, identity, reason, county.timezone, _today(center, county))
        _find(connection, county.code, found, [*doubtful, *_doubtful(connection, county.code, county.revision)])
        _require_something(found)
        now_ms = center.clock()
        lasting.append(center, county.code, {"at": stamp(now_ms), **_entry(found)})
        _apply(connection, locked, now_ms, found)
        return {**found.told(), "erased": True}

    told = retrying(center, attempt)
    dialect.forget(center.engine)
    return told


def _require_something(found: Erasure) -> None:
    if found.is_empty:
        raise NotPossibleError(f"没有这条记录：{found.id}", f"There is no {found.type} {found.id}")
    if all(row.gone == ERASED for row in found.rows.values()) and not (found.edits or found.strays):
        raise NotPossibleError(f"{found.id} 已经删除", f"{found.id} is erased already")


def erase_again(center: Center, entry: Mapping[str, Any]) -> bool:
    """Erases once more what an entry of the lasting file names, where a restore brought any of it back, or lost that it
    is erased. Says whether there was anything to do."""

    def attempt(connection: sa.Connection, _again: bool) -> bool:
        county = ledger.locked(connection, center.county(connection).code)
        if _is_done(connection, county.code, entry):
            return False
        named = {str(each["edit"]): each for each in entry["edits"]}
        known = log.known(connection, county.code, named)
        found = Erasure(
            str(entry["type"]), str(entry["record"]), str(entry["reason"]), county.timezone, _today(center, county)
        )
        _find(connection, county.code, found, list(_doubtful(connection, county.code, 0)))
        now_ms = center.clock()
        found.absent = {name: named[name] for name in sorted(named.keys() - known.keys())}
        for each in entry["records"]:
            name = (str(each["type"]), str(each["id"]))
            found.rows.setdefault(name, Stored(*name, "{}", stamp(now_ms), "", parent=each.get("parent")))
            for key in each["keys"]:
                found.keys.setdefault(name, {}).setdefault(key, stamp(now_ms))
        # What its visits attended and the restore lost is lost; its own numbers are brought back.
        then = remaining.read(entry["rest"])
        found.rest = {**entry["rest"], **remaining.Remaining(then.counted, found.counted.attended).told}
        _apply(connection, county, now_ms, found)
        return True

    # Asked without the lock: it is so for nearly every entry, whenever a server starts.
    with dialect.reading(center.engine) as connection:
        if _is_done(connection, center.county(connection).code, entry):
            return False
    return retrying(center, attempt)


def _is_done(connection: sa.Connection, county: str, entry: Mapping[str, Any]) -> bool:
    """Whether all that an entry names is erased."""
    named = {str(each["edit"]) for each in entry["edits"]}
    known = log.known(connection, county, named)
    rows = {(str(each["type"]), str(each["id"])) for each in entry["records"]}
    there = {row.identity for row in records.found(connection, county, rows) if row.gone == ERASED}
    return rows <= there and all(name in known and known[name].outcome.code == Code.ERASED for name in named)


# -- what goes


def _doubtful(connection: sa.Connection, county: str, since: int) -> Iterator[Line]:
    """The lines after a revision that may be about a record without the log's column saying so: refused and held ones
    (an entry that was refused names its dispute in its values alone), and those without a name of their own."""
    asked = sa.select(*_LINE_COLUMNS, edit_log.c.line).where(
        edit_log.c.county == county,
        edit_log.c.revision > since,
        edit_log.c.line != BLANK,
        sa.or_(edit_log.c.kind == log.STRAY, edit_log.c.result.in_([Result.REFUSED, Result.HELD])),
    )
    for row in connection.execute(asked.execution_options(yield_per=ROWS_AT_ONCE)).mappings():
        yield _line(row, named_in(row["line"], CATALOG))


_LINE_COLUMNS = (
    edit_log.c.revision, edit_log.c.name, edit_log.c.digest, edit_log.c.type, edit_log.c.record, edit_log.c.author,
)  # fmt: skip


def _line(row: sa.RowMapping, named: frozenset[str]) -> Line:
    return Line(**{column.name: row[column.name] for column in _LINE_COLUMNS}, about=named)


def _find(connection: sa.Connection, county: str, found: Erasure, doubtful: Sequence[Line]) -> None:
    """Finds all that goes along with the record."""
    top = (found.type, found.id)
    stored = records.found(connection, county, [top])
    below = records.children(connection, county, [found.id])
    found.rows |= {row.identity: row for row in [*stored, *below]}
    names = {identity for kind, identity in found.rows if kind != "conflict"} | {found.id}
    found.edits |= {str(each.name): each for each in _lines_of(connection, county, names)}
    _find_doubtful(found, doubtful, names)
    mine = [("held", name) for name in found.edits]
    found.rows |= {row.identity: row for row in records.found(connection, county, mine)}
    for each in found.edits.values():
        if each.type in ERASABLE:  # Its author may have it, refused, where no record of it ever stood.
            identity = (str(each.type), each.record or str(each.name))
            row = Stored(*identity, "{}", stamp(0), each.author or "", parent=None if identity == top else found.id)
            found.rows.setdefault(identity, row)
            if each.author is not None:
                found.keys.setdefault(identity, {})[f"person:{each.author}"] = stamp(0)
    _find_keys(connection, county, found)
    found.rest = _rest(connection, county, found)


def _lines_of(connection: sa.Connection, county: str, names: Iterable[str]) -> list[Line]:
    rows = connection.execute(
        sa.select(*_LINE_COLUMNS).where(
            edit_log.c.county == county,
            edit_log.c.kind == log.EDIT,
            edit_log.c.line != BLANK,
            bulk.among(edit_log.c.record, sorted(names)),
        )
    )
    return [_line(row, frozenset()) for row in rows.mappings()]


def _find_doubtful(found: Erasure, doubtful: Sequence[Line], names: set[str]) -> None:
    """Lines about these records, lines that mend those, and so on."""
    rest, more = list(doubtful), True
    while more:
        names |= found.edits.keys()
        taken = [each for each in rest if each.about & names]
        rest = [each for each in rest if not each.about & names]
        found.edits |= {each.name: each for each in taken if each.name is not None}
        found.strays += [each for each in taken if each.name is None]
        more = bool(taken)


def _find_keys(connection: sa.Connection, county: str, found: Erasure) -> None:
    """Every key under which a row ever stood: whoever had it is told that it is erased. A held edit stays put."""
    rows = connection.execute(
        sa.select(placement.c.type, placement.c.record, placement.c.key, placement.c.since, placement.c.gone).where(
            placement.c.county == county,
            bulk.among(placement.c.record, sorted({identity for _, identity in found.rows})),
        )
    )
    for kind, identity, key, since, gone in rows:
        if (kind, identity) in found.rows and (kind != "held" or gone is None):
            found.keys.setdefault((kind, identity), {})[key] = since


def _rest(connection: sa.Connection, county: str, found: Erasure) -> dict[str, Any]:
    """What is left of the record, in which nobody can be found: its unit, its days, a dispute's steps."""
    row = found.rows.get((found.type, found.id))
    values = orjson.loads(row.document) if row is not None and row.gone is None else {}
    unit = values.get("unit")
    if unit is None and row is not None and row.parent is not None:
        unit = _unit_of(connection, county, row.parent)
    moves = list(_admitted(connection, county, found.id))
    days = sorted({each.at[:10] for each in moves})
    rest: dict[str, Any] = {"unit": unit, "days": days}
    if found.type == "dispute":
        rest["steps"] = [step for each in sorted(moves, key=lambda each: each.at) for step in _steps(each)]
    now = remaining.remaining(connection, county, found.rows.values(), {found.id: moves}, days_in(found.timezone))
    before = _left_before(connection, county, found)
    found.counted = before + now
    return rest | (before + now.left(found.today)).told


def _left_before(connection: sa.Connection, county: str, found: Erasure) -> remaining.Remaining:
    """What an earlier erasure of the same record left: this one says it again, and counts it no second time."""
    mine = (edit_log.c.county == county, edit_log.c.kind == log.ERASE, edit_log.c.record == found.id)
    last = sa.select(edit_log.c.line).where(*mine, edit_log.c.type == found.type).order_by(edit_log.c.revision.desc())
    line = connection.scalar(last.limit(1))
    return remaining.Remaining() if line is None else remaining.read(orjson.loads(line))


def _unit_of(connection: sa.Connection, county: str, parent: str) -> str | None:
    document = connection.scalar(
        sa.select(record.c.document).where(record.c.county == county, record.c.type == "dispute", record.c.id == parent)
    )
    unit = orjson.loads(document).get("unit") if document else None
    return str(unit) if unit is not None else None


def _admitted(connection: sa.Connection, county: str, identity: str) -> Iterator[Edit]:
    rows = connection.execute(
        sa.select(edit_log.c.line, edit_log.c.stamp)
        .where(edit_log.c.county == county, edit_log.c.record == identity, edit_log.c.result.in_(list(ADMITTED)))
        .order_by(edit_log.c.revision)
    )
    for line, at in rows:
        edit = edits.read(line, CATALOG)
        if isinstance(edit, Edit):
            yield edit.stamped(at)


def _steps(edit: Edit) -> Iterator[Values]:
    moved = edit.value(WORKFLOW_REGISTER)
    if isinstance(moved, Mapping):
        yield {"status": moved.get("status"), "tier": moved.get("tier"), "at": edit.at}


def _entry(found: Erasure) -> dict[str, Any]:
    """What the lasting file says of it: enough to erase it again, whatever a restore brought back or lost."""
    return {
        "do": lasting.ERASE,
        "type": found.type,
        "record": found.id,
        "reason": found.reason,
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


# -- how it goes


def _apply(connection: sa.Connection, county: County, now_ms: int, found: Erasure) -> None:
    book = Ledger(county, now_ms)
    said = {
        "at": stamp(now_ms),
        "do": "erase",
        "type": found.type,
        "record": found.id,
        "reason": found.reason,
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
        keys = found.keys.get(identity, {})
        writes.put(_left(row), book.next_revision(), [Span(key, since) for key, since in sorted(keys.items())])
    writes.write(connection)
    changes = remaining.read(found.rest).counted
    changes.subtract(found.counted.counted)
    counters.add(connection, county.code, changes, book.revision)
    book.write(connection)


def _today(center: Center, county: County) -> str:
    return days_in(county.timezone)(stamp(center.clock()))


def _blank(connection: sa.Connection, county: str, found: Erasure) -> None:
    log.blank(connection, county, found.edits)
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
