"""How much of each workload is done: wholly, for a quick look, and as little as a test needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How many of everything. `runs` is how often each measurement is taken; the median is what is reported."""

    name: str
    runs: int
    visits: int
    """Pushed, and pulled by a tablet that has none yet."""
    batches: tuple[int, ...]
    clients: int
    grids: int
    households: int
    """Of each grid of the pushing tablets."""
    changes: int
    stored: tuple[int, ...]
    """Out of how many records the last ones are pulled."""
    fresh: int
    """How many those are."""
    pulls: int
    """How often they are pulled in one run."""
    tablets: int
    at_a_time: int
    cycles: int
    """Small syncs of each tablet."""
    tablets_per_grid: int
    rush: int
    """Tablets in the evening rush."""
    kept_households: int
    kept_visits: int
    """In the store of a tablet."""
    saves: int
    searches: int
    judged: int
    """Lines that are read, validated and merged without a database."""


FULL = Size(
    name="full",
    runs=3,
    visits=20_000,
    batches=(25, 100, 500),
    clients=4,
    grids=4,
    households=500,
    changes=5_000,
    stored=(20_000, 200_000),
    fresh=100,
    pulls=200,
    tablets=200,
    at_a_time=16,
    cycles=10,
    tablets_per_grid=5,
    rush=23_230,
    kept_households=2_000,
    kept_visits=20_000,
    saves=300,
    searches=20,
    judged=5_000,
)
QUICK = Size(
    name="quick",
    runs=3,
    visits=2_000,
    batches=(25, 100, 500),
    clients=4,
    grids=4,
    households=50,
    changes=500,
    stored=(2_000, 20_000),
    fresh=100,
    pulls=50,
    tablets=40,
    at_a_time=16,
    cycles=5,
    tablets_per_grid=5,
    rush=500,
    kept_households=200,
    kept_visits=2_000,
    saves=100,
    searches=5,
    judged=1_000,
)
TINY = Size(
    name="tiny",
    runs=1,
    visits=40,
    batches=(10,),
    clients=2,
    grids=2,
    households=5,
    changes=10,
    stored=(40, 80),
    fresh=10,
    pulls=2,
    tablets=4,
    at_a_time=2,
    cycles=2,
    tablets_per_grid=2,
    rush=6,
    kept_households=5,
    kept_visits=20,
    saves=3,
    searches=1,
    judged=20,
)
