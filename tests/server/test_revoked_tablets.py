"""A revoked tablet hands over what it owes in as many requests as it takes, also to a server that was restored."""

from server import administration
from tests.support.county import GRID, County
from tests.support.databases import Databases
from tests.support.device import Device


def test_a_tablet_that_never_synced_hands_over_in_several_requests(county: County, wang: Device) -> None:
    owed = [wang.create("household", unit=GRID) for _ in range(5)]
    administration.revoke(county.center, wang.tablet)

    answers = [wang.sync(batch=2) for _ in range(3)]

    assert [answer.head["replay"] for answer in answers] == [False, False, False]
    assert {edit: wang.outcomes[edit]["code"] for edit in owed} == dict.fromkeys(owed, "tablet-revoked")


def test_after_a_restore_it_is_told_once_to_begin_again(county: County, databases: Databases, wang: Device) -> None:
    county.center.engine.dispose()
    with databases.database(county.url) as restored:
        wang.create("household", unit=GRID)
        wang.sync()
        county.stop()
        county.url = restored
        county.start()
        wang.http = county.http
        administration.revoke(county.center, wang.tablet)
        owed = [wang.create("household", unit=GRID) for _ in range(4)]

        answers = [wang.sync(batch=2) for _ in range(2)]

        assert [answer.head["replay"] for answer in answers] == [True, False]
        assert {edit: wang.outcomes[edit]["code"] for edit in owed} == dict.fromkeys(owed, "tablet-revoked")
        assert county.differences() == []
        county.is_checked = False
        county.stop()
