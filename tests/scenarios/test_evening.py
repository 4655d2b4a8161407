"""The usual evening: what two tablets recorded meets at the center."""

from tests.support.county import GRID, County
from tests.support.device import Device


def test_what_one_records_the_other_sees(county: County, wang: Device, li: Device, zhao: Device) -> None:
    home = wang.create("household", unit=GRID)
    visit = wang.create("visit", household=home, unit=GRID)
    answer = wang.sync()
    assert answer.outcomes == []
    assert wang.sees(home)
    assert wang.sees(visit)
    li.catch_up()
    zhao.catch_up()
    assert li.sees(visit)
    assert not zhao.sees(home)


def test_two_workers_edit_different_fields_and_both_survive(county: County, wang: Device, li: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    li.sync()
    wang.change("dispute", fence, amount_yuan="300")
    li.change("dispute", fence, place="渠边")
    wang.sync()
    li.sync()
    wang.sync()
    for device in (wang, li):
        assert device.all("dispute")[fence].items() >= {"amount_yuan": "300", "place": "渠边"}.items()


def test_two_workers_edit_one_field_and_one_settles(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID, head_name="甲某")
    wang.sync()
    li.sync()
    wang.change("household", home, head_name="乙某")
    theirs = li.change("household", home, head_name="丙某")
    wang.sync()
    assert li.sync().outcome(theirs)["result"] == "conflict"
    sun = county.worker("孙立", GRID[:12], "village_staff")
    sun.catch_up()
    (conflict,) = sun.all("conflict").values()
    assert conflict["status"] == "open"
    assert {each["value"] for each in conflict["siblings"]} == {"乙某", "丙某"}
    sun.change("household", home, head_name="丙某", settles=["head_name"])
    assert sun.sync().outcomes == []
    for device in (wang, li):
        device.catch_up()
        assert device.all("household")[home]["head_name"] == "丙某"
        assert [each["status"] for each in device.all("conflict").values()] == ["settled"]
