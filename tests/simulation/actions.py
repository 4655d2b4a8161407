"""What people do on their tablets, by the SDK alone: as screens would, and now and then as no screen should."""

from collections.abc import Callable, Mapping
from typing import Any

from client_sdk import Collection, Record, Refused, Tablet
from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from tests.simulation.device import Device
from tests.simulation.server import GRIDS
from tests.simulation.world import World

TEXTS = ("门前安静。", "门前安静。有狗。", "门前安静。有两条狗。", "很吵。有狗。", "")
VALUES: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    "household": {
        "address": ("渠边路 1 号", "渠边路 2 号", "渠边路 3 号"),
        "phone": ("13800000001", "13800000002", None),
        "head_name": ("高山", "高峰", None),
        "people_count": (1, 2, 3, None),
        "notes": TEXTS[:4],
        "service_needs": ([], ["hardship"], ["newcomer", "hardship"], ["living_alone_elder"]),
        "location": ({"lat": "25.53", "lon": "102.4"}, {"lat": "25.6", "lon": "102.5", "accuracy_m": 8}, None),
        "removed": ("重复登记", None),
        "unit": GRIDS,
        "mood": ("calm", "glad", None),
    },
    "visit": {
        "result": ("met", "nobody_home", "declined"),
        "purposes": (["errand"], ["errand", "follow_up"], ["check_details"], ["safety_reminder", "check_details"]),
        "notes": TEXTS[:4],
        "hazard": ("电线老化", "井盖破损", None),
        "satisfaction": (1, 4, 5, None),
        "photos": ([], ["a.jpg"], ["a.jpg", "b.jpg"]),
        "removed": ("记错了户", None),
        "companions": ([], ["张三"], ["张三", "李四"]),
    },
    "dispute": {
        "title": ("围墙", "围墙和水沟", "水沟"),
        "category": ("neighbours", "housing_homestead", "production"),
        "summary": TEXTS[:4],
        "amount_yuan": ("300", "450.5", None),
        "people_involved": (2, 3, 5),
        "place": ("渠边", "桥头", None),
        "violence_likely": (True, False),
        "routes_told": (True, False),
        "parties": (
            [{"role": "applicant", "kind": "person", "name": "甲某"}],
            [
                {"role": "applicant", "kind": "person", "name": "甲某"},
                {"role": "respondent", "kind": "company", "name": "乙公司"},
            ],
        ),
        "removed": ("误登", None),
        "unit": GRIDS,
    },
}
STATUSES = tuple(WORKFLOW.ranks)
COLLECTIONS: Mapping[str, Callable[[Tablet], Collection]] = {
    "household": lambda tablet: tablet.households,
    "visit": lambda tablet: tablet.visits,
    "dispute": lambda tablet: tablet.disputes,
    "entry": lambda tablet: tablet.entries,
}


