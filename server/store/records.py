"""Records, where they stand, and their merge state: from rows to values and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import orjson
import sqlalchemy as sa

from schemas.catalog import Catalog
from schemas.rules import WORKFLOW_REGISTER, Rule
from server.store import bulk, tables
from server.store.flight import Question, Sender
from server.store.tables import past_placement, placement, record
from sync.answers import ERASED
from sync.lines import Values, without_nulls
from sync.records import Origin, Record
from sync.registers import Register, Sibling
from sync.scope import Span
from sync.touches import rule_of
from sync.world import Placed


@dataclass(frozen=True, slots=True)
class Stored:
    """A record's row as it is written: texts exactly as the feed sends them."""

    type: str
    id: str
    document: str
    made_at: str
    made_by: str
    dots: str | None = None
    state: str | None = None
    parent: str | None = None
    gone: str | None = None

    @property
    def identity(self) -> tuple[str, str]:
        return self.type, self.id


def stored(placed: Placed, document: Values, dots: Mapping[str, list[str]]) -> Stored:
    """The row of a record."""
    made = placed.record
    return Stored(
        type=made.type,
        id=made.id,
        document=text(document),
        made_at=made.origins[0].at,
        made_by=made.origins[0].by,
        dots=text(dots) if dots else None,
        state=None if made.is_untouched else text(_state(made)),
        parent=placed.parent,
    )


def text(value: object) -> str:
    """JSON as the feed sends it."""
    return orjson.dumps(value).decode()


def _state(made: Record) -> Values:
    """Merge state: the creations where they are more than the record's id says, and every register that was touched.

    What they remember stands in a table of its own, however much it is."""
    return {
        "origins": [[origin.edit, origin.at, origin.by] for origin in made.origins],
        "registers": {
            name: [
                [[each.edit, each.at, each.by, each.value, each.was] for each in register.siblings],
                [],
                [[each.edit, each.at, each.by, each.value] for each in register.settlements],
            ]
            for name, register in sorted(made.registers.items())
        },
    }


def record_of(row: Stored, catalog: Catalog, remembered: Mapping[str, Iterable[str]] | None = None) -> Record:
    """The record of a row. The values of untouched registers are in the document. `remembered`: by register, as far as
    it was loaded."""
    state: dict[str, Any] = orjson.loads(row.state) if row.state else {}
    registers = {
        name: Register(
            tuple(_sibling(name, *each) for each in siblings),
            frozenset([*kept_here, *(remembered or {}).get(name, ())]),
            tuple(_sibling(name, *each) for each in settlements),
        )
        for name, (siblings, kept_here, settlements) in state.get("registers", {}).items()
    }
    origins = tuple(Origin(*each) for each in state.get("origins", [[row.id, row.made_at, row.made_by]]))
    base = _base(row, catalog) if len(origins) == 1 else {}
    return Record(row.type, row.id, origins, {k: v for k, v in base.items() if k not in registers}, registers)


def _sibling(register: str, edit: str, at: str, by: str, value: object, was: object = None) -> Sibling:
    """Earlier releases kept nulls within values. The workflow's three are always said, null where empty."""
    return Sibling(edit, at, by, value if register == WORKFLOW_REGISTER else without_nulls(value), was)


def _base(row: Stored, catalog: Catalog) -> dict[str, object]:
    """What the document says, by register. (A touched register's part is overruled by its siblings.)"""
    record_type = catalog.types[row.type]
    group = record_type.workflow_fields
    document = orjson.loads(row.document)
    base: dict[str, object] = {}
    for name, value in document.items():
        if name in group:
            base[WORKFLOW_REGISTER] = {member: document.get(member) for member in sorted(group)}
        elif rule_of(record_type, name) is Rule.SET:
            base.update({f"{name}/{member}": True for member in value})
        else:
            base[name] = without_nulls(value)
    return base


_COLUMNS = tuple(record.c[each.name] for each in fields(Stored))
_OURS = record.c.county == sa.bindparam("county")


def found(county: str, identities: Iterable[tuple[str, str]]) -> Question[list[Stored]]:
    """The records of these types and ids.

    They are not locked: whoever writes them holds the county's lock, and asks under it whether they have changed. A
    lock of theirs, taken before the county's, would be a deadlock with everyone who takes the county's first."""
    wanted = set(identities)
    ids = sorted({identity for _, identity in wanted})
    types = sorted({kind for kind, _ in wanted})
    if not ids:
        return []
    rows = yield _FOUND, {"county": county, "types": types, "ids": ids}
    return [row for row in (Stored(*each) for each in rows) if row.identity in wanted]


_FOUND = (
    sa.select(*_COLUMNS)
    .where(_OURS, bulk.among(record.c.type, "types"), bulk.among(record.c.id, "ids"))
    .order_by(record.c.id, record.c.type)
)


def children(connection: sa.Connection, county: str, parents: Iterable[str]) -> list[Stored]:
    """The records that stand where these do."""
    rows = connection.execute(_CHILDREN, {"county": county, "parents": sorted(parents)})
    return [Stored(*each) for each in rows]


_CHILDREN = sa.select(*_COLUMNS).where(_OURS, bulk.among(record.c.parent, "parents")).order_by(record.c.id)


