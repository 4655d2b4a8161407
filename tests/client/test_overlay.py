"""What is shown while the center's answers come: never a step back to what was there before."""

import httpx
import pytest

from client_sdk import CenterError, SyncProgress, Tablet
from client_sdk.schema import Meta
from sync import frames
from sync.frames import LastLine
from tests.client.center import Center, Deliver, answering, problem
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, sync, visit


def title(worker: Worker, record: str) -> object:
    found = worker.tablet.disputes.get(record)
    return found and found.title


def test_an_acknowledged_edit_stays_on_top_until_the_feed_has_passed_it(wang: Worker, li: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    for _ in range(5):
        household(li)
    sync(li)
    wang.tablet.disputes.change(made, title="Drain")
    wang.tablet._loop.rows_max = 2
    seen: list[tuple[object, bool]] = []

    def look(_: SyncProgress) -> None:
        found = wang.tablet.disputes.get(made)
        assert found is not None
        seen.append((found.title, found.pending))

    report = wang.tablet.sync(look)
    assert report.received == 6
    assert {shown for shown, _ in seen} == {"Drain"}
    assert [pending for _, pending in seen] == sorted((pending for _, pending in seen), reverse=True)
    assert wang.tablet._desk.outbox.overlay("dispute", made.id) == []


def test_a_page_from_before_the_edit_takes_nothing_off_the_screen(wang: Worker) -> None:
    """A center may read its pages from a copy that is a moment behind."""
    made = dispute(wang)
    sync(wang)
    cursor = wang.tablet._desk.store.meta(Meta.CURSOR) or ""

    def behind(request: httpx.Request, deliver: Deliver) -> httpx.Response:
        head = deliver(request).read().split(b"\n")[0]
        last = frames.last_line(LastLine(cursor, more=False, revision=0))
        return httpx.Response(200, content=head + b"\n" + last + b"\n")

    wang.tablet.disputes.change(made, title="Drain")
    wang.link.faults.append(behind)
    sync(wang)
    assert wang.tablet.waiting == 0
    assert title(wang, made.id) == "Drain"
    sync(wang)
    assert title(wang, made.id) == "Drain"
    assert wang.tablet._desk.outbox.overlay("dispute", made.id) == []


def test_a_sync_that_breaks_off_between_pages_goes_on_from_there(wang: Worker, li: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    for _ in range(5):
        household(li)
    sync(li)
    wang.tablet.disputes.change(made, title="Drain")
    wang.tablet._loop.rows_max = 2
    wang.link.faults.extend([lambda request, deliver: deliver(request), answering(lambda: problem("invalid"))])
    before = wang.tablet.last_sync
    with pytest.raises(CenterError):
        wang.tablet.sync()
    assert wang.tablet.waiting == 0
    assert wang.tablet.last_sync == before, "part of a sync is none"
    assert len(wang.tablet.households.list()) == 2
    assert title(wang, made.id) == "Drain"
    assert wang.reopen().sync().received == 4


def test_a_held_edit_stays_on_top_and_a_refused_one_does_not(wang: Worker, li: Worker) -> None:
    made = visit(li, household(li))  # li has not synced: the household is not at the center
    absent = made.household
    wang.tablet._desk.store.run(
        "INSERT INTO base SELECT 'household', ?, 1, '{\"address\":\"x\"}', '{}', '[\"unit:1\"]', 0", absent
    )
    wang.tablet._desk.views.refresh([("household", absent)])
    wang.tablet.households.change(absent, address="坡上")
    report = wang.tablet.sync()
    assert (report.held, report.sent) == (1, 1)
    found = wang.tablet.households.get(absent)
    assert found is not None
    assert (found.address, found.pending) == ("坡上", False)
    sync(li)
    report = wang.tablet.sync()
    assert (report.held, wang.tablet.attention) == (0, [])
    assert wang.tablet.households.list()[0].address == "坡上"


def test_own_changes_stay_over_what_others_changed_meanwhile(wang: Worker, li: Worker) -> None:
    made = dispute(wang)
    sync(wang, li)
    li.tablet.disputes.change(made, place="渠边", summary="别的。")
    sync(li)
    wang.tablet.disputes.change(made, title="Drain")
    sync(wang)
    found = wang.tablet.disputes.get(made)
    assert found is not None
    assert (found.title, found.place, found.summary) == ("Drain", "渠边", "别的。")


def test_edits_saved_while_a_sync_runs_are_shown_and_sent(wang: Worker, center: Center) -> None:
    home = household(wang)

    def save_once(tablet: Tablet) -> None:
        if not tablet.visits.list():
            visit(wang, home)

    report = wang.tablet.sync(lambda _: save_once(wang.tablet))
    assert report.sent == 2
    assert [head.owes for head in center.requests] == [0, 0]
    assert center.document("visit", wang.tablet.visits.list()[0].id) is not None


def test_fields_that_this_app_does_not_know_are_carried_along(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    center.past.rows["dispute", made.id].document["mood"] = "calm"  # type: ignore[index]
    center.past.revision += 1
    center.past.rows["dispute", made.id].revision = center.past.revision
    sync(wang)
    changed = wang.tablet.disputes.change(made, title="Drain")
    assert (changed.mood, changed.title) == ("calm", "Drain")
