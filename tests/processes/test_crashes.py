"""Everything is killed at random moments while people work: what was saved is there in the end, once."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable

from tests.processes.audit import Audit
from tests.processes.premises import Premises
from tests.processes.squad import Squad

ROUNDS = int(os.environ.get("ROUNDS", "3"))
"""How often everything crashes; the whole run has 50: `make crash ROUNDS=50`."""
SEED = int(os.environ.get("SEED", "20261121"))
WORK_S, DOWN_S = 0.8, 0.4
"""How long people work between two crashes, and how long the center stays down, at most."""
EDITS = 30
"""What is saved before the first crash and after the last, at least."""
TABLETS_AT_ONCE_MAX = 3


class Crashes:
    """One crash after another, of what and when by chance."""

    def __init__(self, premises: Premises, squad: Squad) -> None:
        self.premises, self.squad = premises, squad
        self.random = random.Random(SEED)
        self.killed: Counter[str] = Counter()

    def round(self) -> None:
        """People work; something dies, tablets too; all of it comes back."""
        time.sleep(self.random.uniform(0, WORK_S))
        what = self.random.choice(self.premises.crashes)
        members = self.random.sample(self.squad.members, self.random.randint(0, TABLETS_AT_ONCE_MAX))
        deaths = [*self._center(what), *(member.crash for member in members)]
        self.random.shuffle(deaths)
        for death in deaths:
            death()
            time.sleep(self.random.choice((0, 0, 0.05)))
        self.killed.update({what: 1, "tablet": len(members)})
        for member in members:
            member.start()
        time.sleep(self.random.uniform(0, DOWN_S))
        if what in ("database", "both"):
            self.premises.start_database()
        if what in ("server", "both"):
            self.premises.web.start()
        self.premises.web.await_ready()

    def _center(self, what: str) -> list[Callable[[], object]]:
        web, which = self.premises.web, self.random.randrange(1000)
        match what:
            case "server":
                return [web.crash]
            case "worker":
                return [lambda: web.crash_worker(which)]
            case "database":
                return [self.premises.crash_database]
            case "backend":
                return [lambda: self.premises.crash_backend(which)]
            case _:
                return [web.crash, self.premises.crash_database]


def test_what_was_saved_is_there_once(
    premises: Premises, squad: Squad, record_property: Callable[[str, object], None]
) -> None:
    squad.start()
    squad.works(EDITS)
    crashes = Crashes(premises, squad)
    for _ in range(ROUNDS):
        crashes.round()
    squad.works(EDITS)
    squad.stop()
    squad.sync()
    premises.web.stop()
    audit = Audit(premises.center, squad)
    record_property("rounds", ROUNDS)
    record_property("killed", dict(crashes.killed))
    record_property("edits", audit.figures)
    assert audit.faults() == []
    assert premises.web.faults() == []
    assert not any(f"{member.name}-" in premises.web.log.read_text() for member in squad.members), "people's words"
