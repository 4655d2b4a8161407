"""The status that other counties push here: who may, and their days as they sent them last."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from server.store import center_month
from server.store.center_outbox import Secret
from server.store.center_tables import center_source, center_status


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a county. `units`: unit, name, parent. `counters`: unit, measures. Both as the snapshot gives them."""

    day: str
    version: int
    units: Sequence[Mapping[str, Any]]
    counters: Sequence[Mapping[str, Any]]

    @property
    def standing(self) -> "Standing":
        return Standing(self.version, orjson.dumps(self.counters).decode(), orjson.dumps(self.units).decode())


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """A day as it is kept: its version, its counters and units as JSON. The greater is the newer: a county that was
    restored may send two of one version, and which of them stays must not hang on which came first."""

    version: int
    counters: str
    units: str


def secret(connection: sa.Connection, county: str, source: str) -> Secret | None:
    """By what a county signs that may push here, or None."""
    text = connection.scalar(sa.select(center_source.c.secret).where(_is(county, source)))
    return None if text is None else Secret(text)


def remains(connection: sa.Connection, county: str, source: str) -> bool:
    """Whether a county still may push here. Whoever takes its leave waits for this transaction to end."""
    asked = sa.select(center_source.c.source).where(_is(county, source)).with_for_update(read=True)
    return connection.scalar(asked) is not None


def _is(county: str, source: str) -> sa.ColumnElement[bool]:
    return sa.and_(center_source.c.county == county, center_source.c.source == source)


def _is_day(county: str, source: str, day: str) -> sa.ColumnElement[bool]:
    row = center_status.c
    return sa.and_(row.county == county, row.source == source, row.day == day)


def is_known(connection: sa.Connection, county: str, source: str) -> bool:
    """Whether a county may push here, or has done so once."""
    asked = (
        sa.select(table.c.source).where(table.c.county == county, table.c.source == source).limit(1)
        for table in (center_source, center_status)
    )
    return any(connection.scalar(each) is not None for each in asked)


def accept(connection: sa.Connection, county: str, source: str, name: str | None, signed_by: Secret) -> bool:
    """Lets a county push here; one that may already gets a new secret. Whether it is new."""
    values = {"secret": signed_by.text} | ({} if name is None else {"name": name})
    if connection.execute(sa.update(center_source).where(_is(county, source)).values(**values)).rowcount:
        return False
    connection.execute(sa.insert(center_source).values(county=county, source=source, **values))
    return True


def forget(connection: sa.Connection, county: str, source: str, *, with_days: bool) -> bool:
    """Takes nothing more in from a county, and with `with_days` drops what it sent. Whether there was something."""
    found = connection.execute(sa.delete(center_source).where(_is(county, source))).rowcount
    if with_days:
        found += connection.execute(
            sa.delete(center_status).where(center_status.c.county == county, center_status.c.source == source)
        ).rowcount
        center_month.drop(connection, county, source)
    return bool(found)


def standing(connection: sa.Connection, county: str, source: str, day: str) -> Standing | None:
    """What is here of a day, locked until the end of the transaction."""
    row = center_status.c
    asked = sa.select(row.version, row.counters, row.units).where(_is_day(county, source, day))
    found = connection.execute(asked.with_for_update()).first()
    return None if found is None else Standing(*found)


def keep(connection: sa.Connection, county: str, source: str, day: Day, former: Standing | None, now_ms: int) -> None:
    """Writes a day, in place of what `standing` gave of it, and its month. Raises IntegrityError where there was none
    and another transaction wrote the first one meanwhile: it may be the newer one."""
    values = asdict(day.standing) | {"received_ms": now_ms}
    if former is None:
        connection.execute(sa.insert(center_status).values(county=county, source=source, day=day.day, **values))
    else:
        connection.execute(sa.update(center_status).where(_is_day(county, source, day.day)).values(**values))
    counted = [] if former is None else orjson.loads(former.counters)
    center_month.add(connection, county, source, day.day, day.version, day.units, day.counters, former=counted)


def shown(connection: sa.Connection, county: str) -> list[dict[str, Any]]:
    """Each county that may push here, with what came; without its secret."""
    at, row = center_source.c, center_status.c
    mine = sa.and_(row.county == at.county, row.source == at.source)
    told = (at.source, at.name)
    rows = connection.execute(
        sa.select(
            *told,
            sa.func.count(row.day).label("days"),
            sa.func.max(row.day).label("last_day"),
            sa.func.max(row.received_ms).label("last_received_ms"),
        )
        .select_from(center_source.outerjoin(center_status, mine))
        .where(at.county == county)
        .group_by(at.county, *told)
        .order_by(at.source)
    )
    return [dict(each) for each in rows.mappings()]
