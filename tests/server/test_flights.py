"""Statements that travel together, and many values that travel as one parameter."""

import pytest
import sqlalchemy as sa

from server.store import bulk, dialect, flight
from server.store.flight import Flight, Question, ask
from server.store.tables import unit
from tests.support.county import COUNTY, GRID, County
from tests.support.device import Device
from tests.support.statements import statements

STRANGE = [
    "", " ", "NULL", "null", "{}", "{a,b}", '"', '""', "\\", "\\\\", '\\"', "a\nb", "a\tb", "a,b", "'", "%s",
    "%(x)s", ":x", "宝安村", "𠮷", "\u2028", "a\x7fb",
]  # fmt: skip

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
