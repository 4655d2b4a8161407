"""What the measurements have to show, as ratios: they hold on any machine, where seconds do not."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.measurement import Measurement, Subject, ratio
from bench.pulling import pulled
from bench.size import Size

DOORSTEP, LIMIT, ROWS_LIMIT, BARE = Subject.DOORSTEP, Subject.LIMIT, Subject.ROWS_LIMIT, Subject.BARE
KINTO, POUCHDB = Subject.KINTO, Subject.POUCHDB


@dataclass(frozen=True, slots=True)
class Target:
    """The figure of `who` in `work`, over that of `against` in the same work or over another `work` of its own; alone
    where there is neither. `floor` must be reached, `aim` is worked towards."""

    name: str
    work: str
    against: Subject | str | None
    floor: float | None
    aim: float | None
    is_more_better: bool
    who: Subject = DOORSTEP

    def is_reached(self, value: float, mark: float | None) -> bool:
        return mark is not None and (value >= mark if self.is_more_better else value <= mark)


@dataclass(frozen=True, slots=True)
class Shown:
    """A target and what was measured."""

    target: Target
    value: float

    @property
    def verdict(self) -> str:
        target = self.target
        if target.is_reached(self.value, target.aim):
            return "aim"
        if target.is_reached(self.value, target.floor):
            return "floor"
        return "missed"


def targets(size: Size) -> list[Target]:
    few, many = (pulled(size.fresh, stored) for stored in size.stored)
    shares = {25: (0.15, 0.30), 100: (0.20, 0.40), 500: (0.30, 0.50)}
    return [
        *(
            Target(f"push in batches of {n}, of the insert limit", f"push {n}", LIMIT, floor, aim, True)
            for n, (floor, aim) in shares.items()
        ),
        *(
            Target(f"push in batches of {n}, of inserting all its rows", f"push {n}", ROWS_LIMIT, floor, aim, True)
            for n, (floor, aim) in shares.items()
        ),
        *(
            Target(f"push in batches of {n}, of PouchDB Server", f"push {n}", POUCHDB, None, 1.0, True)
            for n in (25, 100)
        ),
        *(
            Target(f"bare server, push in batches of {n}, of the insert limit", f"push {n}", LIMIT, *marks, True, BARE)
            for n, marks in shares.items()
        ),
        Target("push in batches of 25, of Kinto", "push 25", KINTO, 25, 40, True),
        Target("first pull, of the COPY limit's time", "first pull", LIMIT, 2, 1.3, False),
        Target("first pull, of COPY of its rows", "first pull", ROWS_LIMIT, 2, 1.3, False),
        Target("bare server, first pull, of the COPY limit's time", "first pull", LIMIT, 2, 1.3, False, BARE),
        *(
            target
            for work in (few, many)
            for target in (
                Target(f"{work}, of the query's time", work, LIMIT, 5, 3, False),
                Target(f"{work}, of querying its rows", work, ROWS_LIMIT, 5, 3, False),
                Target(f"bare server, {work}, of the query's time", work, LIMIT, 5, 3, False, BARE),
            )
        ),
        Target("ten times the records, of the time", many, few, 1.3, None, False),
        Target("small syncs, of PouchDB Server", "small syncs", POUCHDB, 2.5, 4, True),
        Target("small syncs, p95 in ms", "small syncs, p95", None, 100, None, False),
        Target("evening rush, of the insert limit's time", "evening rush", LIMIT, 6, 3, False),
        Target("evening rush, of inserting all its rows", "evening rush", ROWS_LIMIT, 6, 3, False),
        Target("evening rush, server memory in MB", "evening rush, memory", None, 600, None, False),
        Target("saving on the tablet, of a bare insert", "tablet, saving a visit", LIMIT, 2, 1.3, False),
    ]


def shown(measured: Sequence[Measurement], size: Size) -> list[Shown]:
    """The targets for which everything was measured."""
    by = {(each.work, each.subject): each for each in measured}
    found = []
    for target in targets(size):
        ours = by.get((target.work, target.who))
        match target.against:
            case None:
                value = ours.median if ours else None
            case Subject() as subject:
                other = by.get((target.work, subject))
                value = ratio(ours, other) if ours and other else None
            case work:
                other = by.get((work, target.who))
                value = ratio(ours, other) if ours and other else None
        if value is not None:
            found.append(Shown(target, value))
    return found
