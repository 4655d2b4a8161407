"""What a worked batch changes beside its records: days that were attended, the docket of disputes, counters.

What can be made before the county is locked is made then: everybody waits for that lock. What it was made of is asked
once more under it (`log.still_holds`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from schemas.periods import PERIODS
from server.docket import Docket
from server.status.attendance import Attendance, attendance
from server.status.cases import Case, cases
from server.status.counting import DayOf
from server.status.days import days_in
from server.status.tally import Tallying
from server.store import counters, directory, log
from server.store.counters import Tally
from server.store.flight import Sender
from server.store.ledger import County, Ledger
from sync.batch import Batch

Load = Callable[[Iterable[tuple[str, str]]], None]
"""Loads records, by type and id, into the batch's world."""


@dataclass(frozen=True, slots=True)
class Books:
    """What was counted before the lock, and the disputes, which are counted under it."""

    connection: sa.Connection
    batch: Batch
    day_of: DayOf
    attended: Attendance
    cases: Mapping[str, Case]
    tally: Tally

    @classmethod
    def of(cls, connection: sa.Connection, county: County, batch: Batch, load: Load) -> "Books":
        day_of = days_in(county.timezone)
        attended = attendance(connection, county.code, batch, day_of, PERIODS)
        load(("household", each) for each in attended.changed)
        found = cases(connection, county.code, batch, attended)
        return cls(connection, batch, day_of, attended, found, Tallying(batch, attended, day_of).of_records())

    def keep_docket(self, book: Ledger) -> None:
        """Logs what the server itself writes of disputes, as edits of its own, and changes the batch's records."""
        if not self.cases:
            return
        code = book.county.code
        docket = Docket(
            self.batch,
            book.county.revision,
            book.receipt_ms,
            book.county.timezone,
            self.day_of,
            partial(counters.next_case_numbers, self.connection, code),
            partial(directory.strangers, self.connection, code, book.receipt),
        )
        for decision in docket.keep(self.cases, self.attended.after):
            log.append_new(book, decision, None)

    def write(self, sender: Sender, book: Ledger) -> None:
        """Writes days and counters, once all revisions are taken."""
        code, attended = book.county.code, self.attended
        self.tally.update(Tallying(self.batch, attended, self.day_of).of_cases(self.cases))
        counters.attend(sender, code, {each: attended.after[each] for each in attended.changed})
        counters.add(sender, code, self.tally, book.revision)
