"""Into the outbox: a snapshot of each day whose counters have changed since the last one."""

import gzip

from server.center import Center
from server.center_push import signing, snapshot
from server.store import center_outbox, dialect, directory
from server.store.center_outbox import Message, Taken, Target
from sync.stamps import stamp

_GZIP_LEVEL = 6


def take(center: Center, target: Target) -> int:
    """Puts the days that changed into a center's outbox, those that changed first before the others; how many.

    A day is read in one snapshot of the database, outside of any transaction that writes: pushes of tablets do not
    wait for it. It is then put into the outbox and noted as taken in one transaction, unless another worker has done
    so meanwhile: then this one leaves the rest to that."""
    with dialect.reading(center.engine) as connection:
        county = center.county(connection).code
        changed = center_outbox.changed(connection, county, target.taken)
    taken, days = target.taken, 0
    for each in changed:
        _, day = each
        if not _put(center, county, target, _read(center, county, day, target.ahead), taken=taken, now_taken=each):
            break
        taken, days = each, days + 1
    return days


def _read(center: Center, county_code: str, day: str, ahead: int) -> Message:
    """A day as it is now. Its place is given when it is put into the outbox."""
    now_ms = center.clock()
    now = stamp(now_ms)
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        tree = center.units.units(connection, county)
        counted = center_outbox.counted(connection, county_code, tree.parents, day)
        keys = [f"unit:{unit}" for unit in snapshot.carriers(counted, tree, now)]
        named = directory.scope_names(connection, county_code, keys)
    names = {key.partition(":")[2]: name for key, name in named.items()}
    version = county.revision + ahead
    body = snapshot.composed(county_code, day, version, counted, tree, names, now)
    packed = gzip.compress(body, _GZIP_LEVEL, mtime=0)
    return Message(0, signing.message_id(now_ms), day, version, packed, attempts=0, next_try_ms=now_ms)


def _put(center: Center, county: str, target: Target, message: Message, *, taken: Taken, now_taken: Taken) -> bool:
    with dialect.writing(center.engine) as connection:
        place = center_outbox.advance(connection, county, target, taken, now_taken)
        if place is None:
            return False
        center_outbox.replace_untried(connection, county, target.url, message.day)
        center_outbox.put(connection, county, target.url, place, message)
    return True
