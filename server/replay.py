"""Every record and conflict made again from the edits of the log with their stored outcomes, and compared."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from server.status.cases import lived
from server.status.life import moves
from server.status.recount import Recount
from server.store.ledger import County
from server.store.records import Stored, stored, text
from server.store.streams import by_id, streamed
from server.store.tables import edit_log, record
from sync import edits, records
from sync.codes import ADMITTED, Result
from sync.edits import Do, Edit
from sync.faults import place
from sync.ids import conflict_id
from sync.lines import Values, canonical, without_nulls
from sync.records import Record
from sync.refused import over_of_refused
from sync.registers import Fate, Named
from sync.world import Placed

EDITED = [kind.name for kind in CATALOG.types.values() if kind.editable]
"""The types of records that people make."""

_DIFFER = {
    "document": "it is not what its edits make",
    "dots": "its siblings are not what its edits make",
    "state": "its merge state is not what its edits make",
    "made_at": "it was made at another time than its edits say",
    "made_by": "it was made by another than its edits say",
}
_LOGGED = (
    edit_log.c.record.label("id"), edit_log.c.name, edit_log.c.line, edit_log.c.type, edit_log.c.stamp,
    edit_log.c.result,
)  # fmt: skip

Rows = dict[tuple[str, str], Stored]
"""By type and id."""


def as_far_as_possible(what: str, found: Iterator[str]) -> Iterator[str]:
    """The differences that are found; where what is looked at is so damaged that looking fails, that is one too."""
    try:
        yield from found
    except SQLAlchemyError:
        raise  # The database's own trouble says nothing of what it holds.
    except Exception as error:  # noqa: BLE001 - the damage may be any
        yield f"{what}: the rest cannot be looked at ({place(error)})"


def differences_of_records(connection: sa.Connection, county: County, recount: Recount) -> Iterator[str]:
    """Where records and conflicts are not what their edits make. Shows each record to the recount."""
    named = sa.select(*_LOGGED).where(
        edit_log.c.county == county.code, edit_log.c.name.is_not(None), edit_log.c.record.is_not(None)
    )
    log = streamed(connection, named.order_by(edit_log.c.record, edit_log.c.revision))
    # They are few, and found by names that are made of their records'.
    conflicts = _rows(_standing(connection, county, "conflict"))
    for identity, (said, *found) in by_id(log, *(_standing(connection, county, kind) for kind in EDITED)):
        there = _rows(row for rows in found for row in rows)
        yield from as_far_as_possible(f"record {identity}", _of_one(identity, said, there, conflicts, recount))
    yield from _made_by_none(conflicts)


def _of_one(identity: str, said: list[sa.RowMapping], there: Rows, conflicts: Rows, recount: Recount) -> Iterator[str]:
    """Takes the record and its conflicts from the rows that are there."""
    read = {row["name"]: _edit(row, identity) for row in said if row["result"] in ADMITTED}
    yield from (f"edit {name}: it was admitted, and cannot be read" for name, edit in read.items() if edit is None)
    admitted = [edit for edit in read.values() if edit is not None]
    if any(edit.do is Do.CREATE for edit in admitted):
        made = _made(identity, admitted, said)
        document = records.document(made, CATALOG, WORKFLOW)
        yield from _compared(there, stored(Placed(made, ()), document, records.dots(made, CATALOG, WORKFLOW)))
        for name, conflict in records.conflicts(made, CATALOG, WORKFLOW).items():
            yield from _compared(conflicts, _conflict(made, conflict_id(identity, name), conflict, conflicts))
        life = lived(made, moves(admitted), WORKFLOW) if made.type == "dispute" else []
        recount.see(made.type, identity, document, made.origins[0].at, life)
    elif admitted:
        yield f"{admitted[0].type} {identity}: it was changed, and no edit creates it"
    yield from _made_by_none(there)


def _conflict(made: Record, identity: str, document: Values, there: Rows) -> Stored:
    """The row of a conflict. It says who made the record as that stood when the conflict changed last: an earlier
    creation may have come since."""
    found = there.get(("conflict", identity))
    said = None if found is None else (found.made_at, found.made_by)
    origin = next((each for each in made.origins if (each.at, each.by) == said), made.origins[0])
    return Stored("conflict", identity, text(document), origin.at, origin.by)


def _standing(connection: sa.Connection, county: County, kind: str) -> Iterator[sa.RowMapping]:
    """The records of a type, by id."""
    rows = sa.select(*(record.c[each.name] for each in fields(Stored))).where(
        record.c.county == county.code, record.c.type == kind, record.c.gone.is_(None)
    )
    return streamed(connection, rows.order_by(record.c.id))


def _rows(found: Iterable[sa.RowMapping]) -> Rows:
    rows = (Stored(**row) for row in found)
    return {row.identity: row for row in rows}


def _made_by_none(left: Rows) -> Iterator[str]:
    for kind, identity in left:
        yield f"{kind} {identity}: no edit made it"


def _compared(there: Rows, made: Stored) -> Iterator[str]:
    found = there.pop(made.identity, None)
    if found is None:
        yield f"{made.type} {made.id}: its edits make it, and it is not there"
        return
    if found.state != made.state:
        found = replace(found, state=_as_written_now(found.state))
    wrong = (words for part, words in _DIFFER.items() if not _is_same(getattr(found, part), getattr(made, part)))
    yield from (f"{made.type} {made.id}: {words}" for words in wrong)


def _as_written_now(state: str | None) -> str | None:
    """Merge state without what its registers remember, which was there before it had a table of its own."""
    try:
        said = json.loads(state or "")
        registers = {name: [given, [], settled] for name, (given, _, settled) in said["registers"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return state
    return text({**said, "registers": registers})


def _is_same(one: str | None, other: str | None) -> bool:
    """Whether two texts are equal, or say the same JSON value, in which null and absent mean the same."""
    if one == other or one is None or other is None:
        return one == other
    try:
        return canonical(without_nulls(json.loads(one))) == canonical(without_nulls(json.loads(other)))
    except ValueError:
        return False


def _made(identity: str, admitted: list[Edit], log_rows: list[sa.RowMapping]) -> Record:
    """The record of all its admitted edits, a creation among them: creations first, the rest in any order."""
    refused = {str(row["name"]): row for row in log_rows if row["result"] == Result.REFUSED}
    folded: set[str] = set()

    def lookup(name: str, register: str) -> Named:
        if name in refused:
            over = over_of_refused(refused[name]["line"], CATALOG).get(register, ())
            return Named(Fate.REFUSED, over, identity, refused[name]["type"])
        # What comes only later in this order is remembered until then.
        return Named(Fate.ADMITTED if name in folded else Fate.UNKNOWN)

    first, *later = sorted(admitted, key=lambda each: each.do is Do.CHANGE)
    made = records.admit(None, first, CATALOG, lookup)
    folded.add(first.name)
    for edit in later:
        made = records.admit(made, edit, CATALOG, lookup)
        folded.add(edit.name)
    return made


def _edit(row: sa.RowMapping, identity: str) -> Edit | None:
    """The edit of a log line, None where its bytes are none."""
    edit = edits.read(row["line"], CATALOG)
    return edit.about(identity).stamped(row["stamp"]) if isinstance(edit, Edit) else None
