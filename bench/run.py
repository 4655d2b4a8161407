"""One run of the benchmark: the machine it was made on, what was measured, and what could not be."""

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from bench import judging, keeping, pulling, pushing, size, syncing
from bench.ground import Ground, durability
from bench.measurement import Measurement, Subject, Usage
from bench.peers import kinto, pouchdb
from bench.peers.premises import PeerMissingError
from bench.size import Size

RESULTS = Path(__file__).parents[1] / "build" / "bench.json"
SIZES = {each.name: each for each in (size.FULL, size.QUICK, size.TINY)}

Workload: TypeAlias = Callable[[Ground], Iterator[Measurement]]
WORKLOADS: dict[str, Workload] = {
    "push": pushing.push,
    "kinto": kinto.kinto,
    "pouchdb": pouchdb.pouchdb,
    "small-syncs": syncing.small_syncs,
    "change": pushing.change,
    "first-pull": pulling.first_pull,
    "pull": pulling.changes,
    "rush": syncing.evening_rush,
    "tablet": keeping.tablet,
    "judging": judging.judging,
}
"""In the order of a run. What is compared comes one after the other: no machine is as quick at all hours."""
PEERS = ("kinto", "pouchdb")
_BUILDS = {True: "the distribution's", False: "another build than the distribution's"}
"""Distributions build theirs with optimisation: a seventh of what Python code takes."""


@dataclass(slots=True)
class Run:
    """`missing` says of each workload that could not be run why. `loads` is the machine's load when each began."""

    size: Size
    machine: dict[str, str]
    measured: list[Measurement] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    loads: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, ground: Ground) -> "Run":
        """A run on this machine. Raises RuntimeError where its database would lose commits."""
        machine = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "cores": str(os.cpu_count()),
            "python": f"{platform.python_version()} ({_BUILDS[sys.base_prefix == '/usr']})",
            "postgresql": ground.databases.setting("server_version"),
            **durability(ground.databases),
        }
        return cls(ground.size, machine)

    def take(self, ground: Ground, name: str) -> Iterator[Measurement]:
        """Runs a workload or a peer; a measurement replaces an older one of the same work."""
        self.loads[name] = round(os.getloadavg()[0], 1)
        self.missing.pop(name, None)
        try:
            for measurement in WORKLOADS[name](ground):
                same = (measurement.work, measurement.subject)
                self.measured = [each for each in self.measured if (each.work, each.subject) != same]
                self.measured.append(measurement)
                yield measurement
        except PeerMissingError as error:
            self.missing[name] = str(error)

    def save(self, path: Path = RESULTS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        said = asdict(self) | {"size": self.size.name, "measured": [each.to_json() for each in self.measured]}
        path.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def saved(cls, path: Path = RESULTS) -> "Run":
        """What a run before this one saved. Raises FileNotFoundError."""
        said = json.loads(path.read_text(encoding="utf-8"))
        measured = [_measurement(each) for each in said["measured"]]
        return cls(SIZES[said["size"]], said["machine"], measured, said["missing"], said["loads"])


def _measurement(said: dict[str, Any]) -> Measurement:
    return Measurement(
        said["work"],
        Subject(said["subject"]),
        said["unit"],
        tuple(said["runs"]),
        Usage(**said["usage"]) if said["usage"] else None,
        said["note"],
    )
