"""Sums of what another center pushed: who may ask, and what is told."""

from typing import Any

import pytest

from server import administration
from server.center_push.sums import summed
from server.store.center_month import Month
from server.store.center_status import Day
from sync.limits import STATUS_DAYS_MAX
from tests.center_push.pair import TODAY, UPPER, Pair
from tests.support.county import COUNTY, GRID


@pytest.fixture(scope="module")
def pair(shared_pair: Pair) -> Pair:
    shared_pair.count_days(["2026-11-01", "2026-11-10", TODAY], visits=2)
    shared_pair.push()
    return shared_pair


def problem(answer: Any) -> tuple[int, str, str | None]:
    document = answer.json()
    return answer.status_code, document["code"], document.get("field")


def test_both_days_are_included(pair: Pair) -> None:
    for first, last, visits in (
        ("2026-11-01", TODAY, 6),
        ("2026-11-02", TODAY, 4),
        ("2026-11-10", "2026-11-10", 2),
        ("2026-11-01", "2026-11-20", 4),
    ):
        assert pair.sums(first, last)[GRID] == {"visits": visits}
    assert pair.sums("2026-12-01", "2026-12-31") == {}


def test_units_are_told_with_names_and_parents_those_above_first(pair: Pair) -> None:
    answer = pair.ask().json()
    assert {name: answer[name] for name in ("source", "from", "to")} == {
        "source": COUNTY, "from": "2026-01-01", "to": "2026-12-31",
    }  # fmt: skip
    units = answer["units"]
    assert units[0] == {"unit": COUNTY, "name": "清河县", "parent": None, "measures": {"visits": 6}}
    assert [each["parent"] for each in units[1:]] == [each["unit"] for each in units[:-1]]


@pytest.mark.parametrize(
    ("role", "unit", "status"),
    [("county_staff", UPPER, 200), ("admin", UPPER, 200), ("mediator", UPPER, 403), ("county_staff", "990201", 403)],
)
def test_those_who_work_for_the_county_itself_may_ask(pair: Pair, role: str, unit: str, status: int) -> None:
    if unit not in {each["code"] for each in administration.units(pair.upper.center)}:
        administration.add_unit(pair.upper.center, unit, "某县", UPPER)
    caller = pair.upper.worker("吴桐", unit, role)
    answer = pair.ask(Authorization=f"Bearer {caller.token}")
    assert answer.status_code == status
    if status == 403:
        assert problem(answer) == (403, "not-allowed", None)
    administration.revoke(pair.upper.center, caller.tablet)
    assert problem(pair.ask(Authorization=f"Bearer {caller.token}")) == (403, "tablet-revoked", None)


def test_nobody_else_may(pair: Pair) -> None:
    assert problem(pair.ask(Authorization="Bearer nobody")) == (401, "token-unknown", None)
    assert problem(pair.ask(Accept="*/*")) == (401, "token-unknown", None)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"source": "a b"}, "source"),
        ({"source": None}, "source"),
        ({"from": None}, "from"),
        ({"from": "2026-11"}, "from"),
        ({"from": "20261101"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "to"),
        ({"from": "2025-01-01", "to": "2026-01-02"}, "to"),
    ],
)
def test_a_question_that_is_not_as_it_must_be(pair: Pair, asked: dict[str, str | None], field: str) -> None:
    said = {"source": COUNTY, "from": "2026-11-01", "to": "2026-11-30"} | asked
    params = {name: value for name, value in said.items() if value is not None}
    headers = {"Authorization": f"Bearer {pair.staff_token()}"}
    answer = pair.upper.http.get("/api/v1/center/status", params=params, headers=headers)
    assert problem(answer) == (422, "invalid", field)


def test_a_year_may_be_asked_for(pair: Pair) -> None:
    assert STATUS_DAYS_MAX == 366
    assert pair.ask("2025-01-01", "2026-01-01").status_code == 200


def test_a_county_that_nothing_is_known_of(pair: Pair) -> None:
    params = {"source": "990102", "from": TODAY, "to": TODAY}
    headers = {"Authorization": f"Bearer {pair.staff_token()}"}
    answer = pair.upper.http.get("/api/v1/center/status", params=params, headers=headers)
    assert problem(answer) == (404, "not-found", "source")


def unit(code: str, parent: str | None, name: str = "") -> dict[str, Any]:
    return {"unit": code, "name": name or code, "parent": parent}


def counted(code: str, **measures: int) -> dict[str, Any]:
    return {"unit": code, "measures": measures}


def sums_of(*days: Day, asked: int = 0) -> dict[str, tuple[Any, Any, dict[str, int]]]:
    """Of days, the oldest version first, `asked` of which are before those that are asked for."""
    named = Month()
    for day in days:
        named.name(day.version, day.units)
    parts = []
    for place, day in enumerate(days):
        month = Month()
        month.count(day.counters)
        parts.append((place < asked, month.counters))
    told = summed(named.units, parts)
    return {str(each["unit"]): (each["name"], each["parent"], each["measures"]) for each in told}  # type: ignore[misc]


def test_a_grid_that_was_moved_counts_with_all_its_days_where_it_stands_now() -> None:
    old = Day("2026-11-01", 1, [unit("c", None), unit("v", "c"), unit("g", "v")], [counted("g", visits=1)])
    new = Day("2026-11-02", 2, [unit("c", None), unit("w", "c"), unit("g", "w", "新")], [counted("g", visits=2)])
    assert sums_of(old, new) == {
        "c": ("c", None, {"visits": 3}),
        "w": ("w", "c", {"visits": 3}),
        "g": ("新", "w", {"visits": 3}),
    }


def test_of_what_was_before_only_that_counts_which_lasts() -> None:
    units = [unit("c", None)]
    days = (
        Day("2026-10-01", 1, units, [counted("c", households=3, covered=2, received=2, visits=2, failed=1)]),
        Day("2026-11-01", 2, units, [counted("c", covered=-1, received=4, visits=7, settled=2)]),
    )
    measures = {"households": 3, "covered": 1, "received": 4, "visits": 7, "settled": 2}
    assert sums_of(*days, asked=1) == {"c": ("c", None, {**measures, "carried_in": 1, "carried_out": 3})}


def test_days_that_contradict_one_another_do_not_go_round_in_a_circle() -> None:
    one = Day("2026-11-01", 1, [unit("a", None), unit("b", "a")], [counted("b", visits=1)])
    two = Day("2026-11-02", 2, [unit("b", None), unit("a", "b")], [counted("a", visits=2)])
    three = Day("2026-11-03", 3, [unit("b", "a")], [])
    assert sums_of(one, two, three) == {"a": ("a", "b", {"visits": 3}), "b": ("b", "a", {"visits": 3})}


def test_what_is_taken_back_is_nothing() -> None:
    days = (
        Day("2026-11-01", 1, [unit("c", None)], [counted("c", visits=2, late=1)]),
        Day("2026-11-02", 2, [unit("c", None)], [counted("c", visits=-2)]),
    )
    assert sums_of(*days) == {"c": ("c", None, {"late": 1})}
