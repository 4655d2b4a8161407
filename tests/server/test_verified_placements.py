"""`doorstep verify`, and records that bear the name of an edit that was held."""

from server import administration, holding
from tests.support.county import GRID, County
from tests.support.device import Device


def test_an_entry_stands_with_its_dispute_whose_creation_was_held(county: County, wang: Device, li: Device) -> None:
    dispute = wang.create("dispute", unit=GRID)
    administration.revoke(county.center, wang.tablet)
    assert wang.push(list(wang.outbox.values())).outcome(dispute)["result"] == "held"
    assert holding.let_go(county.center, dispute)["result"] == "applied"
    li.catch_up()
    entry = li.create("entry", dispute=dispute)
    assert li.sync().outcome(entry)["result"] == "applied"

    assert county.differences() == []