def remembered(county: str, names: Iterable[str]) -> Question[dict[str, dict[str, list[str]]]]:
    """Where these edits are remembered until they come: by record and register."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    rows = yield _REMEMBERED, {"county": county, "names": wanted}
    asked: dict[str, dict[str, list[str]]] = {}
    for identity, register, name in rows:
        asked.setdefault(identity, {}).setdefault(register, []).append(name)
    return asked


_FORGET = sa.delete(tables.remembered).where(
    tables.remembered.c.county == sa.bindparam("county"), bulk.among(tables.remembered.c.name, "names")
)
_REMEMBERED = sa.select(tables.remembered.c.record, tables.remembered.c.register, tables.remembered.c.name).where(
    tables.remembered.c.county == sa.bindparam("county"), bulk.among(tables.remembered.c.name, "names")
)


def placements(county: str, identities: Iterable[tuple[str, str]]) -> Question[dict[str, tuple[Span, ...]]]:
    """Where records stand and stood, by id.

    By type too: a held creation bears the name of the record that it makes, and stands elsewhere."""
    wanted = set(identities)
    ids = sorted({identity for _, identity in wanted})
    if not ids:
        return {}
    stood: dict[str, list[Span]] = {}
    rows = yield _PLACEMENTS, {"county": county, "ids": ids}
    for kind, identity, key, since, until in rows:
        if kind is None or (kind, identity) in wanted:
            stood.setdefault(identity, []).append(Span(key, since, until))
    return {identity: tuple(sorted(spans, key=_in_order)) for identity, spans in stood.items()}


_PLACEMENTS = sa.union_all(
    sa.select(placement.c.type, placement.c.record, placement.c.key, placement.c.since, sa.null().label("until")).where(
        placement.c.county == sa.bindparam("county"),
        bulk.among(placement.c.record, "ids"),
        # Where an erased record stood: what merely links to it is judged as before.
        sa.or_(placement.c.gone.is_(None), placement.c.gone == sa.literal_column(f"'{ERASED}'")),
    ),
    sa.select(
        sa.null(), past_placement.c.record, past_placement.c.key, past_placement.c.since, past_placement.c.until
    ).where(past_placement.c.county == sa.bindparam("county"), bulk.among(past_placement.c.record, "ids")),
)


def _in_order(span: Span) -> tuple[str, str]:
    return span.since, span.value


@dataclass(slots=True)
class Writes:
    """The rows of one transaction: each record version and each departure with a revision of its own."""

    county: str
    records: list[dict[str, Any]] = field(default_factory=list)
    placements: list[dict[str, Any]] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)
    remembered: list[dict[str, Any]] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)
    """Edits that were remembered, and are decided now."""

    def put(self, row: Stored, revision: int, placed: Iterable[Span]) -> None:
        """A new version of a record, under the keys where it stands now."""
        self.records.append(
            {
                "county": self.county,
                "type": row.type,
                "id": row.id,
                "revision": revision,
                "document": row.document,
                "dots": row.dots,
                "state": row.state,
                "made_at": row.made_at,
                "made_by": row.made_by,
                "parent": row.parent,
                "gone": row.gone,
            }
        )
        for span in placed:
            self._place(row, span, revision, row.gone)

    def depart(self, row: Stored, revision: int, span: Span, reason: str) -> None:
        """The record left a key."""
        self._place(row, span, revision, reason)

    def end(self, identity: str, span: Span) -> None:
        """Remembers where a record stood, for work of that time that comes late."""
        self.past.append(
            {"county": self.county, "record": identity, "key": span.value, "since": span.since, "until": span.until}
        )

    def remember(self, before: Record | None, after: Record) -> None:
        """Remembers what the record's edits named and is not here yet; forgets what has come."""
        self.remembered += [
            {"county": self.county, "name": name, "record": after.id, "register": register}
            for register, state in after.registers.items()
            for name in sorted(state.remembered)
        ]
        for register, state in before.registers.items() if before else ():
            self.arrived |= state.remembered - after.registers[register].remembered

    def _place(self, row: Stored, span: Span, revision: int, gone: str | None) -> None:
        self.placements.append(
            {
                "county": self.county,
                "record": row.id,
                "type": row.type,
                "key": span.value,
                "revision": revision,
                "since": span.since,
                "gone": gone,
            }
        )

    def write(self, connection: sa.Connection, sender: Sender) -> None:
        bulk.upsert(sender, record, self.records)
        bulk.upsert(sender, placement, self.placements)
        bulk.insert(sender, past_placement, self._new_past(connection))
        self._write_remembered(sender)

    def _write_remembered(self, sender: Sender) -> None:
        if self.arrived:
            sender.execute(_FORGET, {"county": self.county, "names": sorted(self.arrived)})
        bulk.insert_missing(sender, tables.remembered, self.remembered)

    def _new_past(self, connection: sa.Connection) -> list[dict[str, Any]]:
        """The ended spans that are not remembered yet, each once."""
        ended = {(row["record"], row["key"], row["since"], row["until"]): row for row in self.past}
        if not ended:
            return []
        identities = sorted({row["record"] for row in self.past})
        rows = connection.execute(
            sa.select(
                past_placement.c.record, past_placement.c.key, past_placement.c.since, past_placement.c.until
            ).where(
                past_placement.c.county == self.county,
                bulk.among(past_placement.c.record, identities),
            )
        )
        there = {tuple(row) for row in rows}
        return [row for past, row in ended.items() if past not in there]
