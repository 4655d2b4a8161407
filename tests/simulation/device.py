"""A tablet as a thing: a store on a disk, a clock of its own, a process that may be killed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from client_sdk import RevokedError, StoreError, Tablet
from tests.simulation.faults import Disk, KilledError
from tests.simulation.link import Link
from tests.simulation.releases import speaking

CENTER = "http://center.example"
_FILES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Saved:
    """An edit that a store had on its disk, in which device (by number)."""

    line: bytes
    device: int


@dataclass(slots=True)
class Device:
    number: int
    person: str
    path: Path
    link: Link
    server_clock: Callable[[], int]
    sleep: Callable[[float], object]
    schema: int = 1
    skew_ms: int = 0
    disk: Disk = field(default_factory=Disk)
    tablet: Tablet | None = None
    is_busy: bool = False
    is_gone: bool = False
    """Broken, stolen and wiped, or left in a drawer for ever."""
    wiped_after: int | None = None
    """How often the center had been restored when it wiped itself."""
    refused: frozenset[str] = frozenset()
    """Edits that had been refused then: their authors had been told."""
    is_lossy: bool = False
    """Whether what it had may be gone: restored from a copy, say."""
    is_honest: bool = True
    """Its clock never jumped, nothing was copied, and it says nothing but what its person did."""
    seen: int = 0
    copy: Path | None = None

    def clock(self) -> int:
        return max(self.server_clock() + self.skew_ms, 0)

    # -- the process

    def enrol(self, code: str) -> None:
        """As client_sdk says. Raises TabletError, KilledError."""
        self.close()
        try:
            with speaking(self.schema):
                self.tablet = Tablet.enroll(
                    CENTER, code, self.path, name=f"平板 {self.number}", transport=self.link, clock=self.clock,
                    sleep=self.sleep, connect=self.disk.connect,
                )  # fmt: skip
        except KilledError:
            self.power_off()
            raise

    def use(self, deed: Callable[[Tablet], None]) -> str:
        """Does something with the tablet, and says how its process fared. Raises what the deed raises."""
        self.is_busy = True
        refused = self._refused()
        try:
            with speaking(self.schema):
                deed(self.opened())
        except KilledError:
            self.power_off()
            return "tablet killed"
        except StoreError:
            return "tablet's disk full"
        except RevokedError as revoked:
            self.is_gone, self.refused = revoked.wiped, refused
            return "told of its revocation"
        finally:
            self.is_busy = False
        return "done"

    def opened(self) -> Tablet:
        if self.tablet is None:
            self.tablet = Tablet.open(
                self.path, transport=self.link, clock=self.clock, sleep=self.sleep, connect=self.disk.connect
            )
        return self.tablet

    def close(self) -> None:
        if self.tablet is not None:
            self.tablet.close()
        self.power_off()

    def power_off(self) -> None:
        self.tablet = None
        self.disk.reboot()

    # -- the file

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """What the file says, whoever has it open."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def _refused(self) -> frozenset[str]:
        return frozenset(
            str(name) for (name,) in self.rows("SELECT edit FROM outbox WHERE state IN ('refused', 'discarded')")
        )

    def meta(self, key: str) -> str | None:
        found = self.rows("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0][0]) if found else None

    def newly_saved(self) -> dict[str, Saved]:
        """The edits that have come to its outbox since this was asked last."""
        found = self.rows("SELECT edit, line, seq FROM outbox WHERE seq > ? ORDER BY seq", self.seen)
        self.seen = max([self.seen, *(int(str(seq)) for _, _, seq in found)])
        return {str(edit): Saved(bytes(line), self.number) for edit, line, _ in found if isinstance(line, bytes)}

    def copy_to(self, path: Path) -> None:
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(path)) as copy:
            source.backup(copy)

    def go_back_to(self, copy: Path) -> None:
        """The store is again what it was when the copy was made."""
        self.power_off()
        for suffix in _FILES:
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(self.path)) as store:
            source.backup(store)
        self.is_lossy, self.is_honest = True, False
        self.seen = int(str(self.rows("SELECT coalesce(max(seq), 0) FROM outbox")[0][0]))
