"""A center restored from a backup: the tablets heal it, and lose nothing of what only it had."""

import pytest

from client_sdk import OfflineError, Refused
from client_sdk.schema import Meta
from sync.limits import RETENTION_DAYS
from tests.client.center import GRID, OTHER_GRID, Center, answer_cut, request_lost
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, sync, visit

DAY_MS = 24 * 60 * 60 * 1000


def test_what_the_center_forgot_is_sent_again(wang: Worker, center: Center) -> None:
    old = dispute(wang)
    sync(wang)
    yesterday = center.backup()
    wang.tablet.disputes.change(old, title="Drain")
    new = dispute(wang, title="New")
    sync(wang)
    center.restore(yesterday)
    before = wang.tablet.disputes.list()
    report = wang.tablet.sync()
    assert report.sent == 3
    assert wang.tablet.disputes.list() == before
    assert [center.document("dispute", each.id) for each in (old, new)] == [each.document for each in before]
    assert wang.tablet.set_aside == []
    assert wang.tablet.sync().sent == 0, "once is enough"


def test_work_of_others_that_nobody_sends_again_is_set_aside_until_somebody_does(
    wang: Worker, li: Worker, center: Center
) -> None:
    yesterday = center.backup()
    theirs = dispute(li, title="Theirs")
    sync(li, wang)
    center.restore(yesterday)
    sync(wang)
    assert wang.tablet.disputes.list() == []
    assert [(each.id, each.title) for each in wang.tablet.set_aside] == [(theirs.id, "Theirs")]
    sync(li, wang)
    assert [each.id for each in wang.tablet.disputes.list()] == [theirs.id]
    assert wang.tablet.set_aside == []


def test_what_was_doubted_when_the_center_was_restored_is_set_aside_too(
    wang: Worker, li: Worker, center: Center
) -> None:
    """A drift was found, and the network went before it was repaired."""
    yesterday = center.backup()
    theirs = dispute(li, title="Theirs")
    sync(li, wang)
    desk = wang.tablet._desk
    desk.views.doubt([f"unit:{GRID}"])
    desk.store.put_meta(Meta.AGAIN, f'["unit:{GRID}"]')
    center.restore(yesterday)
    sync(wang)
    assert [each.id for each in wang.tablet.set_aside] == [theirs.id]
    assert desk.store.meta(Meta.AGAIN) is None


@pytest.mark.parametrize("is_told", [True, False])
def test_what_has_left_the_scope_is_not_set_aside(wang: Worker, li: Worker, center: Center, is_told: bool) -> None:
    """The center has it still; this person has moved. Where the center does not say so, nothing is dropped."""
    theirs = dispute(li, title="Theirs")
    sync(li, wang)
    center.restore(center.backup())
    center.move("wang", OTHER_GRID)
    center.lost_keys.clear()  # A feed that begins anew tells of no lost key.
    if not is_told:
        wang.link.faults.extend([lambda request, deliver: deliver(request), request_lost])
    sync(wang)
    assert wang.tablet.disputes.list() == []
    assert [each.id for each in wang.tablet.set_aside] == ([] if is_told else [theirs.id])
    assert wang.tablet.scope[-1] == f"unit:{OTHER_GRID}" if is_told else f"unit:{GRID}" in wang.tablet.scope


def test_a_replay_that_breaks_off_is_finished_later(wang: Worker, center: Center) -> None:
    yesterday = center.backup()
    made = [dispute(wang, title=str(number)) for number in range(4)]
    sync(wang)
    center.restore(yesterday)
    wang.tablet._loop.lines_max = 2
    wang.link.faults.extend([lambda request, deliver: deliver(request)] * 2 + [answer_cut] * 4)
    with pytest.raises(OfflineError):
        wang.tablet.sync()
    assert 0 < wang.tablet.waiting < 4
    assert len(wang.tablet.disputes.list()) == 4
    tablet = wang.reopen()
    sync(wang)
    assert (tablet.waiting, tablet.set_aside) == (0, [])
    assert all(center.document("dispute", each.id) for each in made)


def test_refused_edits_stay_refused_but_what_others_build_on_is_sent_along(wang: Worker, center: Center) -> None:
    yesterday = center.backup()
    made = dispute(wang, unit=OTHER_GRID)
    alone = dispute(wang, unit=OTHER_GRID)
    sync(wang)
    item = wang.tablet.attention[0]
    assert isinstance(item, Refused)
    item.mend(unit=GRID)
    sync(wang)
    center.restore(yesterday)
    assert wang.tablet.sync().sent == 2
    assert [each.record for each in wang.tablet.attention] == [alone.id]
    assert center.document("dispute", made.id) is not None


def test_a_held_edit_is_held_again(wang: Worker, li: Worker, center: Center) -> None:
    home = household(li)
    sync(li, wang)
    yesterday = center.backup()
    made = visit(wang, home)
    sync(wang)
    yesterday.rows.clear()
    yesterday.decisions.clear()
    yesterday.world.records.clear()
    yesterday.world.known.clear()
    center.restore(yesterday)
    report = wang.tablet.sync()
    assert report.held == 1
    assert [each.edit for each in wang.tablet.attention] == [made.id]
    assert wang.tablet.visits.get(made) is not None
    sync(li)
    report = wang.tablet.sync()
    assert wang.tablet.attention == []
    assert wang.tablet.visits.get(made) is not None


def test_acknowledged_lines_are_kept_for_the_retention_time_by_the_centers_clock(wang: Worker, center: Center) -> None:
    old = dispute(wang, unit=OTHER_GRID)
    dispute(wang, unit=OTHER_GRID)
    home = household(wang)
    sync(wang)
    item = wang.tablet.attention[0]
    assert isinstance(item, Refused)
    item.discard()
    acknowledged_ms = center.clock_ms

    def kept() -> list[str]:
        return [state for (state,) in wang.tablet._desk.store.rows("SELECT state FROM outbox ORDER BY seq")]

    wang.ahead_ms = 400 * DAY_MS
    center.clock_ms = acknowledged_ms + RETENTION_DAYS * DAY_MS - 1000
    sync(wang)
    assert kept() == ["discarded", "refused", "acked"]
    center.clock_ms += 1000
    sync(wang)
    assert kept() == ["refused", "acked"], "the newest line stays"
    household(wang)
    sync(wang)
    assert kept() == ["refused", "acked"], "until another is"
    assert wang.tablet.households.get(home) is not None
    assert wang.tablet.disputes.history(old) == []
