"""Centers that the status is pushed to, and the durable outbox to each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.store import bulk
from server.store.center_tables import center_outbox, center_target
from server.store.counters import DAY
from server.store.tables import counted_day, counter

Taken = tuple[int, str]
"""Up to where days are in the outbox: the revision at which a day changed, and the day. One transaction may change
several days, so the revision alone would not say which of them are in."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A signing secret, `whsec_…`: never in a log or a traceback."""

    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """A center that the status is pushed to."""

    url: str
    secret: Secret
    taken: Taken
    ahead: int
    """To be added to the county's revision: a day's version."""
    stopped: str | None


@dataclass(frozen=True, slots=True)
class Message:
    """A snapshot on its way. `body` is packed by gzip."""

    place: int
    id: str
    day: str
    version: int
    body: bytes
    attempts: int
    next_try_ms: int


_TARGET = (
    center_target.c.url, center_target.c.secret, center_target.c.taken_revision, center_target.c.taken_day,
    center_target.c.ahead, center_target.c.stopped,
)  # fmt: skip


def _is(county: str, url: str) -> sa.ColumnElement[bool]:
    return sa.and_(center_target.c.county == county, center_target.c.url == url)


def _is_letter(county: str, url: str, place: int) -> sa.ColumnElement[bool]:
    row = center_outbox.c
    return sa.and_(row.county == county, row.url == url, row.place == place, row.delivered_ms.is_(None))


def targets(connection: sa.Connection, county: str) -> list[Target]:
    """Every center that is configured."""
    rows = connection.execute(sa.select(*_TARGET).where(center_target.c.county == county).order_by(center_target.c.url))
    return [
        Target(row.url, Secret(row.secret), (row.taken_revision, row.taken_day), row.ahead, row.stopped) for row in rows
    ]


def save(connection: sa.Connection, county: str, url: str, secret: Secret, now_ms: int) -> bool:
    """Adds a center, or gives one that is there its new secret and starts it again. Whether it was added."""
    renewed = sa.update(center_target).where(_is(county, url)).values(secret=secret.text)
    if connection.execute(renewed).rowcount:
        start_again(connection, county, url, now_ms)
        return False
    fresh = {"taken_revision": 0, "taken_day": "", "place": 0}
    connection.execute(sa.insert(center_target).values(county=county, url=url, secret=secret.text, **fresh))
    return True


def drop(connection: sa.Connection, county: str, url: str) -> bool:
    """Removes a center with what waits for it. Whether it was there."""
    mine = sa.and_(center_outbox.c.county == county, center_outbox.c.url == url)
    connection.execute(sa.delete(center_outbox).where(mine))
    return bool(connection.execute(sa.delete(center_target).where(_is(county, url))).rowcount)


def start_again(connection: sa.Connection, county: str, url: str, now_ms: int) -> None:
    """Whatever was stopped, set aside or put off is tried now."""
    connection.execute(sa.update(center_target).where(_is(county, url)).values(stopped=None))
    row = center_outbox.c
    connection.execute(
        sa.update(center_outbox)
        .where(row.county == county, row.url == url, row.delivered_ms.is_(None))
        .values(refused=None, next_try_ms=now_ms)
    )


# -- into the outbox


def changed(connection: sa.Connection, county: str, taken: Taken) -> list[Taken]:
    """The days whose counters changed after those that are taken, those that changed first before the others."""
    revision, day = counted_day.c.revision, counted_day.c.day
    is_later = sa.or_(revision > taken[0], sa.and_(revision == taken[0], day > taken[1]))
    rows = connection.execute(
        sa.select(revision, day).where(counted_day.c.county == county, is_later).order_by(revision, day)
    )
    return [(row.revision, row.day) for row in rows]


def counted(connection: sa.Connection, county: str, units: Iterable[str], day: str) -> dict[str, dict[str, int]]:
    """The counters of a day, by unit and measure; none of them is 0. The units are given since the index begins with
    them: a day is then a probe a unit, however many days there are."""
    row = counter.c
    rows = connection.execute(
        sa.select(row.unit, row.measure, row.value).where(
            row.county == county,
            row.span == DAY,
            bulk.among(row.unit, sorted(units)),
            row.period == day,
            row.value != 0,
        )
    )
    found: dict[str, dict[str, int]] = {}
    for unit, measure, value in rows:
        found.setdefault(unit, {})[measure] = value
    return found


def advance(connection: sa.Connection, county: str, target: Target, taken: Taken, now_taken: Taken) -> int | None:
    """Notes that one more day is taken, and gives its place in the outbox. None: another worker was at it first, or
    everything begins anew."""
    at = center_target.c
    is_so = sa.and_(at.taken_revision == taken[0], at.taken_day == taken[1], at.ahead == target.ahead)
    place: int | None = connection.scalar(
        sa.update(center_target)
        .where(_is(county, target.url), is_so)
        .values(taken_revision=now_taken[0], taken_day=now_taken[1], place=at.place + 1)
        .returning(center_target.c.place)
    )
    return place


