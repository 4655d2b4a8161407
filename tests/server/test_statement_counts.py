"""The number of SQL statements does not grow with the batch, and a page of the feed is one."""

from typing import Any

import pytest

from tests.support.county import GRID, NEXT_GRID, VILLAGE, County
from tests.support.device import Device
from tests.support.statements import statements

FEW, MANY = 5, 500


def said(county: County, device: Device, lines: list[bytes]) -> list[str]:
    device.catch_up()  # Whoever comes from further back is asked once more where the log was then.
    with statements(county.center.engine) as found:
        answer = device.push(lines)
    assert answer.outcomes == []
    return found


def settled(device: Device) -> None:
    """A first pull has been made, so that its key set is remembered already."""
    device.catch_up()


def homes(device: Device, count: int) -> list[bytes]:
    for _ in range(count):
        device.create("household", unit=GRID)
    return list(device.outbox.values())[-count:]


def test_new_records(county: County, wang: Device) -> None:
    settled(wang)
    few, many = said(county, wang, homes(wang, FEW)), said(county, wang, homes(wang, MANY))
    assert len(many) == len(few) < 40


def test_new_records_with_what_they_link_to(county: County, wang: Device) -> None:
    settled(wang)

    def visits(count: int) -> list[bytes]:
        before = len(wang.outbox)
        for _ in range(count // 2 + 1):
            wang.create("visit", household=wang.create("household", unit=GRID), unit=GRID)
        return list(wang.outbox.values())[before:][:count]

    assert len(said(county, wang, visits(MANY))) == len(said(county, wang, visits(FEW)))


@pytest.mark.parametrize(("field", "value"), [("head_name", "乙某"), ("unit", NEXT_GRID)])
def test_changes(county: County, field: str, value: str) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    for _ in range(FEW + MANY):
        sun.create("household", unit=GRID, head_name="甲某")
    sun.catch_up()
    found = list(sun.all("household"))
    now: dict[str, Any] = {field: value}
    edits = [sun.change("household", home, **now) for home in found]
    lines = [sun.outbox[name] for name in edits]
    assert len(said(county, sun, lines[:FEW])) == len(said(county, sun, lines[FEW:]))


def test_conflicts(county: County, wang: Device, li: Device) -> None:
    for _ in range(FEW + MANY):
        wang.create("household", unit=GRID, head_name="甲某")
    wang.catch_up()
    li.catch_up()
    found = list(wang.all("household"))
    for home in found:
        wang.change("household", home, head_name="乙某")
    wang.catch_up()
    lines = [li.outbox[li.change("household", home, head_name="丙某")] for home in found]
    counts = []
    for part in (lines[:FEW], lines[FEW:]):
        with statements(county.center.engine) as executed:
            assert {each["result"] for each in li.push(part).outcomes} == {"conflict"}
        counts.append(len(executed))
    assert counts[0] == counts[1]


def test_held_edits_that_are_released(county: County, wang: Device, li: Device) -> None:
    counts = []
    settled(wang)
    for count in (FEW, MANY // 2):
        created = [wang.line(do="create", type="household", now={"unit": GRID, "address": "东"}) for _ in range(count)]
        for name, _ in created:
            li.change("household", name, head_name="乙某")
        li.sync()
        with statements(county.center.engine) as executed:
            assert wang.push([line for _, line in created]).outcomes == []
        counts.append(len(executed))
    assert counts[0] == counts[1]


def test_lines_that_are_refused_or_known(county: County, wang: Device) -> None:
    settled(wang)

    def bad(count: int) -> list[bytes]:
        strays = [b'{"no":%d}' % number for number in range(count)]
        return strays + [wang.line(do="create", type="household", now={"unit": "nowhere"})[1] for _ in range(count)]

    counts = []
    for lines in (bad(FEW), bad(MANY // 2)):
        for _ in range(2):
            wang.catch_up()
            with statements(county.center.engine) as executed:
                assert {each["result"] for each in wang.push(lines).outcomes} == {"refused"}
            counts.append(len(executed))
    assert counts[0] == counts[2]
    assert counts[1] == counts[3]


def test_a_page_is_one_statement(county: County, wang: Device) -> None:
    for _ in range(MANY):
        wang.create("household", unit=GRID)
    wang.sync()
    settled(wang)
    with statements(county.center.engine) as few:
        wang.push([], cursor=wang.cursor)
    fresh = county.device(wang.person)
    fresh.sync(want=1)
    with statements(county.center.engine) as many:
        assert len(fresh.sync().rows) == MANY - 1
    assert len(many) == len(few)
    assert len([text for text in many if "placement" in text]) == 1
