"""Whatever roles one holds and wherever: lists, records, histories, held edits, the feed and every export show all of
one's scope and nothing beside it. Who sees what is worked out here from the documents alone, by domain knowledge."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.catalog import CATALOG
from server import administration
from server.administration import Period
from server.store import tables
from tests.support.answers import Document, ProblemAnswerError
from tests.support.county import (
    COUNTY,
    FAR_GRID,
    GRID,
    NEXT_GRID,
    THIRD_GRID,
    UNITS,
    VILLAGE,
    County,
    county_on,
)
from tests.support.device import Device
from tests.support.reader import answered, features, feed, items, sheet, workbook

GRIDS = (GRID, NEXT_GRID, THIRD_GRID, FAR_GRID)
PARENTS = {code: parent for code, _, parent in UNITS}
WORKS = {"grid_worker", "village_staff", "township_staff", "county_staff"}
STAFF = WORKS - {"grid_worker"}
ROLES = (*sorted(WORKS), "mediator", "admin")
EXAMPLES = 20

Role = tuple[str, str]
"""Role and unit."""


def above(unit: str) -> set[str]:
    """A unit and those that it lies under."""
    return {unit} if unit == COUNTY else {unit} | above(PARENTS[unit])


@dataclass(slots=True)
class Ground:
    """A county with records of every type in every grid, conflicts and held edits among them."""

    county: County
    workers: dict[str, Device] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)
    """The grid of each author."""
    fences: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    chief: Device = field(init=False)

    def __post_init__(self) -> None:
        chance = random.Random(7)
        chief = self.county.worker("周全", COUNTY, "county_staff")
        self.bodies = [str(administration.add_body(self.county.center, "调解委员会", VILLAGE)["id"]) for _ in range(2)]
        for grid in GRIDS:
            self.workers[grid] = self.county.worker("王某", grid)
            self.authors[self.workers[grid].person] = grid
        for grid, worker in self.workers.items():
            home = worker.create("household", unit=grid, location={"lat": "25.5", "lon": "102.4"})
            for _ in range(chance.randint(1, 4)):
                worker.create("visit", household=home, unit=grid)
            self.fences += [worker.create("dispute", unit=grid) for _ in range(3)]
            worker.sync()
        for grid, worker in self.workers.items():
            worker.create("entry", dispute=self.fences[GRIDS.index(grid) * 3])
            # Of a neighbour's dispute, which is not seen: held, as the first of these stays.
            worker.create("entry", dispute=self.fences[GRIDS.index(grid) * 3 - 1])
            worker.create("entry", dispute=self.fences[GRIDS.index(grid) * 3 - 1])
            worker.sync()
        chief.catch_up()
        for number, fence in enumerate(self.fences):
            if number % 3 == 0:
                self.workers[GRIDS[number // 3]].change("dispute", fence, title="水渠", over={"title": [fence]}, was={})
                chief.change("dispute", fence, title="篱笆", over={"title": [fence]}, was={})
            if number % 4 == 0:
                chief.change("dispute", fence, status="accepted", assignee=f"body:{self.bodies[0]}")
        for worker in (*self.workers.values(), chief):
            worker.sync()
        chief.catch_up()
        self.chief = chief

    def reader(self, roles: list[Role], bodies: set[int], cases: set[int]) -> Device:
        """Somebody new with these roles, in these bodies, to whom these disputes are assigned."""
        (role, unit), *others = roles
        device = self.county.worker("何某", unit, role)
        for other_role, other in others:
            administration.assign(self.county.center, device.person, other, other_role, Period())
        for number in bodies:
            administration.join(self.county.center, self.bodies[number], device.person)
        for number in cases:
            self.chief.change(
                "dispute", self.fences[number], status=self.status(number), assignee=f"person:{device.person}"
            )
        self.chief.catch_up()
        return device

    def status(self, number: int) -> str:
        return str(self.chief.document("dispute", self.fences[number])["status"])

    def stored(self) -> Iterator[tuple[str, str, Document]]:
        record = tables.record.c
        with self.county.center.engine.connect() as connection:
            rows = connection.execute(sa.select(record.type, record.id, record.document).where(record.gone.is_(None)))
            for row in rows:
                yield row.type, str(row.id), json.loads(row.document)

    def visible(self, reader: Device, roles: set[Role], bodies: set[int]) -> tuple[set[Role], set[Role]]:
        """By type and id: what a reader may see, and what not."""
        everything = {(kind, record): document for kind, record, document in self.stored()}
        own = {f"person:{reader.person}"} | {f"body:{self.bodies[number]}" for number in bodies}
        seen: set[Role] = set()
        for (kind, record), document in everything.items():
            if kind == "held":
                grids = above(self.authors[document["by"]]) if document["by"] in self.authors else {COUNTY}
                if any(role in STAFF and unit in grids for role, unit in roles):
                    seen.add((kind, record))
                continue
            home = document
            if kind in {"entry", "conflict"}:
                parent = document.get("record_type", "dispute"), document.get("record") or document["dispute"]
                home = everything[parent]
            if home.get("assignee") in own or any(
                role in WORKS and unit in above(home["unit"]) for role, unit in roles
            ):
                seen.add((kind, record))
        return seen, everything.keys() - seen


@pytest.fixture(scope="module", params=["sqlite_databases", "volatile_postgres"])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with county_on(request.getfixturevalue(request.param)) as county:
        yield Ground(county)
        assert county.differences() == []


ROLE = st.tuples(st.sampled_from(ROLES), st.sampled_from((COUNTY, *PARENTS)))


@given(
    roles=st.lists(ROLE, min_size=1, max_size=3, unique=True),
    bodies=st.sets(st.integers(0, 1)),
    cases=st.sets(st.integers(0, 11), max_size=2),
    limit=st.sampled_from([1, 2, 100]),
    sort=st.sampled_from(["rev", "-rev", "made_at", "-made_at"]),
)
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_all_of_ones_scope_and_nothing_else(
    ground: Ground, roles: list[Role], bodies: set[int], cases: set[int], limit: int, sort: str
) -> None:
    reader = ground.reader(roles, bodies, cases)
    seen, unseen = ground.visible(reader, set(roles), bodies)
    for kind in CATALOG.types:
        expected = sorted(record for of_kind, record in seen if of_kind == kind)
        listed = [each["id"] for each in items(reader, f"records/{kind}", limit=limit, sort=sort)]
        assert sorted(listed) == expected, kind
        for _, rows, last in (sheet(reader, kind), workbook(reader, kind)):
            assert sorted(row[0] for row in rows) == expected
            assert last == f"共 {len(expected)} 条"
        drawn = features(reader, kind)
        assert sorted(each["id"] for each in drawn["features"]) == expected
        assert drawn["count"] == len(expected)
    held = {record for kind, record in seen if kind == "held"}
    assert {each["edit"] for each in items(reader, "held", limit=limit)} == held
    assert fed(reader) == seen
    for kind, record in seen:
        assert answered(reader, f"records/{kind}/{record}").json()["id"] == record
        answered(reader, f"records/{kind}/{record}/history")
    for kind, record in unseen:
        for path in (f"records/{kind}/{record}", f"records/{kind}/{record}/history"):
            with pytest.raises(ProblemAnswerError) as refused:
                answered(reader, path)
            assert refused.value.status == 404


def fed(reader: Device) -> set[tuple[str, str]]:
    """What the feed holds, by type and id."""
    answer = feed(reader, want=7)
    found = [answer]
    while answer.last["more"]:
        answer = feed(reader, want=7, cursor=answer.last["cursor"])
        found.append(answer)
    return {(row["type"], row["id"]) for answer in found for row in answer.rows if "doc" in row}


def test_the_ground_has_something_of_everything(ground: Ground) -> None:
    assert {kind for kind, _, _ in ground.stored()} == set(CATALOG.types)
