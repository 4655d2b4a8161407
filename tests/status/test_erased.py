"""What is erased stays in the figures of its days, and in no balance after them."""

import pytest

from server.keeping import erasure
from tests.status.test_status import status
from tests.support.clock import DAY_MS
from tests.support.county import FAR_GRID, GRID, County
from tests.support.device import Device
from tests.support.statements import statements


def test_an_erased_dispute_goes_off_the_books(county: County, wang: Device, tang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    county.clock.pass_ms(10 * DAY_MS)
    assert status(tang)["counts"]["overdue"] == 1
    erasure.erase(county.center, "dispute", fence, "依申请")
    found = status(tang)["counts"]
    assert (found["carried_in"], found["erased"], found["carried_out"], found["overdue"]) == (1, 1, 0, 0)
    assert status(tang, **{"from": "2026-11-01"})["counts"]["received"] == 1


def test_an_erased_household_is_not_to_be_visited_any_more(county: County, wang: Device, tang: Device) -> None:
    homes = [wang.create("household", unit=GRID) for _ in range(2)]
    for home in homes:
        wang.create("visit", household=home, unit=GRID)
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    erasure.erase(county.center, "household", homes[0], "依申请")
    found = status(tang)
    assert found["measures"]["visit_coverage"] == {"numerator": 1, "denominator": 1}
    assert found["counts"]["visits"] == 2
    county.clock.pass_ms(400 * DAY_MS)
    assert status(tang)["measures"]["visit_coverage"] == {"numerator": 0, "denominator": 1}


@pytest.mark.parametrize("kind", ["household", "dispute", "visit"])
def test_a_refused_creation_that_is_erased_was_never_counted(
    county: County, wang: Device, tang: Device, kind: str
) -> None:
    home = wang.create("household", unit=GRID)
    link = {"household": home} if kind == "visit" else {}
    made = wang.create(kind, unit=FAR_GRID, **link)
    assert wang.sync().outcome(made)["code"] == "not-allowed"
    before = status(tang)["counts"]
    assert erasure.erase(county.center, kind, made, "依申请")
    assert status(tang)["counts"] == before


def test_what_is_erased_twice_is_counted_once(county: County, wang: Device, tang: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    erasure.erase(county.center, "household", home, "依申请")
    wang.post(wang.body([b'{"id":"' + home.encode() + b'"']))
    assert county.differences() == []
    assert status(tang)["counts"]["households"] == 0


def test_a_change_of_what_does_not_count_reads_no_history(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.change("dispute", fence, status="accepted")
    wang.sync()
    wang.catch_up()
    asked = []
    for values in ({"place": "渠边"}, {"routes_told": True}):
        wang.change("dispute", fence, **values)
        with statements(county.center.engine) as said:
            wang.sync()
        asked.append([each for each in said if "instr(" in each or "position(" in each])
        wang.catch_up()
    assert [len(each) for each in asked] == [0, 1]
