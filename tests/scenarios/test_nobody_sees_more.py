"""Nobody receives a row outside their scope, and everybody receives each row inside it, through any evening."""

import random
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from server import administration
from server.administration import NotPossibleError, Period
from server.store import tables
from tests.support.clock import MINUTE_MS
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, THIRD_GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device

GRIDS = (GRID, NEXT_GRID, THIRD_GRID, FAR_GRID)
UNITS = {
    "grid_worker": GRIDS,
    "mediator": (VILLAGE, OTHER_VILLAGE, TOWNSHIP),
    "village_staff": (VILLAGE, OTHER_VILLAGE),
    "township_staff": (TOWNSHIP,),
    "county_staff": (COUNTY,),
    "admin": (COUNTY,),
}
TURNS = 30


@dataclass(slots=True)
class Evening:
    """People who do things at random, by the seed. `fences`: disputes that anybody may try to write to."""

    county: County
    chance: random.Random
    people: list[tuple[Device, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)
    fences: list[str] = field(default_factory=list)

    def hire_all(self) -> None:
        for role, units in UNITS.items():
            for unit in units:
                device = self.county.worker(f"{role}", unit, role)
                device.want = self.chance.choice([1, 2, 7, 1000])
                self.people.append((device, role))
        for village in (VILLAGE, OTHER_VILLAGE):
            self.bodies.append(str(administration.add_body(self.county.center, "调解委员会", village)["id"]))

    def turn(self) -> None:
        self.county.clock.pass_ms(MINUTE_MS)
        device, _ = self.chance.choice(self.people)
        self.chance.choice([self.writes, self.writes, self.writes, self.syncs, self.moves])(device)

    def writes(self, device: Device) -> None:
        grid = self.chance.choice(GRIDS)
        match self.chance.randrange(6):
            case 0:
                self.homes.append(device.create("household", unit=grid))
            case 1:
                self.fences.append(device.create("dispute", unit=grid))
            case 2 if self.homes:
                device.change("household", self.chance.choice(self.homes), unit=grid)
            case 3 if self.fences:
                device.create("entry", dispute=self.chance.choice(self.fences))
            case 4 if self.fences:
                device.change("dispute", self.chance.choice(self.fences), title=f"{self.chance.random()}")
            case 5:
                self.assigns(device)

    def assigns(self, device: Device) -> None:
        seen = list(device.all("dispute"))
        whom = [f"person:{each.person}" for each, role in self.people if role != "admin"]
        assignee = self.chance.choice([*whom, *(f"body:{body}" for body in self.bodies), None])
        if seen:
            device.change("dispute", self.chance.choice(seen), assignee=assignee)

    def syncs(self, device: Device) -> None:
        device.sync()

    def moves(self, device: Device) -> None:
        role = next(role for each, role in self.people if each is device)
        unit, body = self.chance.choice(UNITS[role]), self.chance.choice(self.bodies)
        center = self.county.center
        change = self.chance.randrange(4)
        try:
            match change:
                case 0:
                    administration.assign(center, device.person, unit, role, Period())
                case 1:
                    administration.unassign(center, device.person, unit, Period())
                case 2:
                    administration.join(center, body, device.person)
                case _:
                    administration.leave(center, body, device.person)
        except NotPossibleError:
            self.syncs(device)

    def judge(self) -> None:
        for device, role in self.people:
            for answer in device.catch_up():
                assert len(answer.rows) <= device.want
            held = {each["key"] for each in device.me()["scope"]}
            for row in device.rows.values():
                assert row["keys"], (role, row)
                assert set(row["keys"]) <= held, (role, row)
            assert {identity: row["rev"] for identity, row in device.rows.items()} == self.stored(held), role

    def stored(self, held: set[str]) -> dict[tuple[str, str], int]:
        placement = tables.placement.c
        asked = sa.select(placement.type, placement.record, placement.revision).where(placement.gone.is_(None))
        with self.county.center.engine.connect() as connection:
            rows = connection.execute(asked.where(placement.key.in_(held)))
            return {(row.type, str(row.record)): row.revision for row in rows}


@pytest.mark.parametrize("seed", range(4))
def test_any_evening(county: County, seed: int) -> None:
    evening = Evening(county, random.Random(seed))
    evening.hire_all()
    for _ in range(3):
        for _ in range(TURNS):
            evening.turn()
        evening.judge()
    assert evening.homes
    assert evening.fences


def test_settling_is_for_those_who_may(county: County, wang: Device, li: Device, zhao: Device) -> None:
    """The assignee, the village's mediators and staff, township, county; not a grid worker, not another village."""
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    li.sync()
    wang.change("dispute", fence, title="一")
    li.change("dispute", fence, title="二")
    wang.sync()
    li.sync()
    wang.catch_up()
    (conflict,) = wang.all("conflict").values()
    over = {"title": [each["edit"] for each in conflict["siblings"]]}
    may = {
        "village_staff": VILLAGE,
        "mediator": VILLAGE,
        "township_staff": TOWNSHIP,
        "county_staff": COUNTY,
    }
    for role, unit in may.items():
        device = county.worker(role, unit, role)
        edit = device.change("dispute", fence, title="三", settles=["title"], over=over, was={})
        assert device.sync().outcome(edit)["result"] == "applied", role
    for device, result in ((li, "held"), (zhao, "held"), (county.worker("孙", OTHER_VILLAGE, "village_staff"), "held")):
        edit = device.change("dispute", fence, title="四", settles=["title"], over=over, was={})
        assert device.sync().outcome(edit)["result"] == result
    wang.catch_up()
    (settled,) = wang.all("conflict").values()
    assert (settled["status"], len(settled["settlements"])) == ("settled", 4)


def test_a_second_mending_takes_nothing_out_of_a_grid_that_its_author_has_left(county: County, wang: Device) -> None:
    """The record that the first mending made is somebody else's by now: the second one is a change of it."""
    li = county.worker("李秋生")
    refused = wang.create("dispute", unit="nowhere")
    wang.sync()
    wang.mend(refused, "dispute", unit=GRID)
    wang.sync()
    county.clock.pass_ms(60_000)
    administration.unassign(county.center, wang.person, GRID, Period())
    administration.assign(county.center, wang.person, FAR_GRID, None, Period())
    county.clock.pass_ms(60_000)
    again = wang.mend(refused, "dispute", unit=FAR_GRID)
    outcome = wang.sync().outcome(again)
    assert (outcome["result"], outcome["code"]) == ("held", "unknown-record")
    wang.catch_up()
    li.catch_up()
    assert not wang.sees(refused)
    assert li.sees(refused)
