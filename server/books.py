"""What a worked batch changes beside its records: days that were attended, the docket of disputes, counters.

What can be found out before the county is locked is found out then: everybody waits for that lock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from schemas.periods import PERIODS
from server.docket import Docket
from server.status.attendance import Attendance, Attending, attending
from server.status.cases import Case, cases
from server.status.counting import DayOf
from server.status.days import days_in
from server.status.tally import Tallying
from server.store import counters, decisions, directory
from server.store.flight import Question, Sender
from server.store.ledger import County, Ledger
from sync.batch import Batch

Load = Callable[[Iterable[tuple[str, str]]], None]
"""Loads records, by type and id, into the batch's world."""


@dataclass(frozen=True, slots=True)
class Books:
    """What was found out before the lock: who attended what, and which disputes changed in what counts."""

    connection: sa.Connection
    batch: Batch
    day_of: DayOf
    attending: Attending
    cases: Mapping[str, Case]

    @classmethod
    def of(cls, connection: sa.Connection, county: County, batch: Batch, load: Load) -> "Books":
        day_of = days_in(county.timezone)
        found = attending(batch, day_of, PERIODS)
        load(("household", each) for each in found.changed)
        return cls(connection, batch, day_of, found, cases(connection, county.code, batch, found.changed))

    def days(self, county: str) -> Question[dict[str, list[str]]]:
        """The days that stand. Under the county's lock: neighbours visit the same households."""
        return counters.attendances(county, self.attending.looked_at | self.attending.changed)

    def keep_docket(self, book: Ledger, attended: Attendance) -> None:
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
        for decision in docket.keep(self.cases, attended.after):
            decisions.append_new(book, decision, None)

    def write(self, sender: Sender, book: Ledger, attended: Attendance) -> None:
        """Writes days and counters, once all revisions are taken."""
        code = book.county.code
        changes = Tallying(self.batch, attended, self.day_of).tally(self.cases)
        counters.attend(sender, code, {each: attended.after[each] for each in attended.changed})
        counters.add(sender, code, changes, book.revision)
