"""A small county for the laws: its units, its people, and what a center with no database makes of their lines."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.catalog import CATALOG, Catalog
from schemas.permissions import PERMISSIONS
from schemas.workflow import WORKFLOW
from sync import edits, records
from sync.batch import Arrival, Batch, Decision
from sync.codes import ADMITTED, Code, Result
from sync.edits import Edit, Unread
from sync.refused import creation_of_refused, over_of_refused
from sync.scope import Assignment, Person, Span, Units, standing
from sync.stamps import milliseconds, stamp
from sync.world import World

COUNTY, TOWNSHIP = "990101", "990101101"
VILLAGE, OTHER_VILLAGE = "990101101003", "990101101004"
GRID, NEXT_GRID, FAR_GRID = "990101101003001", "990101101003002", "990101101004001"
UNITS = Units(
    {
        COUNTY: (),
        TOWNSHIP: (Span(COUNTY),),
        VILLAGE: (Span(TOWNSHIP),),
        OTHER_VILLAGE: (Span(TOWNSHIP),),
        GRID: (Span(VILLAGE),),
        NEXT_GRID: (Span(VILLAGE),),
        FAR_GRID: (Span(OTHER_VILLAGE),),
    }
)
PEOPLE = {
    person.id: person
    for person in (
        Person("wang", (Assignment("grid_worker", GRID),)),
        Person("li", (Assignment("grid_worker", NEXT_GRID),)),
        Person("qian", (Assignment("grid_worker", FAR_GRID),)),
        Person("zhao", (Assignment("village_staff", VILLAGE),)),
        Person("sun", (Assignment("township_staff", TOWNSHIP),)),
        Person("chen", (Assignment("mediator", VILLAGE),), (Span("committee"),)),
        # Worker of a grid, and staff elsewhere: may do more where a dispute is assigned to them.
        Person("hu", (Assignment("grid_worker", GRID), Assignment("township_staff", OTHER_VILLAGE))),
    )
}
ASSIGNEES = (None, "person:chen", "body:committee", "person:wang", "person:qian", "person:hu")

BEGIN_MS = milliseconds("2026-11-21T08:00:00.000Z-0000")
RECEIPT_MS = milliseconds("2026-11-22T08:00:00.000Z-0000")
"""The first receipt: after every stamp, as for work that comes late."""


@dataclass(slots=True)
class Center:
    """Keeps a world between batches and gives each batch only what `World` says that it reads."""

    catalog: Catalog = CATALOG
    units: Units = UNITS
    people: Mapping[str, Person] = field(default_factory=lambda: PEOPLE)
    world: World = field(init=False)
    held: dict[str, tuple[Arrival, frozenset[str]]] = field(default_factory=dict)
    outcomes: dict[str, Decision] = field(default_factory=dict)
    strays: list[Unread] = field(default_factory=list)
    receipt_ms: int = RECEIPT_MS

    def __post_init__(self) -> None:
        self.world = self._world()

    def _world(self) -> World:
        return World(self.catalog, WORKFLOW, PERMISSIONS, self.units, stamp(self.receipt_ms), dict(self.people))

    def push(self, lines: Iterable[bytes]) -> Batch:
        """Works one request. Edits that are known already keep the outcome that they have."""
        arrivals = []
        for line in lines:
            edit = edits.read(line, self.catalog)
            if edit.name is None:
                self.strays.append(edit)
            elif edit.name not in self.outcomes:
                arrivals.append(Arrival(edit, edit.at or ""))
        return self.work(arrivals)

    def work(self, arrivals: Sequence[Arrival]) -> Batch:
        self.receipt_ms += 1000
        held = list(self.held.values())
        batch = Batch(self._loaded([*arrivals, *(arrival for arrival, _ in held)]))
        batch.work(arrivals, held)
        self.world.known |= {name: batch.world.known[name] for name in batch.decisions}
        self.world.records |= {identity: batch.world.records[identity] for identity in batch.changed}
        for name, decision in batch.decisions.items():
            self.outcomes[name] = decision
            self.held.pop(name, None)
            if decision.result is Result.HELD:
                self.held[name] = (decision.arrival, decision.awaited)
        return batch

    def _loaded(self, arrivals: Sequence[Arrival]) -> World:
        world = self._world()
        names: set[str] = {arrival.name for arrival in arrivals}
        for arrival in arrivals:
            line = arrival.line
            wanted = {line.record}
            named = set(named_in(line.line, self.catalog))
            if isinstance(line, Edit):
                wanted |= {str(line.value(member)) for member in self.catalog.types[line.type].awaits}
                named -= set(line.over) - self._not_standing(line)
            names |= named
            world.records |= {each: self.world.records[each] for each in wanted & self.world.records.keys() if each}
        while names:
            found = {name: self.world.known[name] for name in names & self.world.known.keys() - world.known.keys()}
            world.known |= found
            firsts = {known.record for known in found.values()} & self.world.records.keys()
            world.records |= {each: self.world.records[each] for each in firsts if each}
            refused = (known for known in found.values() if known.result is Result.REFUSED)
            names = {name for known in refused for name in named_in(known.line, self.catalog)} - world.known.keys()
        return world

    def _not_standing(self, edit: Edit) -> set[str]:
        """What an edit names in a register and does not stand there, wherever else it does."""
        placed = self.world.records.get(edit.record)
        found = set[str]()
        for touch in edit.touches:
            siblings = () if placed is None else placed.record.register(touch.register).siblings
            found |= set(touch.over) - {sibling.edit for sibling in siblings}
        return found

    # -- what everybody would see

    def documents(self) -> dict[str, object]:
        return {
            identity: records.document(placed.record, self.catalog, WORKFLOW)
            for identity, placed in self.world.records.items()
        }

    def parents(self) -> dict[str, str | None]:
        return {identity: placed.parent for identity, placed in self.world.records.items()}

    def dots(self) -> dict[str, object]:
        return {
            identity: records.dots(placed.record, self.catalog, WORKFLOW)
            for identity, placed in self.world.records.items()
        }

    def conflicts(self) -> dict[str, object]:
        return {
            identity: records.conflicts(placed.record, self.catalog, WORKFLOW)
            for identity, placed in self.world.records.items()
        }

    def results(self) -> dict[str, tuple[str, Code | None, str | None]]:
        """What became of each edit. Whether an admitted one left a conflict depends on what had come before it."""
        return {
            name: ("admitted" if decision.result in ADMITTED else decision.result.value, decision.code, decision.field)
            for name, decision in self.outcomes.items()
        }

    def sight(self, moments: Iterable[str]) -> dict[str, object]:
        """Under which keys each record stands now, and under which work of those moments finds it."""
        moments = list(moments)
        return {
            identity: (
                standing(placed.placement),
                {at: frozenset(span.value for span in placed.placement if span.holds(at)) for at in moments},
            )
            for identity, placed in self.world.records.items()
        }

    def picture(self) -> dict[str, Mapping[str, object]]:
        """What must be alike in every order of arrival."""
        return {
            "results": self.results(),
            "documents": self.documents(),
            "parents": self.parents(),
            "dots": self.dots(),
            "conflicts": self.conflicts(),
        }


def named_in(line: bytes, catalog: Catalog) -> frozenset[str]:
    """The edits that a line names, also one that is no edit."""
    if len(_NAMED) > 10_000:
        _NAMED.clear()
    if (line, catalog.version) not in _NAMED:
        over = {name for names in over_of_refused(line, catalog).values() for name in names}
        made = creation_of_refused(line)
        _NAMED[line, catalog.version] = frozenset(over | ({made.mends} if made and made.mends else set()))
    return _NAMED[line, catalog.version]


_NAMED: dict[tuple[bytes, int], frozenset[str]] = {}
"""Held lines are looked at with every push."""


def received(batches: Iterable[Iterable[bytes]], catalog: Catalog = CATALOG) -> Center:
    center = Center(catalog)
    for batch in batches:
        center.push(batch)
    return center


def reshuffled(lines: Sequence[bytes], seed: int) -> list[list[bytes]]:
    """The lines in another order, some twice, in batches cut anywhere."""
    chance = random.Random(seed)
    order = [*lines, *chance.sample(lines, chance.randint(0, len(lines)))]
    chance.shuffle(order)
    batches: list[list[bytes]] = [[]]
    for line in order:
        if batches[-1] and chance.random() < 0.4:
            batches.append([])
        batches[-1].append(line)
    return batches
