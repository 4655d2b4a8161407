"""Two changes of a record's unit, forged so that each says it saw the other: neither stands."""

import pytest

from server.keeping import erasure
from sync import ids
from tests.support.county import FAR_GRID, GRID, NEXT_GRID, TOWNSHIP, County
from tests.support.device import Device

NAMES = ids.edit_name(1, 1), ids.edit_name(1, 2)


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize("kind", ["household", "dispute"])
def test_the_record_stands_where_it_was_created_and_is_counted_nowhere(
    county: County, wang: Device, kind: str, is_reversed: bool
) -> None:
    clerk = county.worker("孙立", TOWNSHIP, "township_staff")
    record = wang.create(kind, unit=GRID)
    child = wang.create("entry", dispute=record) if kind == "dispute" else record
    wang.sync()
    clerk.catch_up()
    changes = [
        clerk.line(do="change", type=kind, id=record, edit=name, over={"unit": [record, other]}, now={"unit": unit})
        for name, other, unit in ((*NAMES, NEXT_GRID), (*reversed(NAMES), FAR_GRID))
    ]
    for name, line in reversed(changes) if is_reversed else changes:
        assert clerk.push([line]).outcome(name)["result"] == "applied"

    wang.catch_up()
    assert wang.sees(record)
    assert wang.sees(child)
    assert {key for row in clerk.sync().rows for key in row["keys"]} == {f"unit:{GRID}"}
    assert county.differences() == []

    clerk.change(kind, record, unit=GRID)
    clerk.sync()
    wang.catch_up()
    assert wang.all(kind)[record]["unit"] == GRID
    assert county.differences() == []


def test_one_that_had_come_back_to_where_it_was_created_stands_there_from_the_beginning(
    county: County, wang: Device
) -> None:
    clerk = county.worker("孙立", TOWNSHIP, "township_staff")
    record = wang.create("household", unit=GRID)
    wang.sync()
    clerk.catch_up()
    clerk.change("household", record, unit=NEXT_GRID)
    clerk.sync()
    back = clerk.change("household", record, unit=GRID)
    clerk.sync()
    for name, other in (NAMES, NAMES[::-1]):
        over, now = {"unit": [back, other]}, {"unit": GRID}
        _, line = clerk.line(do="change", type="household", id=record, edit=name, over=over, now=now)
        assert clerk.push([line]).outcome(name)["result"] == "applied"
    assert county.differences() == []


def test_what_is_left_of_it_when_it_is_erased_is_nothing_counted(county: County, wang: Device) -> None:
    clerk = county.worker("孙立", TOWNSHIP, "township_staff")
    record = wang.create("household", unit=GRID)
    wang.sync()
    for name, other in (NAMES, NAMES[::-1]):
        over, now = {"unit": [record, other]}, {"unit": NEXT_GRID}
        _, line = clerk.line(do="change", type="household", id=record, edit=name, over=over, now=now)
        clerk.push([line])
    erasure.erase(county.center, "household", record, "本人申请")
    assert county.differences() == []
