"""The evening's own audit: what tablets show against what the server holds, and one outcome for every edit."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from demo.actor import COMPARED_TYPES
from server.settings import Settings
from server.store import dialect
from server.store.tables import edit_log, placement, record


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be so: `faults` is empty where it is."""

    zh: str
    en: str
    faults: tuple[str, ...]


def checks(database_url: str, snapshots: Mapping[str, dict[str, Any]], differences: Iterable[str]) -> list[Check]:
    """`snapshots`: what each person's tablet shows, by name; `differences`: what `doorstep verify` found."""
    engine = dialect.create_engine(Settings(database_url))
    with dialect.reading(engine) as connection:
        outcomes = _outcomes(connection)
        shown = {name: _in_scope(connection, each["scope"]) for name, each in snapshots.items()}
    engine.dispose()
    nothing_waits = tuple(name for name, each in snapshots.items() if each["waiting"])
    missing = tuple(
        f"{name}: {edit}" for name, each in snapshots.items() for edit in each["edits"] if edit not in outcomes
    )
    without = tuple(edit for edit, result in outcomes.items() if result is None)
    unequal = tuple(fault for name, each in snapshots.items() for fault in _unequal(name, each, *shown[name]))
    made = sum(len(each["edits"]) for each in snapshots.values())
    return [
        Check("没有待上传的修改", "No tablet has anything left to send", nothing_waits),
        Check(f"{made} 条修改都到了中心", f"All {made} edits made on tablets are at the center", missing),
        Check(
            f"中心的 {len(outcomes)} 条修改各有一个结果",
            f"Each of the center's {len(outcomes)} edits has one outcome",
            without,
        ),
        Check("每台平板与中心一致", "Every tablet shows what the center holds in its scope", unequal),
        Check("日志与记录核对无误", "The log, replayed, gives the records (doorstep verify)", tuple(differences)),
    ]


def stored(database_url: str) -> dict[str, set[str]]:
    """The ids of the records at the center, by type."""
    engine = dialect.create_engine(Settings(database_url))
    with dialect.reading(engine) as connection:
        rows = connection.execute(sa.select(record.c.type, record.c.id).where(record.c.gone.is_(None)))
        found: dict[str, set[str]] = {kind: set() for kind in COMPARED_TYPES}
        for kind, identity in rows:
            found.setdefault(kind, set()).add(str(identity))
    engine.dispose()
    return found


def _outcomes(connection: sa.Connection) -> dict[str, str | None]:
    rows = connection.execute(sa.select(edit_log.c.name, edit_log.c.result).where(edit_log.c.name.is_not(None)))
    return {str(row.name): row.result for row in rows}


def _in_scope(connection: sa.Connection, scope: list[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The records under these keys, by id, and the ids of the open conflicts among them."""
    rows = connection.execute(
        sa.select(record.c.type, record.c.id, record.c.document)
        .join(
            placement,
            (placement.c.county == record.c.county)
            & (placement.c.type == record.c.type)
            & (placement.c.record == record.c.id),
        )
        .where(placement.c.key.in_(scope), placement.c.gone.is_(None), record.c.gone.is_(None))
        .distinct()
    )
    found, open_conflicts = {}, []
    for kind, identity, document in rows:
        values = json.loads(document)
        if kind in COMPARED_TYPES:
            found[str(identity)] = {"id": str(identity), **values}
        elif kind == "conflict" and values["status"] == "open":
            open_conflicts.append(str(identity))
    return found, sorted(open_conflicts)


def _unequal(
    name: str, snapshot: dict[str, Any], records: dict[str, dict[str, Any]], open_conflicts: list[str]
) -> Iterable[str]:
    for identity in records.keys() | snapshot["records"].keys():
        if records.get(identity) != snapshot["records"].get(identity):
            yield f"{name}: {identity}"
    if open_conflicts != snapshot["conflicts"]:
        yield f"{name}: conflicts"
