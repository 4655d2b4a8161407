"""Words for stories about the center of the small county."""

from dataclasses import replace
from typing import Any

from schemas.catalog import CATALOG
from sync.batch import Arrival, Decision
from sync.codes import Code, Result
from sync.edits import read
from sync.scope import Person, standing
from tests.laws.county import Center
from tests.sync.lines_of import name

HELD, REFUSED, APPLIED, CONFLICT = Result.HELD, Result.REFUSED, Result.APPLIED, Result.CONFLICT


def outcome(center: Center, line: bytes) -> tuple[Result, Code | None]:
    decision = center.outcomes[name(line)]
    return decision.result, decision.code


def decided(center: Center, line: bytes) -> Decision:
    return center.outcomes[name(line)]


def shown(center: Center, record: bytes) -> dict[str, Any]:
    """The document of the record that a line created."""
    document: Any = center.documents()[name(record)]
    return dict(document)


def conflicts(center: Center, record: bytes) -> dict[str, Any]:
    found: Any = center.conflicts()[name(record)]
    return dict(found)


def dots(center: Center, record: bytes) -> dict[str, Any]:
    found: Any = center.dots()[name(record)]
    return dict(found)


def keys(center: Center, record: bytes) -> frozenset[str]:
    return standing(center.world.records[name(record)].placement)


def arrival(line: bytes, judged: str | None = None, released_by: Person | None = None) -> Arrival:
    edit = read(line, CATALOG)
    return Arrival(edit, judged or edit.at or "", released_by=released_by)


def pushed(*lines: bytes) -> Center:
    center = Center()
    center.push(lines)
    return center


def released(center: Center, line: bytes, by: Person) -> None:
    """Staff let a held line go on by their own rights."""
    center.work([replace(decided(center, line).arrival, released_by=by)])
