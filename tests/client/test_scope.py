"""Records come and go with the scope; what is owed on them goes first; what is erased leaves nothing."""

from collections.abc import Callable

from client_sdk import Refused
from sync.codes import Code, Result
from tests.client.center import GRID, OTHER_GRID, Center, Stored
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, sync, visit


def test_a_lost_key_takes_its_records_along(worker: Callable[[str], Worker], center: Center) -> None:
    sun = worker("sun")
    here, there = household(sun, unit=GRID), household(sun, unit=OTHER_GRID)
    sync(sun)
    center.move("sun", OTHER_GRID)
    sync(sun)
    assert [each.id for each in sun.tablet.households.list()] == [there.id]
    assert sun.tablet.households.get(here) is None
    assert sun.tablet.scope == ("person:sun", f"unit:{OTHER_GRID}")


def test_what_is_owed_on_a_record_keeps_it_until_it_has_its_outcome(
    worker: Callable[[str], Worker], center: Center
) -> None:
    sun = worker("sun")
    here = household(sun, unit=GRID)
    sync(sun)
    center.move("sun", OTHER_GRID)
    sun.tablet._loop.lines_max = 1
    visit(sun, here, unit=OTHER_GRID)
    sun.tablet.households.change(here, phone="1")
    seen = []
    sun.tablet.sync(lambda progress: seen.append((progress.sent, sun.tablet.households.get(here) is not None)))
    assert (1, True) in seen
    assert seen[-1] == (2, False)
    assert [item.code for item in sun.tablet.attention] == ["unknown-record"] * 2


def test_a_record_under_two_keys_stays_while_one_is_left(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    row = center.past.rows["dispute", made.id]
    row.keys |= {"person:wang"}
    center._write(("dispute", made.id), row)
    sync(wang)
    found = wang.tablet.disputes.get(made)
    assert found is not None
    assert found.keys == ("person:wang", f"unit:{GRID}")
    center.lost_keys["wang"] = [f"unit:{GRID}"]
    sync(wang)
    found = wang.tablet.disputes.get(made)
    assert found is not None
    assert found.keys == ("person:wang",)


def test_a_record_that_moved_away_is_gone(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    row = center.past.rows["dispute", made.id]
    row.document = None
    center._write(("dispute", made.id), row)
    sync(wang)
    assert wang.tablet.disputes.list() == []
    assert [deed.state for deed in wang.tablet.disputes.history(made)] == ["acked"]


def test_what_is_erased_leaves_nothing_on_the_tablet(wang: Worker, center: Center) -> None:
    made = dispute(wang, title="Of whom nothing may stay")
    wang.tablet.disputes.change(made, status="accepted")
    sync(wang)
    wang.tablet.disputes.change(made, status="closed")
    sync(wang)
    assert len(wang.tablet.attention) == 1
    center.erase("dispute", made.id)
    sync(wang)
    assert not [*wang.tablet.disputes.list(), *wang.tablet.attention, *wang.tablet.disputes.history(made)]
    wang.tablet.close()
    for file in wang.store.parent.glob("wang.tablet*"):
        assert b"Of whom nothing may stay" not in file.read_bytes()
    wang.reopen()
    yesterday = center.backup()
    center.restore(yesterday)
    assert wang.tablet.sync().sent == 0, "what is blank is not sent again"


def test_an_edit_that_the_center_knows_as_erased_is_blanked(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    wang.tablet.disputes.change(made, title="Drain")
    wang.tablet._desk.store.run("UPDATE outbox SET unsent = 1")
    known = center.past.decisions[made.id]
    center.past.decisions[made.id] = type(known)(known.arrival, Result.REFUSED, made.id, Code.ERASED)
    sync(wang)
    assert wang.tablet.attention == []
    assert [deed.now for deed in wang.tablet.disputes.history(made)] == [{"title": "Drain"}]


def test_edits_owed_on_an_erased_record_are_still_judged_by_the_center(wang: Worker, center: Center) -> None:
    made = dispute(wang)
    sync(wang)
    center.erase("dispute", made.id)
    del center.past.world.records[made.id]
    wang.tablet.disputes.change(made, title="Drain")
    report = wang.tablet.sync()
    assert (report.sent, report.held) == (1, 1)
    assert not any(isinstance(item, Refused) for item in wang.tablet.attention)


def test_held_edits_of_others_are_records_and_no_business_of_the_outbox(wang: Worker, center: Center) -> None:
    document = {"edit": "0193f0a0-0000-7000-8000-000000000000", "by": "li", "result": "held", "code": "invalid"}
    center._write(("held", document["edit"]), Stored(0, frozenset({f"unit:{GRID}"}), {**document}))
    sync(wang)
    assert wang.tablet.attention == []
