"""Evenings at random: whatever is done in whatever order over whatever link, in the end all tablets show the truth."""

import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from client_sdk import CenterError, OfflineError, Record, Refused, Tablet
from schemas.workflow import WORKFLOW
from tests.client.center import (
    GRID,
    OTHER_GRID,
    Center,
    Fault,
    answer_cut,
    answer_lost,
    refusing,
    request_lost,
    too_slow,
)
from tests.client.conftest import Worker
from tests.client.stories import APPLICANT

FAULTS: list[Fault] = [request_lost, answer_lost, answer_cut, too_slow, refusing("unavailable"), refusing("too-large")]
PURPOSES = ["errand", "follow_up", "check_details"]
STEPS = 100
SEEDS = (0, 5)


class Evening:
    """What three people do, drawn from one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = random.Random(seed)
        self.center = Center()
        self.workers = [Worker(person, self.center, folder) for person in ("wang", "li", "zhao")]
        self.backups = [self.center.backup()]

    def play(self) -> None:
        acts: list[Callable[[Worker], object]] = [self.add, self.change, self.change, self.change, self.sync]
        acts += [self.settle, self.mend, self.restart]
        for _ in range(STEPS):
            self.center.clock_ms += self.draw.randrange(60_000)
            self.draw.choice(acts)(self.draw.choice(self.workers))

    def add(self, worker: Worker) -> None:
        tablet, unit = worker.tablet, self.draw.choice([GRID, GRID, GRID, OTHER_GRID])
        homes = tablet.households.list()
        if not homes or self.draw.random() < 0.3:
            tablet.households.create(unit=unit, address=f"{self.draw.random()}号")
        elif self.draw.random() < 0.5:
            home = self.draw.choice(homes)
            tablet.visits.create(household=home, unit=unit, result="met", purposes=[self.draw.choice(PURPOSES)])
        else:
            tablet.disputes.create(
                unit=unit, title="围墙", category="neighbours", summary="一。二。", parties=[APPLICANT]
            )

    def change(self, worker: Worker) -> None:
        tablet, draw = worker.tablet, self.draw
        some = draw.choice([tablet.households, tablet.visits, tablet.disputes])
        records = some.list()
        if not records:
            return
        record = draw.choice(records)
        ahead = sorted(now for was, now in WORKFLOW.moves if was == record.document.get("status")) or ["reported"]
        summary = f"{draw.choice('一四')}。二。"
        choices: dict[str, list[dict[str, object]]] = {
            "household": [{"phone": str(draw.randrange(9))}, {"head_name": draw.choice("赵钱孙")}],
            "visit": [{"purposes": draw.sample(PURPOSES, 2)}, {"notes": draw.choice(["一。二。", "二。三。", "三。"])}],
            "dispute": [
                {"title": draw.choice("甲乙丙")},
                {"summary": summary},
                {"status": draw.choice(ahead)},
            ],
        }
        some.change(record, **draw.choice(choices[record.type]))

    def sync(self, worker: Worker) -> None:
        if self.draw.random() < 0.5:
            worker.link.faults.extend(self.draw.choices(FAULTS, k=self.draw.randrange(1, 6)))
        worker.tablet._loop.rows_max = self.draw.choice([1, 3, 1000])
        with suppress(OfflineError, CenterError):
            worker.tablet.sync()
        worker.link.faults.clear()

    def settle(self, worker: Worker) -> None:
        for conflict in worker.tablet.conflicts.open()[:1]:
            conflict.settle(self.draw.choice(conflict.values).value)

    def mend(self, worker: Worker) -> None:
        for item in worker.tablet.attention[:1]:
            if isinstance(item, Refused) and item.do == "create" and self.draw.random() < 0.8:
                item.mend(unit=GRID)
            elif isinstance(item, Refused):
                item.discard()

    def restart(self, worker: Worker) -> None:
        worker.reopen()

    def restore(self) -> None:
        self.center.restore(self.draw.choice(self.backups))

    def end(self) -> None:
        for _ in range(4):
            for worker in self.workers:
                worker.tablet._loop.rows_max = 1000
                worker.tablet.sync()

    def check(self) -> None:
        for worker in self.workers:
            tablet = worker.tablet
            assert tablet.waiting == 0
            keys = set(tablet.scope)
            truth = {name: row.document for name, row in self.center.past.rows.items() if row.keys & keys}
            held = {item.record for item in tablet.attention if not isinstance(item, Refused)}
            shown = {(each.type, each.id): each.document for each in everything_shown(tablet) if each.id not in held}
            assert shown == {name: document for name, document in truth.items() if name[1] not in held}
            for (edit,) in tablet._desk.store.rows("SELECT edit FROM outbox WHERE state IN ('acked', 'held')"):
                assert edit in self.center.past.decisions


def everything_shown(tablet: Tablet) -> list[Record]:
    types = ("household", "visit", "dispute", "conflict", "held")
    return [each for kind in types for each in tablet._desk.views.select(kind, {}, removed=True)]


@pytest.fixture
def evening_of(tmp_path: Path) -> Iterator[Callable[[int], Evening]]:
    """An evening by its seed."""
    evenings: list[Evening] = []

    def begin(seed: int) -> Evening:
        evenings.append(Evening(seed, tmp_path))
        return evenings[-1]

    yield begin
    for evening in evenings:
        for worker in evening.workers:
            worker.tablet.close()


@pytest.mark.parametrize("seed", range(*SEEDS))
def test_everybody_sees_the_same_in_the_end(seed: int, evening_of: Callable[[int], Evening]) -> None:
    evening = evening_of(seed)
    evening.play()
    evening.end()
    evening.check()


@pytest.mark.parametrize("seed", range(*SEEDS))
def test_and_so_they_do_after_the_center_was_restored(seed: int, evening_of: Callable[[int], Evening]) -> None:
    evening = evening_of(seed)
    evening.play()
    evening.backups.append(evening.center.backup())
    evening.play()
    derived = ("conflict", "held")
    before = {name for name, row in evening.center.past.rows.items() if row.document and name[0] not in derived}
    evening.restore()
    evening.play()
    evening.end()
    evening.check()
    assert before <= evening.center.past.rows.keys()