def replace_untried(connection: sa.Connection, county: str, url: str, day: str) -> None:
    """Takes a day's snapshot that nobody has begun to send out of the outbox: a newer one comes behind."""
    row = center_outbox.c
    waits = sa.and_(row.attempts == 0, row.delivered_ms.is_(None))
    connection.execute(sa.delete(center_outbox).where(row.county == county, row.url == url, row.day == day, waits))


def put(connection: sa.Connection, county: str, url: str, place: int, message: Message) -> None:
    row = {"place": place, "message": message.id, "day": message.day, "version": message.version}
    row |= {"body": message.body, "attempts": message.attempts, "next_try_ms": message.next_try_ms}
    connection.execute(sa.insert(center_outbox).values(county=county, url=url, **row))


# -- out of it


def lease(connection: sa.Connection, county: str, url: str, holder: str, now_ms: int, until_ms: int) -> bool:
    """Takes or renews the right to deliver to a center; only one worker has it. Whether it was given."""
    row = center_target.c
    is_free = sa.or_(row.lease.is_(None), row.lease == holder, row.lease_until_ms <= now_ms)
    taken = sa.update(center_target).where(_is(county, url), row.stopped.is_(None), is_free)
    return bool(connection.execute(taken.values(lease=holder, lease_until_ms=until_ms)).rowcount)


def release(connection: sa.Connection, county: str, url: str, holder: str) -> None:
    connection.execute(
        sa.update(center_target)
        .where(_is(county, url), center_target.c.lease == holder)
        .values(lease=None, lease_until_ms=None)
    )


def first_waiting(connection: sa.Connection, county: str, url: str) -> Message | None:
    """The message that is next, locked until the end of the transaction."""
    row = center_outbox.c
    found = connection.execute(
        sa.select(row.place, row.message, row.day, row.version, row.body, row.attempts, row.next_try_ms)
        .where(row.county == county, row.url == url, row.delivered_ms.is_(None), row.refused.is_(None))
        .order_by(row.place)
        .limit(1)
        .with_for_update()
    ).first()
    return None if found is None else Message(*found)


def tried(connection: sa.Connection, county: str, url: str, place: int) -> None:
    """Notes that a message is about to be sent: from here on a newer one no longer takes its place."""
    attempts = center_outbox.c.attempts + 1
    connection.execute(sa.update(center_outbox).where(_is_letter(county, url, place)).values(attempts=attempts))


def delivered(connection: sa.Connection, county: str, url: str, place: int, now_ms: int, result: str | None) -> None:
    """Notes that a message arrived; its body is no longer needed."""
    connection.execute(
        sa.update(center_outbox)
        .where(_is_letter(county, url, place))
        .values(delivered_ms=now_ms, refused=None, body=b"")
    )
    noted = {"last_delivered_ms": now_ms, "last_result": result, "last_error": None, "last_error_ms": None}
    connection.execute(sa.update(center_target).where(_is(county, url)).values(**noted))


def failed(
    connection: sa.Connection, county: str, url: str, place: int, error: str, now_ms: int, **outbox: Any
) -> None:
    """Notes that a message did not arrive, with what that changes of its row: `next_try_ms` or `refused`."""
    if outbox:
        connection.execute(sa.update(center_outbox).where(_is_letter(county, url, place)).values(**outbox))
    noted = {"last_error": error, "last_error_ms": now_ms}
    connection.execute(sa.update(center_target).where(_is(county, url)).values(**noted))


def stop(connection: sa.Connection, county: str, url: str, why: str) -> None:
    """Nothing more is sent to this center until it is started again."""
    connection.execute(sa.update(center_target).where(_is(county, url)).values(stopped=why))


def forget_delivered(connection: sa.Connection, county: str, before_ms: int) -> None:
    row = center_outbox.c
    connection.execute(sa.delete(center_outbox).where(row.county == county, row.delivered_ms < before_ms))


# -- shown


def shown(connection: sa.Connection, county: str) -> list[dict[str, Any]]:
    """Each center with what waits for it and how it went last, moments in milliseconds; without its secret."""
    row, at = center_outbox.c, center_target.c
    mine = sa.and_(row.county == at.county, row.url == at.url, row.delivered_ms.is_(None))
    is_waiting = sa.case((row.place.is_not(None) & row.refused.is_(None), 1), else_=0)
    is_refused = sa.case((row.refused.is_not(None), 1), else_=0)
    told = (at.url, at.stopped, at.last_delivered_ms, at.last_result, at.last_error, at.last_error_ms)
    rows = connection.execute(
        sa.select(
            *told,
            sa.func.sum(is_waiting).label("waiting"),
            sa.func.sum(is_refused).label("refused"),
            sa.func.min(sa.case((row.refused.is_(None), row.day), else_=None)).label("oldest_day"),
            sa.func.min(sa.case((row.attempts > 0, row.next_try_ms), else_=None)).label("next_try_ms"),
        )
        .select_from(center_target.outerjoin(center_outbox, mine))
        .where(at.county == county)
        .group_by(at.county, *told)
        .order_by(at.url)
    )
    return [dict(each) for each in rows.mappings()]