class Actions:
    """Each method is one thing that somebody does; it draws what it needs."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random

    def one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    def some(self, tablet: Tablet, kind: str) -> Record | None:
        found = COLLECTIONS[kind](tablet).list(with_removed=True)
        # Mostly what was made last: that is what others work on, too.
        return self.random.choice(found[-4:] if not self.one_in(4) else found) if found else None

    def grid(self, tablet: Tablet) -> str:
        own = [key.removeprefix("unit:") for key in tablet.scope if key.removeprefix("unit:") in GRIDS]
        return self.random.choice(own if own and not self.one_in(12) else GRIDS)

    def new(self, record: Record) -> None:
        self.world.promised.append(record.id)

    # -- making

    def create_household(self, tablet: Tablet, unit: str | None = None) -> None:
        values = {
            "unit": unit or self.grid(tablet),
            "address": "渠边路 1 号",
            "notes": TEXTS[1],
            "phone": "13800000000",
        }
        self.new(tablet.households.create(**values, service_needs=self.random.choice(([], ["hardship"]))))

    def create_visit(self, tablet: Tablet) -> None:
        household = self.some(tablet, "household")
        if household is not None:
            values = {"household": household, "unit": household.unit, "result": "met", "purposes": ["errand"]}
            self.new(tablet.visits.create(**values, notes=TEXTS[0]))

    def create_dispute(self, tablet: Tablet, unit: str | None = None) -> None:
        values: dict[str, Any] = {"unit": unit or self.grid(tablet), "category": "neighbours", "title": "围墙"}
        values |= {"parties": [{"role": "applicant", "kind": "person", "name": "甲某"}]}
        values |= {"summary": TEXTS[1], "difficulty": self.random.choice(("simple", "simple", "ordinary", "major"))}
        self.new(tablet.disputes.create(**values))

    def create_entry(self, tablet: Tablet) -> None:
        dispute = self.some(tablet, "dispute")
        if dispute is not None:
            self.new(
                tablet.entries.create(dispute=dispute, kind=self.random.choice(("note", "session")), text="谈了。")
            )

    def create_wrongly(self, tablet: Tablet) -> None:
        """Something that the tablet takes and the center refuses, with what hangs on it."""
        unit = "990101101009001"
        if self.one_in(2):
            self.create_household(tablet, unit)
            for _ in range(self.random.randrange(3)):
                self.create_visit(tablet)
        else:
            self.create_dispute(tablet, unit)
            for _ in range(self.random.randrange(3)):
                self.create_entry(tablet)

    # -- changing

    def change(self, tablet: Tablet) -> None:
        kind = self.random.choice(tuple(VALUES))
        record = self.some(tablet, kind)
        if record is not None:
            # What only a newer app knows is not there yet.
            known = [name for name in VALUES[kind] if name in CATALOG.types[kind].fields]
            names = self.random.sample(known, self.random.choice((1, 1, 1, 2)))
            if "unit" in names and not self.one_in(3):
                names.remove("unit")
            COLLECTIONS[kind](tablet).change(record, **{name: self.random.choice(VALUES[kind][name]) for name in names})

    def move(self, tablet: Tablet) -> None:
        """A step of a dispute: mostly one that its status allows, up or down a tier, or what nobody may do."""
        dispute = self.some(tablet, "dispute")
        if dispute is None:
            return
        if self.one_in(10):
            tablet.disputes.change(dispute, status=self.random.choice(STATUSES))
        elif self.one_in(6):
            tablet.disputes.change(dispute, status="reported", tier=self.random.choice(WORKFLOW.tiers))
        else:
            steps = sorted(now for was, now in WORKFLOW.moves if was == dispute.status)
            if steps:
                tablet.disputes.change(dispute, status=self.random.choice(steps))

    def assign(self, tablet: Tablet) -> None:
        dispute = self.some(tablet, "dispute")
        if dispute is not None:
            to = ("person:chen", "person:chen", "person:zhou", "person:wang", "person:qian", None, *self.bodies())
            tablet.disputes.change(dispute, assignee=self.random.choice(to))

    def bodies(self) -> list[str]:
        return [f"body:{each}" for each in self.world.bodies]

    def settle(self, tablet: Tablet) -> None:
        found = tablet.conflicts.open()
        if found:
            conflict = self.random.choice(found)
            value = self.random.choice([each.value for each in conflict.values])
            if conflict.suggestion is not None and self.one_in(2):
                value = conflict.suggestion
            if value is not None:
                conflict.settle(value)

    # -- what came back

    def attend(self, tablet: Tablet) -> None:
        """A refused edit is mended or discarded."""
        refused = [item for item in tablet.attention if isinstance(item, Refused) and item.type in COLLECTIONS]
        if not refused:
            return
        item = self.random.choice(refused)
        (outcome_ms,) = tablet._desk.store.row("SELECT outcome_ms FROM outbox WHERE edit = ?", item.edit) or (0,)
        if self.one_in(4):
            item.discard()
        elif item.do == "create" and item.type != "entry" and "unit" in item.values:
            item.mend(unit=self.grid(tablet))
        else:
            item.mend()
        self.world.dealt_with[item.edit] = int(outcome_ms)

    def evening(self, device: Device) -> list[Callable[[Tablet], None]]:
        """A few things that somebody of that person's trade does."""
        everybody = [
            self.create_visit,
            self.create_entry,
            self.change,
            self.change,
            self.move,
            self.settle,
            self.attend,
        ]
        match device.person:
            case "chen":
                usual = [self.create_entry, self.move, self.settle, self.attend, self.change]
            case "wang" | "li" | "zhao" | "qian":
                usual = [self.create_household, self.create_dispute, *everybody, self.create_wrongly]
            case _:
                usual = [self.create_dispute, *everybody, self.assign, self.assign]
        if self.one_in(8):
            usual = [*everybody, self.assign, self.create_household, self.create_dispute]
        return [self.random.choice(usual) for _ in range(self.random.randint(1, 6))]
