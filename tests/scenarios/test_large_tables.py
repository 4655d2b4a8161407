"""A table of ten thousand households, three of them wrong; and what a tablet sees of it."""

import pytest

from server import administration
from server.administration import Asked, Row, Sheet
from tests.support.county import COUNTY, GRID, NEXT_GRID, County
from tests.support.device import Device
from tests.support.statements import statements

ROWS = 10_000
WRONG = {17: {"unit": "990199"}, 5_000: {"address": ""}, 9_999: {"phone": "none"}}


def home(number: int) -> Row:
    cells = {"unit": GRID if number % 10 else NEXT_GRID, "door_no": f"{number}号", "address": f"柳沟{number}号"}
    cells |= WRONG.get(number, {})
    return Row(number + 1, {name: text for name, text in cells.items() if text})


@pytest.fixture
def chen(county: County) -> str:
    return county.hire("陈和", "county_staff", COUNTY)


def test_three_bad_rows_among_ten_thousand(county: County, wang: Device, chen: str) -> None:
    sheet = Sheet([home(number) for number in range(1, ROWS + 1)])
    told = administration.import_households(county.center, sheet, Asked(), chen)
    assert (told.loaded, told.bad_rows, [fault.row for fault in told.faults]) == (False, 3, [18, 5_001, 10_000])
    assert administration.figures(county.center)["households"] == 0

    done = administration.import_households(county.center, sheet, Asked(skip_bad=True), chen)
    assert (done.loaded, done.added, done.bad_rows) == (True, ROWS - 3, 3)
    assert administration.figures(county.center)["households"] == ROWS - 3

    again = administration.import_households(county.center, sheet, Asked(skip_bad=True), chen)
    assert (again.added, again.same) == (0, ROWS - 3)
    wang.catch_up()
    assert len(wang.all("household")) == ROWS - 1_000 - 2, "the worker's own grid, page by page"


@pytest.mark.parametrize("rows", [1, 400])
def test_units_and_people_come_in_bulk(county: County, rows: int) -> None:
    """The number of statements does not grow with the table."""
    units = Sheet([Row(n, {"code": f"x{n}", "name": f"组{n}", "parent": COUNTY}) for n in range(rows)])
    people = Sheet([Row(n, {"id": f"p{n}", "name": "张三", "role": "网格员", "unit": f"x{n}"}) for n in range(rows)])
    with statements(county.center.engine) as said:
        assert administration.import_units(county.center, units, Asked()).added == rows
        assert administration.import_people(county.center, people, Asked()).added == rows
    assert len(said) < 45
