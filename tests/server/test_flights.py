"""Statements that travel together, and many values that travel as one parameter."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from server.store import bulk, dialect, flight
from server.store.flight import Flight, Question, ask
from server.store.pipeline import Rows
from server.store.tables import unit
from tests.support.county import COUNTY, GRID, County
from tests.support.device import Device
from tests.support.statements import statements

STRANGE = [
    "", " ", "NULL", "null", "{}", "{a,b}", '"', '""', "\\", "\\\\", '\\"', "a\nb", "a\tb", "a,b", "'", "%s",
    "%(x)s", ":x", "宝安村", "𠮷", "\u2028", "a\x7fb",
]  # fmt: skip

ROUND_TRIPS = 4
"""Who asks; what is known and what the lines touch; the lock; what is written, with the next page."""

_NAMED = sa.select(unit.c.code, unit.c.name).where(
    unit.c.county == sa.bindparam("county"), bulk.among(unit.c.name, "names")
)


def named(*names: str) -> Question[set[str]]:
    rows = yield _NAMED, {"county": COUNTY, "names": names}
    return {row[1] for row in rows}


def strange_units() -> list[dict[str, str]]:
    return [{"county": COUNTY, "code": f"strange-{n}", "name": name} for n, name in enumerate(STRANGE)]


def test_texts_arrive_as_they_are(county: County) -> None:
    with dialect.writing(county.center.engine) as connection:
        bulk.insert(connection, unit, strange_units())
        assert ask(connection, named(*STRANGE)) == set(STRANGE)
        for name in STRANGE:
            assert ask(connection, named(name, "nobody's")) == {name}
        assert ask(connection, named()) == set()


def test_what_is_absent_is_not_the_word_for_it(county: County) -> None:
    def add(code: str, name: str | None) -> None:
        with dialect.writing(county.center.engine) as connection:
            bulk.insert(connection, unit, [{"county": COUNTY, "code": code, "name": name}])

    add("a", "NULL")
    with pytest.raises(sa.exc.IntegrityError):
        add("b", None)
    with dialect.reading(county.center.engine) as connection:
        assert ask(connection, named("NULL")) == {"NULL"}


def test_questions_go_on_with_what_they_were_answered(county: County) -> None:
    def twice() -> Question[tuple[set[str], set[str]]]:
        first = yield from named("a")
        second = yield from named("b", *first)
        return first, second

    def nothing() -> Question[str]:
        yield from ()
        return "asked nobody"

    with dialect.writing(county.center.engine) as connection:
        bulk.insert(connection, unit, [{"county": COUNTY, "code": name, "name": name} for name in "ab"])
        with statements(county.center.engine) as said, Flight(connection) as together:
            both, none, once = together.put(twice()), together.put(nothing()), together.put(named("a"))
            with pytest.raises(ValueError, match="landed"):
                assert both.given
        assert (both.given, none.given, once.given) == (({"a"}, {"a", "b"}), "asked nobody", {"a"})
        assert len(said) == 3


def test_a_flight_that_fails_says_why_and_leaves_the_connection_whole(county: County) -> None:
    def fly(connection: sa.Connection) -> None:
        with connection.begin_nested(), Flight(connection) as together:
            together.put(named("甲"))
            bulk.insert(together, unit, [{"county": COUNTY, "code": "twice", "name": "甲"}] * 2)
            together.put(named("甲"))

    with dialect.writing(county.center.engine) as connection:
        with pytest.raises(sa.exc.IntegrityError) as failed:
            fly(connection)
        assert dialect.is_retryable(failed.value)
        assert "甲" not in str(failed.value), "the values of a statement are people's"
        assert ask(connection, named("甲")) == set()


def test_nothing_is_sent_where_the_block_fails(county: County) -> None:
    def fly(connection: sa.Connection) -> None:
        with Flight(connection) as together:
            bulk.insert(together, unit, strange_units())
            raise LookupError

    with dialect.writing(county.center.engine) as connection, statements(county.center.engine) as said:
        with pytest.raises(LookupError):
            fly(connection)
        assert said == []


def test_no_statement_is_made_anew_for_a_call(county: County, wang: Device) -> None:
    def known() -> int:
        return flight._compiled.cache_info().currsize

    def patrol() -> None:
        home = wang.create("household", unit=GRID)
        wang.sync()
        wang.create("visit", household=home, unit=GRID)
        wang.change("household", home, phone="138 0000 0000")
        wang.sync()

    patrol()
    first = known()
    for _ in range(3):
        patrol()
    assert known() == first


def test_a_sync_is_four_round_trips(county: County, wang: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    if county.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite is within the process: there are no round trips")
    flights: list[int] = []
    sent = flight._sent

    def counted(connection: sa.Connection, asked: Sequence[flight.Asked]) -> list[Rows]:
        flights.append(len(asked))
        return sent(connection, asked)

    homes = [wang.create("household", unit=GRID) for _ in range(3)]
    wang.sync()
    with statements(county.center.engine) as said:
        monkeypatch.setattr(flight, "_sent", counted)
        for home in homes:
            wang.create("visit", household=home, unit=GRID)
        wang.sync()
        assert len(flights) == ROUND_TRIPS, flights
        assert len(said) == sum(flights), "nothing goes by itself"
        flights.clear()
        wang.sync()
    assert len(flights) == ROUND_TRIPS - 1, "nothing is to be judged"


def test_what_is_asked_after_a_commit_is_of_what_everybody_sees(county: County) -> None:
    with dialect.writing(county.center.engine) as connection, Flight(connection) as together:
        bulk.insert(together, unit, [{"county": COUNTY, "code": "a", "name": "a"}])
        together.commit()
        seen = together.put(named("a"))
    with dialect.reading(county.center.engine) as connection:
        assert seen.given == ask(connection, named("a")) == {"a"}


def test_what_fails_before_a_commit_is_not_committed(county: County) -> None:
    def fly() -> None:
        with dialect.writing(county.center.engine) as connection, Flight(connection) as together:
            bulk.insert(together, unit, [{"county": COUNTY, "code": "a", "name": "a"}])
            bulk.insert(together, unit, [{"county": COUNTY, "code": "a", "name": "b"}])
            together.commit()

    with pytest.raises(sa.exc.IntegrityError):
        fly()
    with dialect.reading(county.center.engine) as connection:
        assert ask(connection, named("a", "b")) == set()


_CODED = sa.select(unit.c.name).where(unit.c.code == sa.bindparam("code", type_=sa.Text))


@pytest.mark.parametrize("strange", [1.5, True, b"a".hex, "a\0b"], ids=["float", "bool", "function", "NUL"])
def test_what_no_statement_takes_leaves_the_connection_whole(county: County, strange: object) -> None:
    if county.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite takes some of these and refuses others in its own way")

    def coded() -> Question[int]:
        return len((yield _CODED, {"code": strange}))

    with dialect.writing(county.center.engine) as connection:
        bulk.insert(connection, unit, [{"county": COUNTY, "code": "a", "name": "a"}])
        with pytest.raises(TypeError):
            ask(connection, coded())
        assert ask(connection, named("a")) == {"a"}


def test_a_column_that_was_changed_while_the_server_runs(county: County, wang: Device) -> None:
    if county.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps no plans across a change")
    wang.sync()
    with county.center.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE tablet ALTER COLUMN last_now TYPE varchar(64)")
    home = wang.create("household", unit=GRID)
    assert wang.sync().outcomes == []
    assert wang.sees(home)
