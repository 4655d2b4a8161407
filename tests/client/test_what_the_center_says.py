"""What the center says of a request as a whole, and of the person: the tablet does as it is told, and loses nothing."""

import httpx
import pytest

from client_sdk import CenterError, EnrolAgainError, OfflineError
from sync.limits import EDITS_PER_REQUEST_MAX
from sync.scope import Assignment, Person
from tests.client.center import (
    VILLAGE,
    Center,
    answering,
    problem,
    refusing,
)
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, sync


def test_too_much_at_once_is_halved_until_it_goes_through_and_grows_again(wang: Worker, center: Center) -> None:
    for _ in range(9):
        household(wang)
    wang.link.faults.extend([refusing("too-large"), answering(lambda: httpx.Response(413, text="nginx"))])
    assert wang.tablet.sync().sent == 9
    assert [len(lines) for lines in center.lines] == [2, 2, 2, 2, 1]
    assert wang.tablet._loop.lines_max == 4
    for _ in range(9):
        sync(wang)
    assert wang.tablet._loop.lines_max == EDITS_PER_REQUEST_MAX


def test_one_line_that_is_too_large_is_the_centers_to_explain(wang: Worker) -> None:
    household(wang)
    wang.link.faults.append(refusing("too-large"))
    with pytest.raises(CenterError) as found:
        wang.tablet.sync()
    assert found.value.problem == "too-large"
    assert wang.tablet.waiting == 1


def test_a_busy_center_is_given_the_time_that_it_asks_for(wang: Worker) -> None:
    household(wang)
    wang.link.faults.extend(
        [
            refusing("slow-down", **{"Retry-After": "7"}),
            refusing("unavailable", **{"Retry-After": "Sat, 21 Nov 2015 08:00:00 GMT"}),
            answering(lambda: httpx.Response(502, text="bad gateway", headers={"Retry-After": "soon"})),
        ]
    )
    assert wang.tablet.sync().sent == 1
    assert wang.waits[0] == 7
    assert 1 <= wang.waits[1] <= 2
    assert 2 <= wang.waits[2] <= 4


def test_a_center_that_asks_for_an_hour_ends_the_sync_and_says_so(wang: Worker) -> None:
    wang.link.faults.append(refusing("slow-down", **{"Retry-After": "3600"}))
    with pytest.raises(CenterError) as found:
        wang.tablet.sync()
    assert (found.value.problem, found.value.retry_after_s, wang.waits) == ("slow-down", 3600, [])


def test_a_date_without_a_zone_asks_for_nothing(wang: Worker) -> None:
    wang.link.faults.append(refusing("slow-down", **{"Retry-After": "Sat, 21 Nov 2036 08:00:00 -0000"}))
    sync(wang)
    assert wang.waits[0] <= 1


def test_what_the_center_refuses_as_a_whole_is_told(wang: Worker) -> None:
    household(wang)
    wang.link.faults.append(refusing("invalid"))
    with pytest.raises(CenterError) as found:
        wang.tablet.sync()
    assert (found.value.problem, bool(found.value.zh), found.value.code) == ("invalid", True, "center-refused")
    assert wang.tablet.waiting == 1


def test_an_unknown_token_keeps_everything_until_the_tablet_is_enrolled_again(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    center.tokens.clear()
    center.nonces.clear()
    with pytest.raises(EnrolAgainError):
        wang.tablet.sync()
    with pytest.raises(EnrolAgainError):
        wang.tablet.me()
    again = wang.enroll("WANG")
    wang.tablet.close()
    wang.tablet = again
    assert wang.tablet.waiting == 1
    assert wang.tablet.sync().sent == 1
    assert center.document("dispute", made.id) is not None


def test_an_unknown_cursor_is_dropped_and_the_feed_read_anew(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    wang.link.faults.append(refusing("cursor-unknown"))
    report = wang.tablet.sync()
    assert (report.sent, report.received) == (0, 1)
    assert center.requests[-1].cursor is None
    assert center.requests[-1].mark is not None
    assert [each.id for each in wang.tablet.disputes.list()] == [made.id]
    assert wang.tablet.set_aside == []


def test_an_unknown_mark_is_dropped_too_and_all_is_sent_again(wang: Worker, center: Center) -> None:
    dispute(wang)
    sync(wang)
    wang.link.faults.extend([refusing("cursor-unknown")] * 2)
    assert wang.tablet.sync().sent == 1
    assert center.requests[-1].mark is None
    wang.link.faults.extend([refusing("cursor-unknown")] * 3)
    with pytest.raises(CenterError) as found:
        wang.tablet.sync()
    assert found.value.problem == "cursor-unknown"


def test_a_change_of_role_is_heard_of(wang: Worker, center: Center) -> None:
    assert wang.tablet.person == {"id": "wang", "name": "王一", "roles": ["grid_worker"]}
    center.past.world.people["wang"] = Person("wang", (Assignment("village_staff", VILLAGE),))
    wang.tablet.me()
    assert wang.tablet.person == {"id": "wang", "name": "王一", "roles": ["village_staff"]}


def test_who_one_is_and_with_whom(wang: Worker, center: Center) -> None:
    wang.link.is_up = False
    with pytest.raises(OfflineError):
        wang.tablet.me()
    wang.link.is_up = True
    center.move("wang", "5301-1-1", "5301-1-2")
    me = wang.tablet.me()
    assert me["person"]["id"] == "wang"
    assert wang.tablet.scope == ("person:wang", "unit:5301-1-1", "unit:5301-1-2")
    wang.link.is_up = False
    assert wang.tablet.me() == me
    wang.link.is_up = True
    wang.link.faults.append(refusing("unavailable"))
    with pytest.raises(CenterError):
        wang.tablet.me()
    for broken in (httpx.Response(200, content=b"<html>"), httpx.Response(200, json=[])):
        wang.link.faults.append(answering(lambda broken=broken: broken))  # type: ignore[misc]
        assert wang.tablet.me() == me
    wang.link.faults.append(answering(lambda: httpx.Response(200, json={"person": {"id": "wang"}})))
    wang.tablet.me()
    assert len(wang.tablet.scope) == 3
    assert problem("slow-down").status_code == 429
