"""What the records and conflicts must be: merging from its definition, knowing only the log's edits and outcomes.

The definition itself is that of tests/laws; here the log's lines become what it works on.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from schemas.catalog import CATALOG
from sync import edits
from sync.edits import Edit
from sync.ids import conflict_id, is_edit_name
from sync.touches import Touch
from tests.laws.oracle import Said, Told

Document = Mapping[str, Any]
Name = tuple[str, str]


def told(log: Iterable[sa.RowMapping]) -> dict[str, Told]:
    """Every record that somebody's admitted creation made, by id. `log`: name, line, record, stamp, author, result."""
    admitted: dict[str, list[Said]] = {}
    types: dict[str, str] = {}
    refused: dict[str, dict[str, Said]] = {}  # by type, as the line says
    for row in log:
        if row["result"] in ("applied", "conflict"):
            edit = edits.read(row["line"], CATALOG)
            assert isinstance(edit, Edit), f"{row['name']} was admitted, and is no edit"
            record = str(row["record"])
            touches = {touch.register: touch for touch in edit.touches}
            said = Said(edit.name, record, edit.by, row["stamp"], edit.do == "create", touches)
            admitted.setdefault(record, []).append(said)
            types[record] = edit.type
        elif row["result"] == "refused":
            members = _members(row["line"])
            touches = {register: Touch(register, None, over) for register, over in _over(members)}
            said = Said(row["name"], str(row["record"]), "", "", False, touches)
            refused.setdefault(str(members.get("type")), {})[row["name"]] = said
    return {
        record: Told(types[record], record, said, refused.get(types[record], {})) for record, said in admitted.items()
    }


def _members(line: bytes) -> Mapping[str, Any]:
    """What a refused line says, nothing where it is no object."""
    try:
        members = json.loads(line)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}


def _over(members: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a refused line named, by register, where it says so in the form that it must have."""
    over = members.get("over")
    if not isinstance(over, dict) or not all(isinstance(names, list) for names in over.values()):
        return
    if all(is_edit_name(name) for names in over.values() for name in names):
        yield from ((register, tuple(names)) for register, names in over.items())


def expected(log: Iterable[sa.RowMapping]) -> dict[Name, tuple[Document, Mapping[str, list[str]]]]:
    """Every record and conflict with its document and its dots, by type and id."""
    found: dict[Name, tuple[Document, Mapping[str, list[str]]]] = {}
    for record, each in told(log).items():
        found[each.type, record] = each.document(), each.dots()
        for field, conflict in each.conflicts().items():
            assert isinstance(conflict, dict)
            found["conflict", conflict_id(record, field)] = conflict, {}
    return found
