"""Staff let a held edit go before its time: the center says what it still waits for, and nothing has changed."""

import pytest

from server import administration, holding
from server.administration import NotPossibleError
from tests.support.county import FAR_GRID, GRID, County
from tests.support.device import Device

NOT_HERE = "00000000-0000-7000-8000-000000000003"


def test_what_a_revoked_tablet_owed_is_still_for_staff_to_decide(county: County, wang: Device, li: Device) -> None:
    """Let go too early, it must not go by itself when the household comes: the tablet may be in wrong hands."""
    home, line = li.line(do="create", type="household", now={"unit": GRID, "address": "渠边路 3 号"})
    visit = wang.create("visit", household=home, unit=GRID)
    administration.revoke(county.center, wang.tablet)
    assert wang.push(list(wang.outbox.values())).outcome(visit)["code"] == "tablet-revoked"

    with pytest.raises(NotPossibleError, match=f"record:{home}"):
        holding.let_go(county.center, visit)
    (listed,) = holding.held(county.center)
    assert (listed["code"], listed["waits_for"]) == ("tablet-revoked", [])

    assert li.push([line]).outcome(home)["result"] == "applied"
    assert [each["edit"] for each in holding.held(county.center)] == [visit]
    assert holding.let_go(county.center, visit)["result"] == "applied"


def test_what_the_county_lacks_is_not_what_the_author_lacks(county: County, wang: Device, zhao: Device) -> None:
    """The county may move any dispute, but not from a state that is not here; the author may not move this one."""
    dispute = zhao.create("dispute", unit=FAR_GRID)
    zhao.sync()
    was = {"status": "declined", "tier": "village", "assignee": None}
    move = wang.change("dispute", dispute, over={"status": [NOT_HERE]}, was=was, status="reported", tier="village")
    wang.sync()
    before = holding.held(county.center)
    assert [each["waits_for"] for each in before] == [[f"person:{wang.person}", f"record:{dispute}"]]

    with pytest.raises(NotPossibleError, match=f"edit:{NOT_HERE}"):
        holding.let_go(county.center, move)
    assert holding.held(county.center) == before
    assert wang.sync().rows == (), "nothing was decided, so there is nothing to tell"
