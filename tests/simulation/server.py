"""The county's server in this process: the real Flask app on a real database, killed, restored and upgraded at will."""

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

import httpx
import sqlalchemy as sa
from flask import Flask

from server import administration, holding, sitting
from server.app import create_app
from server.center import Center
from server.settings import Settings
from server.sitting import Pushed
from server.store.dialect import create_engine
from server.turns import Turns, Work, given
from sync.limits import RETENTION_DAYS
from tests.simulation.faults import DatabaseFaults, InjectedBugError, KilledError
from tests.simulation.releases import speaking
from tests.support.clock import DAY_MS, TestClock
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, settle
from tests.support.databases import Databases
from tests.support.turns import answers

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
class Company(Turns[Any, Any]):
    """Turns of a process with one thread: a call that waits is taken along by those that `come` meanwhile, once. Where
    the process has ended by then, so has the call."""

    come: Callable[[], None] | None = None
    is_gone: bool = False
    _seats: list[tuple[Any, list[Any]]] = field(default_factory=list)

    def take(self, call: Any, size: int, work: Work[Any, Any]) -> Any:
        seat: tuple[Any, list[Any]] = (call, [])
        self._seats.append(seat)
        come, self.come = self.come, None
        if come is not None:
            come()
        if self.is_gone:
            raise KilledError
        if not seat[1]:
            turn, self._seats = self._seats, []
            try:
                found = answers([each for each, _ in turn], work)
            except BaseException as error:  # noqa: BLE001 - each raises it for itself
                found = [error] * len(turn)
            for (_, place), answer in zip(turn, found, strict=True):
                place.append(answer)
        return given(seat[1][0])


@dataclass(frozen=True, slots=True)
class Backup:
    """`changes`: how many changes of the directory it has."""

    url: str
    changes: int
    made_ms: int


@dataclass(slots=True)
class Server:
    databases: Databases
    clock: Callable[[], int]
    url: str
    faults: DatabaseFaults = field(default_factory=DatabaseFaults)
    center: Center = field(init=False)
    company: Company = field(init=False)
    outside: sa.Engine = field(init=False)
    """Another way to the same database, where no fault strikes."""
    trouble: Callable[[], None] = lambda: None
    """May arm a fault for what an administrator is about to do."""
    wait: Callable[[], None] = lambda: None
    """What an administrator does between two commands."""
    backups: list[Backup] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    restores: int = 0
    is_forgetful: bool = False
    """Whether a backup was restored that is older than what tablets keep: they cannot have healed all of it."""
    is_nested: bool = False
    """Whether this is in the middle of a request: it is another process that is asked, and it does not insist."""
    schema: int = 1
    """The one that this release reads."""
    scopes: dict[tuple[str, int, str], frozenset[str]] = field(default_factory=dict)
    """What tests/simulation/rights.py keeps: by database, directory revision and person."""

    def __post_init__(self) -> None:
        self._move_to(self.url)

    def _move_to(self, url: str) -> None:
        self.url = url
        self.outside = create_engine(Settings(url))
        self._start()

    def _start(self) -> None:
        self.company = Company()
        self.center = replace(Center.of(Settings(self.url, pool_size=4), self.clock), turns=self.company)
        self.faults.watch(self.center.engine)

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _stop(self) -> None:
        self.company.is_gone = True
        self.faults.disarm()
        self.center.engine.dispose()
        self.outside.dispose()

    def handle(self, parcel: Parcel) -> Reply:
        """Raises KilledError where the server is killed meanwhile; then it has been started again."""
        _app().extensions["center"] = replace(self.center, turns=Turns()) if self.is_nested else self.center
        request = httpx.Request(parcel.method, parcel.url, headers=list(parcel.headers), content=parcel.body)
        try:
            with speaking(self.schema), self._counting():
                response = httpx.WSGITransport(app=_app()).handle_request(request)
            assert isinstance(response.stream, httpx.SyncByteStream)
            body = b"".join(response.stream)
        except KilledError:
            self._restart()
            raise
        return Reply(response.status_code, tuple(response.headers.multi_items()), body)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        """Counts the transactions in which lines of several requests were taken."""
        received = sitting.received

        def counted(*arguments: Any, **named: Any) -> Any:
            found = received(*arguments, **named)
            bring = [each for each in found if isinstance(each, Pushed) and each.outcomes]
            self.faults.struck["together"] += len(bring) > 1
            return found

        with patch.object(sitting, "received", counted):
            yield

    # -- administration

    def change(self, change: Change) -> bool:
        """Makes a change of the directory, again where the server was killed before it could say so. Says whether it
        was possible."""
        tries = 0

        def deed(center: Center) -> bool:
            nonlocal tries
            tries += 1
            try:
                change(center, False)
            except administration.NotPossibleError:
                return tries > 1  # The first try was committed, and then it was killed.
            return True

        is_made = bool(self.administer(deed))
        if is_made:
            self.changes.append(change)
        return is_made

    def administer(self, deed: Callable[[Center], Answer]) -> Answer | None:
        """What a command of the shell gives; None where it says that it is not possible."""
        with suppress(administration.NotPossibleError):
            try:
                if not self.is_nested:
                    self.trouble()
                with speaking(self.schema):
                    return deed(self.center)
            except (KilledError, InjectedBugError, sa.exc.DBAPIError):
                if self.is_nested:
                    return None
                self._restart()
                with speaking(self.schema):
                    return deed(self.center)
            finally:
                if not self.is_nested:
                    self.faults.disarm()
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
        self.backups.append(Backup(self.databases.create_database(self.url), len(self.changes), self.clock()))
        self._start()

    def restore(self, number: int) -> None:
        """Goes back to a backup. The administrator makes the directory's later changes once more."""
        backup = self.backups[number]
        self._stop()
        self.databases.drop_database(self.url)
        self._move_to(self.databases.create_database(backup.url))
        self.restores += 1
        self.is_forgetful |= self.clock() - backup.made_ms > RETENTION_DAYS * DAY_MS
        self._take_up_release()
        for change in self.changes[backup.changes :]:
            self.wait()
            self.administer(functools.partial(_again, change))

    def close(self) -> None:
        self._stop()
        for url in [self.url, *(backup.url for backup in self.backups)]:
            self.databases.drop_database(url)

    # -- looking in from outside

    def rows(self, statement: sa.Select[Any]) -> list[sa.RowMapping]:
        with self.outside.connect() as connection:
            return list(connection.execute(statement).mappings())


def _again(change: Change, center: Center) -> object:
    return change(center, True)
