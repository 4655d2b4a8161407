"""A county to try things in: places, people and homes of the shape of a real one, all of them invented.

The shape is that of Wuding county: 11 townships, 136 villages, 1,580 grids, 170 mediation committees, 661 mediators.
Any likeness of a name is chance.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle, islice
from typing import NamedTuple

from server import administration, holding
from server.administration import Asked, NewBody, NotPossibleError, Row, Sheet
from server.center import Center
from sync.lines import Values

CODE, NAME = "990101", "示例县"
WRITER = "county-1"
"""Who writes the households: one of the county's staff."""
SEED = 20261121

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = "小满秋实春分白露大寒立夏清和谷雨惊蛰晓晨文轩雅琴思远明月长河远山一帆若水子墨安然"
TOWNSHIPS = ["河口", "青石", "柳树", "桥头", "东山", "南坪", "白云", "松林", "清泉", "石板", "云岭"]
VILLAGES = [
    "柳沟", "桥头", "石坪", "中营", "花桥", "茶街", "竹园", "梨园", "杨柳", "双河", "红土", "高峰", "龙潭", "石门",
    "清湾", "长田", "金沙", "平地",
]  # fmt: skip
VILLAGE_PREFIXES = ("", "大", "小", "上", "下", "新", "老", "东")
BRANCHES = ("婚姻家庭", "山林土地")
"""What the second and third committee of a township are for."""
NEEDS = (
    "living_alone_elder", "left_behind_child", "disability_support", "hardship", "long_illness_care", "newcomer",
)  # fmt: skip


HAS_PHONE, HAS_NEEDS = 0.7, 0.2
"""Which part of the homes."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are. `grids_with_homes` are the first ones, each with `homes` households."""

    townships: int
    villages: int
    grids: int
    mediators: int
    grids_with_homes: int
    homes: int


FULL = Size(townships=11, villages=136, grids=1_580, mediators=661, grids_with_homes=40, homes=80)
SMALL = Size(townships=2, villages=6, grids=24, mediators=30, grids_with_homes=4, homes=20)


class Unit(NamedTuple):
    code: str
    name: str
    parent: str


class Person(NamedTuple):
    id: str
    name: str
    role: str
    unit: str


class Body(NamedTuple):
    name: str
    unit: str
    members: list[str]


@dataclass(slots=True)
class DemoCounty:
    """The county of a size, the same each time: tables as one would import them."""

    size: Size
    units: list[Unit] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - no secret is drawn

    def __post_init__(self) -> None:
        townships = _under([Unit(CODE, NAME, "")], self.size.townships, [f"{name}镇" for name in TOWNSHIPS])
        villages = _under(
            townships, self.size.villages, [f"{p}{name}村" for p in VILLAGE_PREFIXES for name in VILLAGES]
        )
        grids = _under(villages, self.size.grids)
        self.units = [*townships, *villages, *grids]
        self._staff(townships, villages)
        for number, grid in enumerate(grids, 1):
            self._hire(f"grid-{number:04}", "grid_worker", grid.code)
        self._committees(townships, villages)

    def cast(self) -> dict[str, dict[str, str]]:
        """The first one of each role, to try things as."""
        first: dict[str, Person] = {}
        for person in self.people:
            first.setdefault(person.role, person)
        return {role: {"id": who.id, "name": who.name, "unit": who.unit} for role, who in first.items()}

    def homes(self) -> Iterator[dict[str, str]]:
        """The households, as cells of a table."""
        grids = [unit for unit in self.units if unit.name.endswith("网格")]
        for grid in grids[: self.size.grids_with_homes]:
            for number in range(1, self.size.homes + 1):
                yield self._home(grid, number)

    def _home(self, grid: Unit, number: int) -> dict[str, str]:
        draw = self._random
        cells = {
            "unit": grid.code,
            "door_no": f"{number}号",
            "address": f"{grid.name}{number}号",
            "head_name": self._name(),
            "people_count": str(draw.randint(1, 6)),
        }
        if draw.random() < HAS_PHONE:
            cells["phone"] = f"1000000{draw.randint(0, 9999):04}"
        if draw.random() < HAS_NEEDS:
            cells["service_needs"] = ",".join(draw.sample(NEEDS, draw.choice((1, 1, 1, 2))))
        return cells

    def _name(self) -> str:
        draw = self._random
        return draw.choice(SURNAMES) + "".join(draw.sample(GIVEN, draw.choice((1, 2, 2))))

    def _hire(self, identity: str, role: str, unit: str) -> str:
        self.people.append(Person(identity, self._name(), role, unit))
        return identity

    def _staff(self, townships: Sequence[Unit], villages: Sequence[Unit]) -> None:
        self._hire("admin-1", "admin", CODE)
        for number in range(1, 6):
            self._hire(f"county-{number}", "county_staff", CODE)
        for number, unit in enumerate((unit for unit in townships for _ in range(3)), 1):
            self._hire(f"town-{number:02}", "township_staff", unit.code)
        for number, unit in enumerate((unit for unit in villages for _ in range(2)), 1):
            self._hire(f"village-{number:03}", "village_staff", unit.code)

    def _committees(self, townships: Sequence[Unit], villages: Sequence[Unit]) -> None:
        """One for the county and for each village, three for each township; the mediators take turns."""
        county = Unit(CODE, NAME, "")
        self.bodies = [Body(f"{unit.name}人民调解委员会", unit.code, []) for unit in (*villages, *townships, county)]
        self.bodies += [
            Body(f"{unit.name}{branch}纠纷调解委员会", unit.code, []) for unit in townships for branch in BRANCHES
        ]
        for number, body in enumerate(islice(cycle(self.bodies), self.size.mediators), 1):
            body.members.append(self._hire(f"mediator-{number:03}", "mediator", body.unit))


