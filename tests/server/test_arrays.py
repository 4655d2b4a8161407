"""Many values as one parameter: of every kind that a column has, however they travel."""

import struct
from typing import Any

import pytest
import sqlalchemy as sa

from server.settings import Settings
from server.store import bulk, dialect
from server.store.arrays import Elements
from server.store.flight import Flight
from server.store.tables import Name

KEPT = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("county", sa.Text, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("name", Name),
    sa.Column("line", sa.LargeBinary),
    sa.Column("said", sa.Text),
    sa.Column("revision", sa.BigInteger),
)
NOTHING: dict[str, Any] = {"name": None, "line": None, "said": None, "revision": None}
VALUES: tuple[dict[str, Any], ...] = (
    NOTHING,
    {"name": "00000000-0000-7000-8000-000000000000", "line": b"", "said": "", "revision": 0},
    {"name": "ffffffff-ffff-7fff-bfff-ffffffffffff", "line": bytes(range(256)), "said": "NULL", "revision": -1},
    {
        "name": "0192f0aa-1b2c-7d3e-8f40-5a6b7c8d9e0f",
        "line": b'\\x41"{',
        "said": '{"宝": "𠮷\\"}',
        "revision": 2**63 - 1,
    },
    NOTHING | {"said": "安" * 70_000, "revision": -(2**63)},
)
ROWS = [{"county": "c", "place": place, **values} for place, values in enumerate(VALUES, -1)]


@pytest.mark.parametrize("together", [True, False], ids=["in a flight", "alone"])
def test_values_of_every_kind_arrive_as_they_are(database_url: str, *, together: bool) -> None:
    engine = dialect.create_engine(Settings(database_url))
    with dialect.writing(engine) as connection:
        KEPT.create(connection)
        if together:
            with Flight(connection) as flight:
                bulk.insert(flight, KEPT, ROWS)
        else:
            bulk.insert(connection, KEPT, ROWS)
        found = connection.execute(sa.select(KEPT).order_by(KEPT.c.place)).mappings()
        assert [dict(row) for row in found] == ROWS
        for column in (KEPT.c.name, KEPT.c.said, KEPT.c.revision, KEPT.c.place):
            wanted = [row[column.name] for row in ROWS if row[column.name] is not None]
            asked = sa.select(column).where(bulk.among(column, wanted)).order_by(KEPT.c.place)
            assert list(connection.scalars(asked)) == wanted
            assert list(connection.scalars(sa.select(column).where(bulk.among(column, [])))) == []
    engine.dispose()


def test_what_no_text_may_hold_is_not_kept(postgres_url: str) -> None:
    engine = dialect.create_engine(Settings(postgres_url))
    with dialect.writing(engine) as connection:
        KEPT.create(connection)
    rows = [ROWS[0] | {"said": "one\0two"}]
    with pytest.raises(sa.exc.DBAPIError), dialect.writing(engine) as connection, Flight(connection) as flight:
        bulk.insert(flight, KEPT, rows)
    with dialect.reading(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(KEPT)) == 0
    engine.dispose()


def test_a_kind_that_has_no_arrays_is_told_of() -> None:
    with pytest.raises(TypeError, match="no array is made of"):
        Elements.of(sa.Boolean())


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (sa.Uuid(), ""),
        (sa.Uuid(), "0192f0aa"),
        (sa.Uuid(), 7),
        (sa.LargeBinary(), 5),
        (sa.Text(), 5),
        (sa.Integer(), "5"),
    ],
)
def test_what_is_not_of_a_kind_is_not_made_into_it(kind: sa.types.TypeEngine[Any], value: object) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError, struct.error)):
        Elements.of(kind).array([value])
