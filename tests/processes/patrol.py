"""A tablet at work, as a process of its own: one thread saves edits, another syncs, until standard input ends.

    python -m tests.processes.patrol STORE NOTES SEED MEDIATOR GRID

MEDIATOR is the person who is given cases, GRID one where nobody here may write.

The name of every edit whose save has returned is added to the file NOTES and flushed to the disk there, so that others
know what was saved without asking the store.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from client_sdk import CenterError, Collection, OfflineError, Record, RecordUnknownError, Refused, Tablet
from client_sdk.errors import DealtWithError, InvalidError

BETWEEN_EDITS_S, BETWEEN_SYNCS_S = 0.08, 0.2
BACK_OFF_S_MAX = 0.2
"""A day passes in seconds here, so waiting for the center to come back does too."""
FAULT = 70
"""The exit status of a tablet on which something failed that must not."""
NEWEST = 12
"""People work on the newest records: so they meet."""
AWAY = frozenset({"unavailable", "slow-down"})
"""What a center says whose database is away; anything else is a fault."""

Deed = Callable[[], Record | None]
Place = tuple[float, Deed]
"""How often something is done, against the others, and what."""


def noting(path: Path) -> Callable[[str], None]:
    """Adds names to a file; each is on the disk when the call returns."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(name: str) -> None:
        os.write(file, f"{name}\n".encode())
        os.fsync(file)

    return note


class Patrol:
    """What a person does all day, by their role; everything they write is written nowhere else."""

    def __init__(self, tablet: Tablet, seed: str, note: Callable[[str], None], *, mediator: str, grid: str) -> None:
        self.tablet, self.seed, self.note = tablet, seed, note
        self.mediator, self.strange_grid = mediator, grid
        self.random = random.Random(seed)
        self.count = 0
        self.noted: set[str] = set()
        self.collections = {
            each.type: each for each in (tablet.households, tablet.visits, tablet.disputes, tablet.entries)
        }
        (role,) = tablet.person["roles"]
        self.deeds = {"grid_worker": self._worker, "village_staff": self._staff, "mediator": self._mediator}[role]()

    def _worker(self) -> list[Place]:
        records: list[Place] = [(2, self.house), (6, self.visit), (1, self.report), (3, self.enter)]
        return [*records, (3, self.retitle), (2, self.move), (2, self.ask), (0.5, self.stray), (1, self.mend)]

    def _staff(self) -> list[Place]:
        return [(4, self.accept), (3, self.retitle), (3, self.enter), (3, self.settle), (1, self.mend), (1, self.move)]

    def _mediator(self) -> list[Place]:
        return [(4, self.enter), (2, self.mediate), (2, self.retitle), (3, self.settle), (1, self.mend)]

    def work(self) -> None:
        """One edit, saved and noted; none, where there is nothing to do it to."""
        weights, deeds = zip(*self.deeds, strict=True)
        self.count += 1
        try:
            record = self.random.choices(deeds, weights)[0]()
        except (RecordUnknownError, DealtWithError, InvalidError):
            return  # A sync came between the look at the screen and the hand that saves.
        if record is not None:
            new = {deed.edit for deed in self.collections[record.type].history(record)} - self.noted
            self.noted |= new
            for edit in sorted(new):
                self.note(edit)

    @property
    def text(self) -> str:
        """Words that nobody else writes, nor this tablet twice."""
        return f"{self.seed} {self.count}"

    def one_of(self, collection: Collection, status: str | None = None) -> Record | None:
        found = (collection.list() if status is None else collection.list(status=status))[-NEWEST:]
        return self.random.choice(found) if found else None

    # -- what there is to do

    def house(self) -> Record:
        return self.tablet.households.create(address=self.text)

    def stray(self) -> Record:
        """A household in a grid that is not this person's: the center refuses it, and holds what is said of it."""
        return self.tablet.households.create(address=self.text, unit=self.strange_grid)

    def visit(self) -> Record | None:
        home = self.one_of(self.tablet.households)
        return home and self.tablet.visits.create(household=home, result="met", purposes=["errand"], notes=self.text)

    def report(self) -> Record:
        parties = [{"role": "applicant", "kind": "person", "name": "孙某"}]
        return self.tablet.disputes.create(category="neighbours", title=self.text, summary=self.text, parties=parties)

    def enter(self) -> Record | None:
        case = self.one_of(self.tablet.disputes)
        return case and self.tablet.entries.create(dispute=case, kind="note", text=self.text)

    def retitle(self) -> Record | None:
        case = self.one_of(self.tablet.disputes)
        return case and self.tablet.disputes.change(case, title=self.text)

    def move(self) -> Record | None:
        home = self.one_of(self.tablet.households)
        return home and self.tablet.households.change(home, address=self.text)

    def ask(self) -> Record | None:
        visit = self.one_of(self.tablet.visits)
        purposes = self.random.sample(("errand", "check_details", "explain_policy", "safety_reminder"), 2)
        return visit and self.tablet.visits.change(visit, purposes=purposes)

    def accept(self) -> Record | None:
        case = self.one_of(self.tablet.disputes, status="reported")
        return case and self.tablet.disputes.change(case, status="accepted", assignee=f"person:{self.mediator}")

    def mediate(self) -> Record | None:
        case = self.one_of(self.tablet.disputes, status="accepted")
        return case and self.tablet.disputes.change(case, status="mediating")

    def settle(self) -> Record | None:
        found = self.tablet.conflicts.open()
        if not found:
            return None
        conflict = self.random.choice(found)
        return conflict.settle(self.random.choice(conflict.values).value)

    def mend(self) -> Record | None:
        found = [each for each in self.tablet.attention if isinstance(each, Refused)]
        if not found:
            return None
        item = self.random.choice(found)
        if self.random.random() < 0.5:
            item.discard()
            return None
        grids = [key.removeprefix("unit:") for key in self.tablet.scope if key.startswith("unit:")]
        return item.mend(unit=grids[0]) if item.type == "household" else item.mend()


def sync_until(tablet: Tablet, stopped: threading.Event) -> None:
    """Syncs again and again, whatever the way there is like. Raises CenterError where the center has a fault."""
    chance = random.Random()
    while not stopped.is_set():
        try:
            tablet.sync()
        except OfflineError:
            pass
        except CenterError as error:
            if error.problem not in AWAY:
                raise
        stopped.wait(chance.uniform(0, 2 * BETWEEN_SYNCS_S))


def die(failed: threading.ExceptHookArgs) -> None:
    """A thread that fails takes the process with it, so that it is seen."""
    threading.__excepthook__(failed)
    sys.stderr.flush()
    os._exit(FAULT)


def await_end(stopped: threading.Event) -> None:
    sys.stdin.read()
    stopped.set()


def main(store: str, notes: str, seed: str, mediator: str, grid: str) -> None:
    tablet = Tablet.open(store, sleep=lambda seconds: time.sleep(min(seconds, BACK_OFF_S_MAX)))
    patrol = Patrol(tablet, seed, noting(Path(notes)), mediator=mediator, grid=grid)
    stopped = threading.Event()
    threading.excepthook = die
    threading.Thread(target=await_end, args=(stopped,), daemon=True).start()
    syncing = threading.Thread(target=sync_until, args=(tablet, stopped), daemon=True)
    syncing.start()
    while not stopped.wait(patrol.random.uniform(0, 2 * BETWEEN_EDITS_S)):
        patrol.work()
    syncing.join()
    tablet.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
