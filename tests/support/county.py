"""A small county of invented places and people, on a database of its own, with its server in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

import httpx
from flask import Flask

from server import administration, verification
from server.administration import Period
from server.app import create_app
from server.center import Center
from server.settings import Settings
from tests.support.clock import TestClock
from tests.support.databases import Databases
from tests.support.device import Clock, Device
from tests.support.turns import Apart

COUNTY = "990101"
TOWNSHIP = "990101101"
VILLAGE, OTHER_VILLAGE = "990101101001", "990101101002"
GRID, NEXT_GRID, THIRD_GRID = "990101101001001", "990101101001002", "990101101001003"
FAR_GRID = "990101101002001"
"""In the other village."""
UNITS = (
    (TOWNSHIP, "青石镇", COUNTY),
    (VILLAGE, "柳沟村", TOWNSHIP),
    (OTHER_VILLAGE, "桥头村", TOWNSHIP),
    (GRID, "柳沟一组", VILLAGE),
    (NEXT_GRID, "柳沟二组", VILLAGE),
    (THIRD_GRID, "柳沟三组", VILLAGE),
    (FAR_GRID, "桥头一组", OTHER_VILLAGE),
)
ALWAYS = Period(first=date(2026, 1, 1))
"""Since long before the tests begin."""


def settle(url: str) -> None:
    """Makes the county and its units in the empty database at `url`."""
    center = Center.of(Settings(url), TestClock())
    administration.init(center, COUNTY, "清河县")
    for code, name, parent in UNITS:
        administration.add_unit(center, code, name, parent)
    center.engine.dispose()


@dataclass(slots=True)
class County:
    """The county's server, and those who work there. `http` reaches it without a socket."""

    url: str
    clock: TestClock = field(default_factory=TestClock)
    is_checked: bool = True
    """Whether log and records are compared when the test ends."""
    app: Flask = field(init=False)
    center: Center = field(init=False)
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.app = create_app(Settings(self.url), self.clock)
        # Each request as if a process of its own took it, so that tests can have them come between one another.
        self.center = replace(self.app.extensions["center"], turns=Apart())
        self.app.extensions["center"] = self.center
        self.http = httpx.Client(transport=httpx.WSGITransport(app=self.app), base_url="http://center.example")

    def stop(self) -> None:
        self.http.close()
        self.center.engine.dispose()

    def restart(self) -> None:
        self.stop()
        self.start()

    def hire(self, name: str, role: str, unit: str, period: Period = ALWAYS) -> str:
        """A new person; gives the id."""
        return str(administration.add_person(self.center, name, role, unit, period, None)["id"])

    def code(self, person: str) -> str:
        return str(administration.make_code(self.center, person)["code"])

    def device(self, person: str, clock: Clock | None = None) -> Device:
        """A new tablet of a person, enrolled."""
        device = Device(self.http, clock or self.clock)
        device.enroll(self.code(person))
        return device

    def worker(self, name: str, unit: str = GRID, role: str = "grid_worker", period: Period = ALWAYS) -> Device:
        """A new person with a tablet."""
        return self.device(self.hire(name, role, unit, period))

    def differences(self) -> list[str]:
        return verification.differences(self.center)


@contextmanager
def county_on(databases: Databases) -> Iterator[County]:
    """A county on a database of its own, which is gone afterwards."""
    with databases.database(databases.migrated_template(settle)) as url:
        county = County(url)
        try:
            yield county
        finally:
            county.stop()
