"""Six people of a village with a tablet each, the processes that their tablets are, and what these noted as saved."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from client_sdk import Tablet
from server import administration
from server.administration import Period
from server.center import Center
from tests.processes.webserver import PATIENCE_S, POLL_S, ROOT, WebServer, bare_environment
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, UNITS, VILLAGE

SINCE = Period(first=date(2020, 1, 1))
MEDIATOR = "chen"
PEOPLE = (
    ("wang", "王小满", "grid_worker", GRID),
    ("li", "李秋实", "grid_worker", GRID),
    ("zhao", "赵春分", "grid_worker", NEXT_GRID),
    ("qian", "钱立夏", "grid_worker", NEXT_GRID),
    ("zhou", "周大寒", "village_staff", VILLAGE),
    (MEDIATOR, "陈白露", "mediator", VILLAGE),
)
NAME_BYTES = 36


@dataclass(slots=True)
class Member:
    """One person. The store and the notes are on the disk; the process comes and goes."""

    name: str
    person: str
    store: Path
    mediator: str
    lives: int = 0
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def notes(self) -> Path:
        return self.store.with_suffix(".notes")

    @property
    def said(self) -> Path:
        """What the process printed: nothing, where all is well."""
        return self.store.with_suffix(".log")

    @property
    def noted(self) -> set[str]:
        """The edits whose save returned. A kill may have cut off the last line."""
        written = self.notes.read_bytes() if self.notes.exists() else b""
        return {line.decode() for line in written.split(b"\n")[:-1] if len(line) == NAME_BYTES}

    def start(self) -> None:
        """Lets the tablet work. Each life has words of its own."""
        self.lives += 1
        arguments = (self.store, self.notes, f"{self.name}-{self.lives}", self.mediator, FAR_GRID)
        with self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.patrol", *arguments],
                cwd=ROOT, env=bare_environment(), stdin=subprocess.PIPE, stdout=said, stderr=said,
            )  # fmt: skip

    def crash(self) -> None:
        """SIGKILL. Raises AssertionError where the process had ended by itself."""
        process = self.require_at_work()
        process.kill()
        self._gone(process)

    def stop(self) -> None:
        """Lets it end its day. Raises AssertionError where something went wrong in its last life."""
        process = self.require_at_work()
        if process.stdin is not None:
            process.stdin.close()
        process.wait(PATIENCE_S)
        self._gone(process)
        assert process.returncode == 0, self.said.read_text()

    def close(self) -> None:
        """Ends it in any case."""
        if self._process is not None:
            self._process.kill()
            self._gone(self._process)

    def require_at_work(self) -> "subprocess.Popen[bytes]":
        """Gives the process. Raises AssertionError, with what it printed, where it ended by itself."""
        assert self._process is not None, f"{self.name} is not at work"
        assert self._process.poll() is None, self.said.read_text()
        return self._process

    def _gone(self, process: "subprocess.Popen[bytes]") -> None:
        process.wait(PATIENCE_S)
        if process.stdin is not None:
            process.stdin.close()
        self._process = None


@dataclass(frozen=True, slots=True)
class Squad:
    members: tuple[Member, ...]

    @classmethod
    def hired(cls, center: Center, web: WebServer, folder: Path) -> "Squad":
        """Makes the county in the empty database of a running server's `center`, and enrols everybody at it."""
        people = {
            name: str(administration.add_person(center, called, role, unit, SINCE, None)["id"])
            for name, called, role, unit in PEOPLE
        }
        members = []
        for name, person in people.items():
            member = Member(name, person, folder / f"{name}.tablet", people[MEDIATOR])
            code = str(administration.make_code(center, person)["code"])
            Tablet.enroll(web.url, code, member.store, name=name).close()
            members.append(member)
        return cls(tuple(members))

    def start(self) -> None:
        for member in self.members:
            member.start()

    def works(self, edits: int) -> None:
        """Waits until so many more edits were saved. Raises AssertionError where a tablet ended by itself,
        TimeoutError."""
        wanted = self.saved + edits
        deadline = time.monotonic() + PATIENCE_S
        while self.saved < wanted:
            for member in self.members:
                member.require_at_work()
            if time.monotonic() > deadline:
                raise TimeoutError("nobody saves anything")
            time.sleep(POLL_S)

    @property
    def saved(self) -> int:
        return sum(len(member.noted) for member in self.members)

    def stop(self) -> None:
        for member in self.members:
            member.stop()

    def close(self) -> None:
        for member in self.members:
            member.close()

    def sync(self) -> None:
        """Everybody syncs, and once more, for what the later ones brought."""
        for _ in range(2):
            for member in self.members:
                with Tablet.open(member.store) as tablet:
                    tablet.sync()


def settle(center: Center) -> None:
    """Makes the tables, the county and its units."""
    administration.init(center, COUNTY, "清河县")
    for code, name, parent in UNITS:
        administration.add_unit(center, code, name, parent)