def _under(parents: Sequence[Unit], count: int, names: Sequence[str] = ()) -> list[Unit]:
    """Units spread evenly under their parents; without names of their own they are the parent's grids."""
    found: list[Unit] = []
    for place, parent in enumerate(parents):
        share = count // len(parents) + (place < count % len(parents))
        for number in range(1, share + 1):
            name = names[len(found)] if names else f"{parent.name}第{number}网格"
            found.append(Unit(f"{parent.code}{number:03}", name, parent.code))
    return found


@dataclass(frozen=True, slots=True)
class Settled:
    """The county as it is now; `created` where it was not there. `cast`: somebody of each role, to try things as."""

    county: str
    name: str
    created: bool
    counts: Mapping[str, int]
    cast: Mapping[str, Mapping[str, str]]

    def values(self) -> Values:
        """The same as JSON says it."""
        return asdict(self)


def settle(center: Center, size: Size) -> Settled:
    """Makes the county in a database, by the same doors as imports; goes on where it was interrupted, and adds nothing
    to one that is whole. Raises NotPossibleError where the county is there and is not this one."""
    made = administration.init(center, CODE, NAME)
    here, county = center.answering_for(CODE), DemoCounty(size)
    holding.take_up_release(here)
    known = {str(unit["code"]): unit["name"] for unit in administration.units(here)}
    figures = administration.figures(here)
    is_empty = len(known) == 1 and not figures["people"]
    if not is_empty and any(known.get(unit.code) != unit.name for unit in county.units):
        raise NotPossibleError(
            f"县 {CODE} 已有别的内容；示例县需要空数据库",
            f"There is another county {CODE} already; the demo needs an empty database",
        )
    _fill(here, county, figures)
    return Settled(CODE, str(made["name"]), made["created"] is True, administration.figures(here), county.cast())


def _fill(center: Center, county: DemoCounty, figures: Mapping[str, int]) -> None:
    """Each step that is not whole. A whole one is left alone: somebody may have worked with it since."""
    asked = Asked()
    if figures["units"] <= 1:
        administration.import_units(center, _sheet(unit._asdict() for unit in county.units), asked)
    if figures["people"] < len(county.people):
        administration.import_people(center, _sheet(person._asdict() for person in county.people), asked)
    if figures["bodies"] < len(county.bodies):
        administration.add_bodies(center, [NewBody(*body) for body in county.bodies])
    if figures["households"] < county.size.grids_with_homes * county.size.homes:
        administration.import_households(center, _sheet(county.homes()), asked, WRITER)


def _sheet(cells: Iterable[Mapping[str, str]]) -> Sheet:
    return Sheet([Row(number, each) for number, each in enumerate(cells, 2)])
