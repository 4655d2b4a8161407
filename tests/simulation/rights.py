"""Whose work it was: what a person might write at the moment when they wrote it, by the tables alone."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from server.store.tables import assignment, county, membership, placement, unit_parent
from tests.simulation.device import Saved
from tests.simulation.server import Server
from tests.support.county import COUNTY

STAFF = frozenset({"village_staff", "township_staff", "county_staff"})

_DIRECTORY = sa.select(county.c.directory_revision)


def scope(server: Server, person: str) -> frozenset[str]:
    """The keys of a person now. Asked at every answer, so kept for as long as the directory is as it was."""
    (now,) = server.rows(_DIRECTORY)
    asked = server.url, now["directory_revision"], person
    if asked not in server.scopes:
        server.scopes[asked] = frozenset(_keys(server, person))
    return server.scopes[asked]


def _keys(server: Server, person: str) -> set[str]:
    now = unit_parent.c.until.is_(None)
    parents = {row["unit"]: row["parent"] for row in server.rows(sa.select(unit_parent).where(now))}

    def line(code: str | None) -> Iterator[str]:
        while code is not None:
            yield code
            code = parents.get(code)

    keys = {f"person:{person}"}
    held = sa.select(assignment).where(assignment.c.person == person, assignment.c.until.is_(None))
    for row in server.rows(held):
        units = {unit for unit in {*parents, COUNTY} if row["unit"] in line(unit)}
        keys |= {f"unit:{unit}" for unit in units if row["role"] != "mediator"}
        keys |= {f"staff:{unit}" for unit in units if row["role"] in STAFF}
    joined = sa.select(membership).where(membership.c.person == person, membership.c.until.is_(None))
    return keys | {f"body:{row['body']}" for row in server.rows(joined)}


def rightful(server: Server, person: str, saved: Mapping[str, Saved]) -> set[str]:
    """Those of the edits that the person, a grid worker or staff, might make now: creations in their units, changes of
    households and visits that stand there at the center."""
    keys = scope(server, person)
    found = set()
    for name, each in saved.items():
        members: dict[str, Any] = json.loads(each.line)
        match members:
            case {"do": "create", "type": "household" | "dispute", "now": {"unit": unit}}:
                is_own = f"unit:{unit}" in keys
            case {"do": "change", "type": "household" | "visit" as kind, "id": record} if "settles" not in members:
                here = placement.c.record == record, placement.c.type == kind, placement.c.gone.is_(None)
                stands = sa.select(placement.c.key).where(*here)
                is_own = any(row["key"] in keys for row in server.rows(stands))
            case _:
                is_own = False
        if is_own:
            found.add(name)
    return found
