"""`run(seed, databases)`: one county from its first morning to its last sync, the same each time for the same seed."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.simulation import invariants
from tests.simulation.device import Device
from tests.simulation.events import Events
from tests.simulation.server import PEOPLE, no_other_chance
from tests.simulation.world import World
from tests.support.databases import Databases

STEPS = 70
MEMORY = Path("/dev/shm")
FAULTS_TOLD_MAX = 12


class SimulationError(AssertionError):
    """A seed under which something did not hold. Its text says what, and how to run it again alone."""


@dataclass(frozen=True, slots=True)
class Report:
    seed: int
    database: str
    requests: int
    edits: int
    counts: Counter[str]
    rounds: int
    trace: str
    """The hash of all that was said on the wire."""

    def __str__(self) -> str:
        counts = " ".join(f"{name}={number}" for name, number in sorted(self.counts.items()))
        return f"seed {self.seed} {self.database}: {self.requests} requests, {self.edits} edits, {self.trace} {counts}"


def replay_command(seed: int, database: str) -> str:
    return f"make sim SEEDS=1 FROM={seed} DATABASE={database}"


def run(seed: int, databases: Databases, steps: int = STEPS, *, is_merciless: bool = False) -> Report:
    """`is_merciless`: as World says; a seed then does something else. Raises SimulationError."""
    name = type(databases).__name__.removesuffix("Databases").lower()
    with ExitStack() as ending:
        folder = ending.enter_context(
            tempfile.TemporaryDirectory(prefix="doorstep-sim-", dir=MEMORY if MEMORY.is_dir() else None)
        )
        chance = Random(seed)
        ending.enter_context(no_other_chance(chance))
        world = World(chance, Path(folder), databases, is_merciless)
        ending.callback(world.close)
        try:
            return _played(world, seed, name, steps)
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            again = replay_command(seed, name) + (" ARGS=--merciless" if is_merciless else "")
            raise SimulationError(f"{told}\n\nAgain, alone: {again}") from error


def _played(world: World, seed: int, database: str, steps: int) -> Report:
    world.network.look = invariants.Lookout(world.server).look
    people = [person for person, *_ in PEOPLE]
    for person in ["wang", "li", "zhao", *world.random.sample(people[3:], 3)]:
        world.enrol(world.new_device(person))
    events = Events(world)
    for _ in range(steps):
        events.step()
    rounds = world.settle()
    found = [*invariants.faults(world), *_fresh(world)]
    if found:
        more = f"\n… and {len(found) - FAULTS_TOLD_MAX} more" if len(found) > FAULTS_TOLD_MAX else ""
        raise AssertionError("\n".join(found[:FAULTS_TOLD_MAX]) + more)
    counts = world.counts + world.network.struck + world.server.faults.struck
    return Report(
        seed, database, world.network.requests, len(world.saved), counts, rounds, world.network.trace.hexdigest()[:16]
    )


def _fresh(world: World) -> Iterator[str]:
    """A new tablet of the same person shows the same."""
    for person in sorted({device.person for device in world.living()}):
        device: Device = world.new_device(person)
        world.enrol(device)
        world.use(device, lambda tablet: setattr(tablet._loop, "rows_max", world.random.randint(3, 200)))
        world.sync(device)
        yield from invariants.differences(world.server, device)
