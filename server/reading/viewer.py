"""Who reads: the holder of a token, with their scope at this moment, over one snapshot of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from server.center import Center
from server.problems import ProblemError
from server.store import dialect, directory, tablets
from server.store.flight import ask
from server.store.ledger import County
from server.store.tablets import Caller
from sync.scope import IS_STAFF, Person, Scope, Units, scope
from sync.stamps import stamp


@dataclass(frozen=True, slots=True)
class Viewer:
    """`scope` holds the keys of what `person` may see at the stamp `now`; `connection` reads one snapshot."""

    connection: sa.Connection
    county: County
    caller: Caller
    person: Person
    units: Units
    scope: Scope
    now: str

    @property
    def is_staff(self) -> bool:
        return any(each.role in IS_STAFF and each.holds(self.now) for each in self.person.assignments)


@contextmanager
def viewing(center: Center, token: str) -> Iterator[Viewer]:
    """Opens a snapshot for the holder of a token. Raises ProblemError token-unknown, tablet-revoked.

    Scope and rows come from the same snapshot: else a page could show what was written after its reader had left."""
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        yield viewer_of(center, connection, token)


def viewer_of(center: Center, connection: sa.Connection, token: str) -> Viewer:
    """The holder of a token, as a connection sees them. Raises ProblemError token-unknown, tablet-revoked."""
    county, caller = ask(connection, tablets.opening(center.settings.county, token))
    if caller is None:
        raise ProblemError("token-unknown")
    if caller.revoked_at is not None:
        raise ProblemError("tablet-revoked")
    now = stamp(center.clock())
    units = center.units.units(connection, county)
    person = ask(connection, directory.people(county.code, [caller.person]))[caller.person]
    return Viewer(connection, county, caller, person, units, scope(person, units, now), now)
