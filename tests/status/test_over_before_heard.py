"""A dispute that was received and over before the center heard of it: its lines are taken with all the others."""

import pytest

from tests.support.county import GRID, County
from tests.support.device import Device


@pytest.mark.parametrize("end", ["withdrawn", "failed"])
def test_a_dispute_that_came_and_went_offline(county: County, wang: Device, sun: Device, end: str) -> None:
    fence = wang.create("dispute", unit=GRID)
    home = wang.create("household", unit=GRID)
    for status in ("accepted", "mediating", end):
        wang.change("dispute", fence, status=status)
    answer = wang.sync()
    assert answer.outcomes == [], "all of it was applied"
    wang.catch_up()
    assert wang.sees(home)
    found = wang.all("dispute")[fence]
    assert found["status"] == end
    assert found["case_no"] == "(2026)人调字第1号"
    assert found.get("flags", []) == (["failed_without_routes_told"] if end == "failed" else [])
