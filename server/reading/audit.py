"""What staff looked at and why: a line of the county's log, in its chain, written before anything is shown."""

import sqlalchemy as sa

from server.center import Center
from server.store import ledger
from server.store.flight import ask
from server.store.ledger import Ledger
from server.store.tablets import Caller
from server.transaction import retrying
from sync.lines import Values, write
from sync.stamps import stamp

AUDIT = "audit"
"""The kind of such a log line."""


def noted(center: Center, caller: Caller, line: Values) -> None:
    """Writes that the caller does what the line says, and commits it."""

    def work(connection: sa.Connection, _again: bool) -> None:
        county = ask(connection, ledger.locked(center.county(connection).code))
        now_ms = center.clock()
        book = Ledger(county, now_ms)
        said = {"at": stamp(now_ms), "by": caller.person, "tablet": caller.tablet, **line}
        book.append(AUDIT, write(said), author=caller.person, tablet=caller.tablet)
        book.write(connection)

    retrying(center, work)
