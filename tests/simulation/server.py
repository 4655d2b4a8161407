"""The county's server in this process: the real Flask app on a real database, killed, restored and upgraded at will."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

import httpx
import sqlalchemy as sa
from flask import Flask

from schemas.catalog import CATALOG
from server import administration, holding
from server.app import create_app
from server.center import Center
from server.settings import Settings
from server.store.dialect import create_engine
from tests.simulation.faults import DatabaseFaults, InjectedBugError, KilledError
from tests.support.clock import TestClock
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, settle
from tests.support.databases import Databases

Answer = TypeVar("Answer")

COMMITTEE, OTHER_COMMITTEE = "柳沟村调委会", "桥头村调委会"
PEOPLE = (
    ("wang", "王小满", "grid_worker", GRID),
    ("li", "李秋实", "grid_worker", GRID),
    ("zhao", "赵春分", "grid_worker", NEXT_GRID),
    ("qian", "钱立冬", "grid_worker", FAR_GRID),
    ("chen", "陈白露", "mediator", VILLAGE),
    ("zhou", "周大寒", "village_staff", VILLAGE),
    ("he", "何谷雨", "village_staff", OTHER_VILLAGE),
    ("sun", "孙清明", "township_staff", TOWNSHIP),
    ("tang", "唐夏至", "county_staff", COUNTY),
)
GRIDS = (GRID, NEXT_GRID, FAR_GRID)
VILLAGES = (VILLAGE, OTHER_VILLAGE)


@contextmanager
def speaking(schema: int) -> Iterator[None]:
    """What runs inside is of the release that writes this schema. Tablets and server share a process, and a catalog."""
    before = CATALOG.version
    object.__setattr__(CATALOG, "version", schema)
    try:
        yield
    finally:
        object.__setattr__(CATALOG, "version", before)


@contextmanager
def no_other_chance(chance: Random) -> Iterator[None]:
    """Names, tokens, codes, nonces and jitter come from the seed too."""
    with ExitStack() as patches:
        patches.enter_context(patch("secrets.randbits", chance.getrandbits))
        patches.enter_context(patch("secrets.token_urlsafe", lambda size=32: f"{chance.getrandbits(8 * size):x}"))
        patches.enter_context(patch("secrets.choice", chance.choice))
        patches.enter_context(patch("secrets.SystemRandom", lambda: chance))
        yield


Change = Callable[[Center, bool], object]
"""A change of the directory. True where it is made once more because a restore has lost it."""


def hire(url: str) -> None:
    """Makes the county, its units and its people in the empty database at `url`."""
    settle(url)
    center = Center.of(Settings(url), TestClock())
    for person, name, role, unit in PEOPLE:
        administration.add_person(center, name, role, unit, ALWAYS, person)
    with no_other_chance(Random(0)):
        for name, unit in ((COMMITTEE, VILLAGE), (OTHER_COMMITTEE, OTHER_VILLAGE)):
            administration.add_body(center, name, unit)
    center.engine.dispose()


@functools.cache
def _app() -> Flask:
    """One app a process: it keeps nothing but its center, and that is put in for each run."""
    return create_app(Settings("sqlite://"))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A request on its way."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer as it leaves the server, packed as it is."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(slots=True)
class Server:
    databases: Databases
    clock: Callable[[], int]
    url: str
    faults: DatabaseFaults = field(default_factory=DatabaseFaults)
    center: Center = field(init=False)
    outside: sa.Engine = field(init=False)
    """Another way to the same database, where no fault strikes."""
    kills: int = 0
    backups: list[tuple[str, int]] = field(default_factory=list)
    """Where each stands, and how many changes of the directory it has."""
    changes: list[Change] = field(default_factory=list)
    restores: int = 0
    is_nested: bool = False
    """Whether this is in the middle of a request: it is another process that is asked, and it does not insist."""
    schema: int = 1
    """The one that this release reads."""

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.center = Center.of(Settings(self.url, pool_size=4), self.clock)
        self.faults.watch(self.center.engine)
        self.outside = create_engine(self.center.settings)
        _app().extensions["center"] = self.center

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _stop(self) -> None:
        self.faults.disarm()
        self.center.engine.dispose()
        self.outside.dispose()

    def handle(self, parcel: Parcel) -> Reply:
        """Raises KilledError where the server is killed meanwhile; then it has been started again."""
        request = httpx.Request(parcel.method, parcel.url, headers=list(parcel.headers), content=parcel.body)
        try:
            with speaking(self.schema):
                response = httpx.WSGITransport(app=_app()).handle_request(request)
            assert isinstance(response.stream, httpx.SyncByteStream)
            body = b"".join(response.stream)
        except KilledError:
            self.kills += 1
            self._restart()
            raise
        return Reply(response.status_code, tuple(response.headers.multi_items()), body)

    # -- administration

    def change(self, change: Change) -> None:
        """Makes a change of the directory, again where the server was killed before it could say so."""

        def deed(center: Center) -> bool:
            change(center, False)
            return True

        if self.administer(deed):
            self.changes.append(change)

    def administer(self, deed: Callable[[Center], Answer]) -> Answer | None:
        """What a command of the shell gives; None where it says that it is not possible."""
        with suppress(administration.NotPossibleError):
            try:
                with speaking(self.schema):
                    return deed(self.center)
            except (KilledError, InjectedBugError, sa.exc.DBAPIError):
                if self.is_nested:
                    return None
                self._restart()
                with speaking(self.schema):
                    return deed(self.center)
        return None

    def upgrade(self) -> None:
        """A new release: it reads the next schema, and takes up what only it can read."""
        self.schema += 1
        self._take_up_release()

    def _take_up_release(self) -> None:
        with patch.object(holding, "release", lambda: f"release {self.schema}"):
            self.administer(holding.take_up_release)

    # -- backups

    def back_up(self) -> None:
        self._stop()
        self.backups.append((self.databases.create_database(self.url), len(self.changes)))
        self._start()

    def restore(self, number: int) -> None:
        """Goes back to a backup. The administrator makes the directory's later changes once more."""
        backup, changes = self.backups[number]
        self._stop()
        self.databases.drop_database(self.url)
        self.url = self.databases.create_database(backup)
        self.restores += 1
        self._start()
        self._take_up_release()
        for change in self.changes[changes:]:
            self.administer(functools.partial(_again, change))

    def close(self) -> None:
        self._stop()
        for url in [self.url, *(backup for backup, _ in self.backups)]:
            self.databases.drop_database(url)

    # -- looking in from outside

    def rows(self, statement: sa.Select[Any]) -> list[sa.RowMapping]:
        with self.outside.connect() as connection:
            return list(connection.execute(statement).mappings())


def _again(change: Change, center: Center) -> object:
    return change(center, True)
