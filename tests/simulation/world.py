"""A county with its tablets, under one clock and one source of chance."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import sqlalchemy as sa

from client_sdk import (
    AddressWrongError,
    CenterError,
    EnrolAgainError,
    InvalidError,
    OfflineError,
    RecordUnknownError,
    StoreError,
    SyncReport,
    Tablet,
)
from server import administration
from server.store.tables import body
from tests.simulation import rights
from tests.simulation.device import Device, Saved
from tests.simulation.faults import KilledError
from tests.simulation.link import FAULTS, Link, Network
from tests.simulation.server import Server, hire
from tests.support.clock import DAY_MS, HOUR_MS, MORNING_MS
from tests.support.databases import Databases

ENROLMENT_TRIES = 6
ROUNDS_MAX = 12


class NotSettledError(AssertionError):
    """Without any fault left, tablets and server do not come to rest."""


@dataclass(slots=True)
class World:
    random: Random
    folder: Path
    databases: Databases
    is_merciless: bool = False
    """Whether it knows every fault, and all of them often. Else each seed has a fate of its own."""
    now_ms: int = MORNING_MS
    devices: list[Device] = field(default_factory=list)
    saved: dict[str, Saved] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    bodies: tuple[str, ...] = ()
    is_nested: bool = False
    """Whether a sync runs in the middle of somebody else's request."""
    rightful: set[str] = field(default_factory=set)
    """Edits that their author might make at the moment when they were made, on an honest tablet."""
    meanwhile: Callable[[], None] = lambda: None
    """What others do in the middle of somebody's request."""
    another: Callable[[], None] = lambda: None
    """Some other tablet is used, and syncs."""
    dealt_with: dict[str, int] = field(default_factory=dict)
    """Refused edits that their author mended or discarded, with the moment of their refusal: a tablet keeps them for
    the retention time, and hands them over no more."""
    promised: list[str] = field(default_factory=list)
    """Edits that a call has returned for: they must be on the disk."""
    server: Server = field(init=False)
    network: Network = field(init=False)

    def __post_init__(self) -> None:
        template = self.databases.migrated_template(hire)
        self.server = Server(self.databases, lambda: self.now_ms, self.databases.create_database(template))
        self.bodies = tuple(row["id"] for row in self.server.rows(sa.select(body.c.id).order_by(body.c.name)))
        kinds = self.random.sample(FAULTS, self.random.randint(0, len(FAULTS)))
        kinds += self.random.choice(([], [], ["overtaken"] * 6, ["accompanied"] * 9))
        one_in = self.random.choice((2, 3, 3, 4, 6, 10))
        if self.is_merciless:
            # Company seldom brings anything, and only then is it worked on together.
            kinds, one_in = [*FAULTS, *["accompanied"] * 4], 2
        self.network = Network(self.server, self.random, tuple(kinds), one_in, self._overtake, self._accompany)
        self.server.trouble, self.server.wait = self.network.trouble, lambda: self.pass_ms(5000)

    def pass_ms(self, most_ms: int) -> None:
        self.now_ms += self.random.randint(1, most_ms)

    def sleep(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000) + 1

    # -- devices

    def living(self) -> list[Device]:
        return [each for each in self.devices if not each.is_gone]

    def new_device(self, person: str) -> Device:
        number = len(self.devices)
        path = self.folder / f"{number}.tablet"
        made = Device(number, person, path, Link(self.network, person), lambda: self.now_ms, self.sleep)
        self.devices.append(made)
        return made

    def enrol(self, device: Device) -> None:
        """Gives a tablet a token, in a new store or its old one, however often the way there fails."""
        device.link.requests_left = None
        made = self.server.administer(lambda center: administration.make_code(center, device.person))
        assert made is not None
        was_quiet, self.network.is_quiet = self.network.is_quiet, self.network.is_quiet
        device.is_busy = True
        try:
            for attempt in range(ENROLMENT_TRIES):
                self.network.is_quiet = was_quiet or attempt == ENROLMENT_TRIES - 1
                if self.network.is_quiet and device.disk.is_full:
                    device.disk.fill(full=False)
                try:
                    device.enrol(str(made["code"]))
                    return
                except (OfflineError, AddressWrongError, CenterError, StoreError, KilledError):
                    self.counts["enrolment failed"] += 1
                    self.pass_ms(5000)
        finally:
            self.network.is_quiet, device.is_busy = was_quiet, False
        raise NotSettledError(f"{device.person} cannot be enrolled")

    def use(self, device: Device, deed: Callable[[Tablet], None]) -> str:
        """Something is done on a tablet; what of it is on the disk afterwards must never be lost."""
        if device.is_busy:
            return "busy"
        self.pass_ms(60_000)
        self.promised.clear()
        fared = "said no"
        try:
            fared = device.use(deed)
        except (InvalidError, RecordUnknownError) as error:
            self.counts[error.code] += 1
        self.counts[fared] += fared not in ("done", "said no")
        if device.is_gone and device.wiped_after is None:
            device.wiped_after = self.server.restores
        self._note(device)
        return fared

    def _note(self, device: Device) -> None:
        newly = device.newly_saved()
        for edit, saved in newly.items():
            known = self.saved.setdefault(edit, saved)
            assert known.line == saved.line, f"edit {edit} has two lines"
        if newly and device.is_honest and not self.server.restores:
            self.rightful |= rights.rightful(self.server, device.person, newly)
        for edit in self.promised:
            assert edit in self.saved, f"edit {edit} was said to be saved, and it is not there"

    # -- syncing

    def sync(self, device: Device) -> SyncReport | None:
        """One sync as far as it comes; a tablet that the server has forgotten is enrolled again."""
        reports: list[SyncReport] = []

        def deed(tablet: Tablet) -> None:
            reports.append(tablet.sync())

        try:
            self.use(device, deed)
        except EnrolAgainError:
            self.counts["enrolled again"] += 1
            self.enrol(device)
        except (OfflineError, AddressWrongError, CenterError) as error:
            self.counts[error.code] += 1
            if self.network.is_quiet and device.link.requests_left is None:
                self.counts["failed in peace"] += 1
                if not self.is_nested:
                    raise
        return reports[0] if reports else None

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """What others do in the midst of what is noted of one."""
        before = self.promised, self.is_nested
        self.promised, self.is_nested = [], True
        try:
            yield
        finally:
            self.promised, self.is_nested = before

    def _overtake(self) -> None:
        """Something happens in another process, while this one works on a request or on several."""
        if self.server.is_nested:
            return
        with self._aside():
            self.server.is_nested = True
            try:
                self.meanwhile()
            finally:
                self.server.is_nested = False

    def _accompany(self) -> None:
        """One or two others come while somebody's request waits for its turn."""
        if self.is_nested:
            return
        with self._aside():
            if self.random.random() < 0.5:
                self.server.company.come = self.another
            self.another()

    # -- the end

    def settle(self) -> int:
        """No fault from here on: everybody syncs until nothing changes. Gives the rounds it took."""
        self.network.is_quiet = True
        while self.network.delayed:
            self.network.arrive_late()
        for device in self.devices:
            device.link.requests_left = None
            device.disk.killed_in = None
            device.disk.fill(full=False)
        for number in range(1, ROUNDS_MAX + 1):
            self.pass_ms(HOUR_MS)
            moves = [self._moves(device) for device in self.living()]  # Everybody, not only up to the first that does.
            if not any(moves):
                return number
        raise NotSettledError(f"still moving after {ROUNDS_MAX} rounds")

    def _moves(self, device: Device) -> bool:
        """Whether a sync of this tablet brought or took anything."""
        report = self.sync(device)
        return report is None or report != SyncReport()

    def pass_days(self, most: int) -> None:
        self.pass_ms(most * DAY_MS)

    def close(self) -> None:
        for device in self.devices:
            device.power_off()
        self.server.close()
