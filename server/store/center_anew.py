"""Everything that was counted goes to a center once more, by versions above any that it was ever told: after a restore
the revisions begin again at an earlier one, and what the center has may be of a time that never was."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from server.store import bulk
from server.store.center_tables import center_outbox, center_target
from server.store.tables import counted_day

AT_MOST_EVERY_MS = 60 * 60 * 1000
"""Where a center says `older`: two servers of one county, or a center that always says so, would have no end of it."""
_US = 1000


def counted_days(connection: sa.Connection) -> dict[str, set[str]]:
    """The days whose counters ever changed, by county."""
    found: dict[str, set[str]] = {}
    for county, day in connection.execute(sa.select(counted_day.c.county, counted_day.c.day)):
        found.setdefault(county, set()).add(day)
    return found


def after_restore(connection: sa.Connection, county: str, revision: int, days: Iterable[str], now_ms: int) -> None:
    """For all centers. `days`: of which a center may know what the county does no more; they are as good as counted.
    `revision`: the county's."""
    rows: list[Mapping[str, object]] = [{"county": county, "day": day, "revision": revision} for day in sorted(days)]
    bulk.insert_missing(connection, counted_day, rows)
    for url in connection.scalars(sa.select(center_target.c.url).where(center_target.c.county == county)).all():
        _begin(connection, county, url, now_ms)


def after_older(connection: sa.Connection, county: str, url: str, day: str, place: int, now_ms: int) -> bool:
    """For one center that has something newer than the message at this place. Whether everything goes there anew: not
    where a newer message of the day has been made since, nor where that was begun a short while ago."""
    row, at = center_outbox.c, center_target.c
    newer = sa.select(row.place).where(row.county == county, row.url == url, row.day == day, row.place > place)
    ahead = sa.select(at.ahead).where(at.county == county, at.url == url, ~newer.exists())
    found = connection.scalar(ahead.with_for_update())
    if found is None or found > (now_ms - AT_MOST_EVERY_MS) * _US:
        return False
    _begin(connection, county, url, now_ms)
    return True


def _begin(connection: sa.Connection, county: str, url: str, now_ms: int) -> None:
    """By microseconds the versions are ahead of all that were sent, since revisions grow more slowly. What nobody has
    tried to send is dropped: its day is taken again."""
    row, at = center_outbox.c, center_target.c
    connection.execute(
        sa.update(center_target)
        .where(at.county == county, at.url == url)
        .values(ahead=now_ms * _US, taken_revision=0, taken_day="")
    )
    is_untried = sa.and_(row.attempts == 0, row.delivered_ms.is_(None))
    connection.execute(sa.delete(center_outbox).where(row.county == county, row.url == url, is_untried))
