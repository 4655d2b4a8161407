"""What goes with a record that is erased: its rows, those under it, every line about them, and what is left of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.catalog import CATALOG
from schemas.rules import WORKFLOW_REGISTER
from server.status import remaining
from server.status.days import days_in
from server.store import bulk, log, records
from server.store.flight import ask
from server.store.ledger import BLANK, County
from server.store.records import Stored
from server.store.tables import edit_log, placement, record
from sync import edits
from sync.codes import ADMITTED, Result
from sync.edits import Edit
from sync.erasure import Name, named_in
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
class Extent:
    """All that goes with one record: rows by type and id, each with the keys under which it ever stood, and lines."""

    type: str
    id: str
    now_ms: int
    """When it goes."""
    day_of: Callable[[str], str]
    """The county's local day of a stamp."""
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
    def at(self) -> str:
        return stamp(self.now_ms)

    @property
    def is_empty(self) -> bool:
        return not (self.rows or self.edits or self.absent)

    @property
    def made_as(self) -> str:
        """The type that the record's creation says, which bears its id; `type` where the log has none that says one."""
        creation = self.edits.get(self.id)
        return creation.type if creation is not None and creation.type in ERASABLE else self.type

    def spans(self, identity: Name) -> list[Span]:
        """The keys under which a row ever stood, since when."""
        return [Span(key, since) for key, since in sorted(self.keys.get(identity, {}).items())]

    def told(self) -> dict[str, Any]:
        """What goes, in numbers."""
        kinds = [kind for kind, _ in self.rows if kind != "held"]
        return {
            "type": self.type,
            "record": self.id,
            "records": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            "lines": len(self.edits) + len(self.strays),
        }


def doubtful(connection: sa.Connection, county: str, since: int) -> Iterator[Line]:
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


def extent(connection: sa.Connection, county: County, top: Name, now_ms: int, doubtful: Sequence[Line]) -> Extent:
    """All that goes along with a record, of type and id `top`; `doubtful` are the lines that may be about it."""
    found = Extent(*top, now_ms, days_in(county.timezone))
    _find_rows(connection, county.code, found, doubtful)
    _find_keys(connection, county.code, found)
    found.rest = _rest(connection, county.code, found)
    return found


def _find_rows(connection: sa.Connection, county: str, found: Extent, doubtful: Sequence[Line]) -> None:
    """Finds the rows and the lines."""
    top = (found.type, found.id)
    stored = ask(connection, records.found(county, [top]))
    below = records.children(connection, county, [found.id])
    found.rows |= {row.identity: row for row in [*stored, *below]}
    names = {identity for kind, identity in found.rows if kind != "conflict"} | {found.id}
    found.edits |= {str(each.name): each for each in _lines_of(connection, county, names)}
    _find_doubtful(found, doubtful, names)
    mine = [("held", name) for name in found.edits]
    found.rows |= {row.identity: row for row in ask(connection, records.found(county, mine))}
    for each in found.edits.values():
        if each.type in ERASABLE:  # Its author may have it, refused, where no record of it ever stood.
            identity = (str(each.type), each.record or str(each.name))
            row = Stored(*identity, "{}", stamp(0), each.author or "", parent=None if identity == top else found.id)
            found.rows.setdefault(identity, row)
            if each.author is not None:
                found.keys.setdefault(identity, {})[f"person:{each.author}"] = stamp(0)


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


def _find_doubtful(found: Extent, doubtful: Sequence[Line], names: set[str]) -> None:
    """Lines about these records, lines that mend those, and so on."""
    rest, more = list(doubtful), True
    while more:
        names |= found.edits.keys()
        taken = [each for each in rest if each.about & names]
        rest = [each for each in rest if not each.about & names]
        found.edits |= {each.name: each for each in taken if each.name is not None}
        found.strays += [each for each in taken if each.name is None]
        more = bool(taken)


def _find_keys(connection: sa.Connection, county: str, found: Extent) -> None:
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


def _rest(connection: sa.Connection, county: str, found: Extent) -> dict[str, Any]:
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
    now = remaining.remaining(connection, county, found.rows.values(), {found.id: moves}, found.day_of)
    before = _left_before(connection, county, found)
    found.counted = before + now
    return rest | (before + now.left(found.day_of(found.at))).told


def _left_before(connection: sa.Connection, county: str, found: Extent) -> remaining.Remaining:
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
