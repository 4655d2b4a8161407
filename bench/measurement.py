"""What a workload measured, and how two measurements compare."""

import statistics
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    """Who was measured: Doorstep, the machine with the documents alone, the machine with all rows that Doorstep keeps
    of each, the least of a server (bench/peers/bare.py), others."""

    DOORSTEP = "Doorstep"
    LIMIT = "limit"
    ROWS_LIMIT = "limit, all rows"
    BARE = "bare server"
    KINTO = "Kinto"
    POUCHDB = "PouchDB Server"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run took. Memory is the most at any moment, shared pages counted once (PSS); processor time in seconds."""

    server_cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    idle_mb: float = 0.0
    """Of the server's processes together, before the run."""
    server_mb: float = 0.0
    database_mb: float = 0.0
    sent_bytes: int = 0
    received_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """`runs` are the figures of the single runs, in `unit`; where `unit` ends in /s, more is better, else less."""

    work: str
    subject: Subject
    unit: str
    runs: tuple[float, ...]
    usage: Usage | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"median": self.median}


def ratio(one: Measurement, other: Measurement) -> float:
    """`one` over `other`: the median of the ratios of runs that were taken side by side, else of the medians."""
    if len(one.runs) == len(other.runs):
        return statistics.median(a / b for a, b in zip(one.runs, other.runs, strict=True))
    return one.median / other.median


def percentile(values: list[float], share: float) -> float:
    """The smallest of the values that so great a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
