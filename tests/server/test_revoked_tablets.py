"""A revoked tablet hands over what it owes in as many requests as it takes, also to a server that was restored."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from server import administration, pull
from server.pull import Read
from tests.support.answers import ProblemAnswerError
from tests.support.county import GRID, County
from tests.support.databases import Databases
from tests.support.device import Device
from tests.support.reader import answered


def test_a_tablet_that_never_synced_hands_over_in_several_requests(county: County, wang: Device) -> None:
    owed = [wang.create("household", unit=GRID) for _ in range(5)]
    administration.revoke(county.center, wang.tablet)

    answers = [wang.sync(batch=2) for _ in range(3)]

    assert [answer.head["replay"] for answer in answers] == [False, False, False]
    assert {edit: wang.outcomes[edit]["code"] for edit in owed} == dict.fromkeys(owed, "tablet-revoked")


@contextmanager
def _restored_and_revoked(county: County, databases: Databases, wang: Device) -> Iterator[None]:
    """The center stands before what the tablet handed over last, and the tablet is revoked."""
    county.center.engine.dispose()
    with databases.database(county.url) as restored:
        wang.create("household", unit=GRID)
        wang.sync()
        county.stop()
        county.url = restored
        county.start()
        wang.http = county.http
        administration.revoke(county.center, wang.tablet)
        yield
        assert county.differences() == []
        county.is_checked = False
        county.stop()


def test_after_a_restore_it_is_told_once_to_begin_again(county: County, databases: Databases, wang: Device) -> None:
    with _restored_and_revoked(county, databases, wang):
        owed = [wang.create("household", unit=GRID) for _ in range(4)]

        answers = [wang.sync(batch=2) for _ in range(2)]

        assert [answer.head["replay"] for answer in answers] == [True, False]
        assert {edit: wang.outcomes[edit]["code"] for edit in owed} == dict.fromkeys(owed, "tablet-revoked")


def test_after_a_restore_one_that_owes_nothing_is_told_so_before_it_wipes_itself(
    county: County, databases: Databases, wang: Device
) -> None:
    with _restored_and_revoked(county, databases, wang):
        answer = wang.sync()

        assert (answer.head["replay"], answer.rows, answer.last["more"]) == (True, (), True)
        with pytest.raises(ProblemAnswerError, match="tablet-revoked"):
            wang.sync()


@pytest.mark.parametrize("by", ["sync", "feed"])
def test_one_that_is_revoked_before_its_page_is_read_sees_none(
    county: County, wang: Device, li: Device, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    wang.sync()
    before = str(wang.cursor)
    li.create("household", unit=GRID)
    li.sync()
    mine = wang.create("household", unit=GRID)
    pulled: Callable[..., Iterator[bytes]] = pull.pulled

    def revoked_first(*arguments: Any) -> Iterator[bytes]:
        administration.revoke(county.center, wang.tablet)
        *others, last = arguments
        if isinstance(last, Read):
            # As where it came between the commit and the page.
            last = replace(last, directory_revision=last.directory_revision + 1)
        return pulled(*others, last)

    monkeypatch.setattr(pull, "pulled", revoked_first)
    if by == "sync":
        answer = wang.sync()
        assert wang.outcomes[mine]["result"] == "applied", "it came before"
        assert (answer.rows, wang.cursor) == ((), before)
        with pytest.raises(ProblemAnswerError, match="tablet-revoked"):
            wang.sync()
    else:
        _, last = answered(wang, "feed", cursor=before).text.splitlines()
        assert before in last
