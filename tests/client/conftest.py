"""A center, and tablets of people who work there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client_sdk import Tablet
from tests.client.center import Center, Link


class Worker:
    """Somebody with a tablet: its link, its clock (milliseconds ahead of the center's), the waits of its syncs."""

    def __init__(self, person: str, center: Center, folder: Path) -> None:
        self.person, self.center = person, center
        self.store = folder / f"{person}.tablet"
        self.link = Link(center)
        self.ahead_ms = 0
        self.waits: list[float] = []
        self.tablet = self.enroll(person.upper())

    def clock(self) -> int:
        return self.center.clock_ms + self.ahead_ms

    def enroll(self, code: str) -> Tablet:
        return Tablet.enroll(
            "https://center.example",
            code,
            self.store,
            transport=self.link,
            clock=self.clock,
            sleep=self.waits.append,
        )

    def reopen(self) -> Tablet:
        self.tablet.close()
        self.tablet = Tablet.open(self.store, transport=self.link, clock=self.clock, sleep=self.waits.append)
        return self.tablet


@pytest.fixture
def center() -> Center:
    return Center()


@pytest.fixture
def worker(center: Center, tmp_path: Path) -> Iterator[Callable[[str], Worker]]:
    """Hires somebody."""
    hired: list[Worker] = []

    def hire(person: str) -> Worker:
        hired.append(Worker(person, center, tmp_path))
        return hired[-1]

    yield hire
    for each in hired:
        each.tablet.close()


@pytest.fixture
def wang(worker: Callable[[str], Worker]) -> Worker:
    return worker("wang")


@pytest.fixture
def li(worker: Callable[[str], Worker]) -> Worker:
    return worker("li")


@pytest.fixture
def zhao(worker: Callable[[str], Worker]) -> Worker:
    return worker("zhao")
