"""Work of the very millisecond in which an assignment or a placement ends: whichever came first, it is taken."""

from collections.abc import Callable

import pytest

from server import administration
from server.administration import Period
from sync.stamps import stamp
from tests.support.clock import HOUR_MS
from tests.support.county import FAR_GRID, GRID, OTHER_VILLAGE, VILLAGE, County
from tests.support.device import Device


def worker_leaves(county: County, author: Device, _home: str) -> None:
    administration.unassign(county.center, author.person, GRID, Period())


def staff_leave(county: County, author: Device, _home: str) -> None:
    administration.unassign(county.center, author.person, VILLAGE, Period())


def grid_moves(county: County, _author: Device, _home: str) -> None:
    administration.move_unit(county.center, GRID, OTHER_VILLAGE)


def home_moves(county: County, _author: Device, home: str) -> None:
    tang = county.worker("唐明", "990101101", "township_staff")
    tang.catch_up()
    moved = tang.change("household", home, unit=FAR_GRID)
    assert tang.sync().outcome(moved)["result"] == "applied"


ENDS = [
    pytest.param(worker_leaves, "grid_worker", GRID, id="a worker leaves"),
    pytest.param(staff_leave, "village_staff", VILLAGE, id="staff leave"),
    pytest.param(grid_moves, "village_staff", VILLAGE, id="a grid moves"),
    pytest.param(home_moves, "grid_worker", GRID, id="a household moves"),
]
End = Callable[[County, Device, str], None]


@pytest.mark.parametrize("counter", [0, 1, 0xFFFF])
@pytest.mark.parametrize("is_late", [False, True], ids=["work first", "end first"])
@pytest.mark.parametrize(("end", "role", "unit"), ENDS)
def test_it_is_taken_whichever_came_first(
    county: County, wang: Device, end: End, role: str, unit: str, is_late: bool, counter: int
) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    author = county.worker("何来", unit, role)
    author.catch_up()
    county.clock.pass_ms(HOUR_MS)
    made = stamp(county.clock.now_ms, counter)
    change = {"do": "change", "type": "household", "id": home, "over": {"notes": [home]}, "was": {"notes": None}}
    note, line = author.line(**change, now={"notes": "门朝东。"}, at=made)
    if is_late:
        end(county, author, home)
        county.clock.pass_ms(HOUR_MS)
    answer = author.push([line], owes=0)
    if not is_late:
        end(county, author, home)
    assert answer.outcome(note)["result"] == "applied"


def test_a_millisecond_later_it_is_not(county: County, wang: Device) -> None:
    worker_leaves(county, wang, "")
    county.clock.pass_ms(1)
    home = wang.create("household", unit=GRID)
    assert wang.sync().outcome(home)["result"] == "refused"
