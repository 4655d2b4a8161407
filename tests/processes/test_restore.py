"""The server is put back to yesterday while tablets are at work: they bring back what it has lost."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

from server import administration
from server.center import Center
from server.settings import Settings
from server.store import dialect
from server.store.directory import UnitsCache
from tests.processes.audit import Audit
from tests.processes.premises import Premises
from tests.processes.squad import Member, Squad, settle
from tests.support.county import VILLAGE
from tests.support.databases import Databases

EDITS = 30
"""What is saved in each part of the story, at least."""
DAY_S = 1.0
"""Time for the tablets to sync, several times each."""


def test_tablets_heal_a_server_restored_from_yesterday(
    premises: Premises, squad: Squad, record_property: Callable[[str, object], None]
) -> None:
    squad.start()
    squad.works(EDITS)
    premises.web.stop()
    yesterday = premises.copied()
    before = Audit(premises.center, squad).figures["logged"]
    premises.start()
    squad.works(EDITS)
    time.sleep(DAY_S)
    premises.web.crash()
    lost = Audit(premises.center, squad).figures["logged"] - before
    premises.put_back(yesterday)
    squad.works(EDITS)
    premises.start()
    squad.works(EDITS)
    time.sleep(DAY_S)
    squad.stop()
    squad.sync()
    premises.web.stop()
    audit = Audit(premises.center, squad, restored=True)
    record_property("brought back", lost)
    record_property("edits", audit.figures)
    assert audit.faults() == []
    assert premises.web.faults() == []
    assert lost > 0
    for member in squad.members:
        assert value(member, "SELECT value FROM meta WHERE key = 'generation'") == "1", "one replay"
        assert value(member, "SELECT count(*) FROM set_aside") == 0, "nothing that nobody could send again"


def test_a_server_that_lived_through_a_restore_sees_the_units_of_its_database(databases: Databases) -> None:
    with databases.database() as url, ExitStack() as closing_engines:

        def opened(database: str, units: UnitsCache) -> Center:
            center = Center(Settings(database), dialect.create_engine(Settings(database)), units=units)
            closing_engines.callback(center.engine.dispose)
            return center

        kept = UnitsCache()
        before = opened(url, kept)
        settle(before)
        before.engine.dispose()
        with databases.database(template=url) as yesterday:
            administration.add_unit(before, f"{VILLAGE}901", "新一组", VILLAGE)
            assert f"{VILLAGE}901" in units_of(before)
            restored = opened(yesterday, kept)
            administration.add_unit(opened(yesterday, UnitsCache()), f"{VILLAGE}902", "新二组", VILLAGE)
            assert units_of(restored) & {f"{VILLAGE}901", f"{VILLAGE}902"} == {f"{VILLAGE}902"}
            closing_engines.close()


def units_of(center: Center) -> set[str]:
    """The units as a request sees them."""
    with dialect.reading(center.engine) as connection:
        return set(center.units.units(connection, center.county(connection)).parents)


def value(member: Member, sql: str) -> object:
    with closing(sqlite3.connect(member.store)) as connection:
        (found,) = connection.execute(sql).fetchone()
        return found
