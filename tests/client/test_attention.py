"""Refused and held edits: kept, shown, mended or discarded."""

from collections.abc import Callable

import pytest

from client_sdk import DealtWithError, Held, InvalidError, RecordUnknownError, Refused
from sync.codes import Code
from tests.client.center import GRID, OTHER_GRID, Center
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, last_line, sync


def refused(worker: Worker) -> Refused:
    (item,) = worker.tablet.attention
    assert isinstance(item, Refused)
    return item


def test_a_refused_creation_waits_to_be_mended_and_its_children_find_it(wang: Worker, center: Center) -> None:
    made = dispute(wang, unit=OTHER_GRID)
    entry = wang.tablet.entries.create(dispute=made, kind="note", text="x")
    wang.tablet.disputes.change(made, title="Drain")
    report = wang.tablet.sync()
    assert (report.sent, report.refused, report.held) == (3, 1, 2)
    assert wang.tablet.disputes.get(made) is None
    assert [type(item) for item in wang.tablet.attention] == [Refused, Held, Held]
    item = wang.tablet.attention[0]
    assert isinstance(item, Refused)
    assert (item.code, item.type, item.do, item.record, item.values["title"]) == (
        "not-allowed",
        "dispute",
        "create",
        made.id,
        "Fence",
    )
    assert item.zh
    assert item.en
    mended = item.mend(unit=GRID)
    line = last_line(wang)
    assert (line["mends"], line["now"]["unit"], list(line)[-2:]) == (made.id, GRID, ["mends", "now"])
    assert (mended.id, mended.title, mended.unit) == (made.id, "Drain", GRID)
    assert line["now"]["title"] == "Drain", "as the change says that waits for it"
    report = wang.tablet.sync()
    assert (report.refused, wang.tablet.attention) == (0, [])
    document = center.document("dispute", made.id)
    assert document is not None
    assert document["title"] == "Drain"
    assert center.document("entry", entry.id) is not None
    with pytest.raises(DealtWithError):
        item.mend(unit=GRID)
    with pytest.raises(DealtWithError):
        item.discard()


def test_mending_says_the_last_word_over_changes_that_waited(wang: Worker, center: Center) -> None:
    made = dispute(wang, unit=OTHER_GRID)
    wang.tablet.disputes.change(made, title="Drain", status="accepted")
    sync(wang)
    item = wang.tablet.attention[0]
    assert isinstance(item, Refused)
    assert item.mend(unit=GRID, title="Wall").title == "Wall"
    assert wang.tablet.sync().conflicts == 0
    document = center.document("dispute", made.id)
    assert document is not None
    assert (document["title"], document["unit"], document["status"]) == ("Wall", GRID, "reported")
    assert wang.tablet.conflicts.open() == []


def test_a_creation_mended_wrongly_is_mended_again_under_its_first_id(wang: Worker, center: Center) -> None:
    made = dispute(wang, unit=OTHER_GRID)
    sync(wang)
    refused(wang).mend(title="Drain")
    sync(wang)
    again = refused(wang)
    assert again.record == made.id
    assert again.edit != made.id
    with pytest.raises(InvalidError):
        again.mend(category="nonsense")
    assert refused(wang).edit == again.edit, "what was not mended stays"
    again.mend(unit=GRID)
    sync(wang)
    document = center.document("dispute", made.id)
    assert document is not None
    assert (document["title"], document["unit"]) == ("Drain", GRID)


def test_a_refused_change_is_made_anew_on_what_is_shown_now(wang: Worker, li: Worker) -> None:
    made = dispute(wang)
    sync(wang, li)
    wang.tablet.disputes.change(made, status="declined", close_reason="x")
    li.tablet.disputes.change(made, place="渠边")
    sync(li)
    assert wang.tablet.sync().refused == 1
    found = wang.tablet.disputes.get(made)
    assert found is not None
    assert (found.status, found.close_reason, found.place) == ("reported", None, "渠边")
    item = refused(wang)
    assert (item.code, item.member) == (Code.ILLEGAL_MOVE, "status")
    assert item.zh == (
        "不能这样变更办理状态；现在是 reported（待受理）；可改为 accepted（已受理）、withdrawn（当事人撤回）；"
        "可转到层级 village（村）、township（乡镇）、county（县），状态为 reported（待受理）；"
        "只有村综治中心、乡镇综治中心、县综治中心可以指定承办"
    )
    assert item.en == (
        "The case cannot move this way; it is reported (Reported); it can become accepted (Accepted), withdrawn "
        "(Withdrawn); it can go to the tier village (Village), township (Township), county (County), as reported "
        "(Reported); only Village staff, Township staff, County staff may assign it"
    )
    item.mend(status="accepted")
    line = last_line(wang)
    assert line["was"] == {"status": "reported", "tier": "grid", "assignee": None, "close_reason": None}
    assert line["now"]["close_reason"] == "x"
    sync(wang)
    assert wang.tablet.attention == []


def test_a_refused_change_of_a_set_is_made_anew_value_by_value(wang: Worker, li: Worker, center: Center) -> None:
    made = household(wang, service_needs=["hardship", "newcomer"])
    sync(wang, li)
    wang.tablet.households.change(made, service_needs=["hardship", "left_behind_child"], unit="9999")
    li.tablet.households.change(made, service_needs=["hardship", "newcomer", "disability_support"])
    sync(li, wang)
    item = refused(wang)
    assert (item.code, item.member) == ("invalid", "unit")
    assert item.values == {"unit": "9999", "service_needs": ["left_behind_child"]}
    shown = item.mend(unit=GRID)
    line = last_line(wang)
    assert (line["add"], line["remove"], line.get("now")) == (
        {"service_needs": ["left_behind_child"]},
        {"service_needs": ["newcomer"]},
        None,
    )
    assert shown.service_needs == ["disability_support", "hardship", "left_behind_child"]


def test_mending_to_what_is_shown_already_only_takes_it_off_the_list(wang: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    wang.tablet.disputes.change(made, status="declined")
    sync(wang)
    refused(wang).mend(status="reported")
    assert (wang.tablet.waiting, wang.tablet.attention) == (0, [])


def test_a_refused_settlement_settles_when_it_is_mended(wang: Worker, li: Worker, zhao: Worker) -> None:
    made = dispute(wang)
    wang.tablet.disputes.change(made, status="accepted")
    sync(wang, li)
    wang.tablet.disputes.change(made, status="mediating")
    li.tablet.disputes.change(made, status="withdrawn")
    sync(wang, li, zhao)
    zhao.tablet.conflicts.open()[0].settle("closed")
    sync(zhao)
    item = refused(zhao)
    assert item.code == "illegal-move"
    assert len(zhao.tablet.conflicts.open()) == 1
    item.mend(status="mediating")
    assert (last_line(zhao)["settles"], last_line(zhao)["now"]["status"]) == (["status"], "mediating")
    sync(zhao)
    assert not [*zhao.tablet.attention, *zhao.tablet.conflicts.open()]


def test_what_is_discarded_stays_in_the_history_alone(wang: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    wang.tablet.disputes.change(made, status="declined")
    sync(wang)
    refused(wang).discard()
    assert wang.tablet.attention == []
    assert [deed.state for deed in wang.tablet.disputes.history(made)] == ["acked", "discarded"]


def test_a_change_of_a_record_that_left_cannot_be_mended_but_discarded(wang: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    wang.tablet.disputes.change(made, status="declined")
    sync(wang)
    wang.tablet._desk.store.run("DELETE FROM view")
    with pytest.raises(RecordUnknownError):
        refused(wang).mend(status="accepted")
    refused(wang).discard()


def test_nothing_is_mended_on_a_tablet_that_was_wiped_meanwhile(wang: Worker) -> None:
    dispute(wang, unit=OTHER_GRID)
    sync(wang)
    item = refused(wang)
    wang.tablet._desk.store.wipe()
    with pytest.raises(DealtWithError):
        item.mend(unit=GRID)


def test_one_refused_edit_blocks_nothing(worker: Callable[[str], Worker], center: Center) -> None:
    wang = worker("wang")
    for number in range(6):
        dispute(wang, unit=OTHER_GRID if number == 2 else GRID)
    report = wang.tablet.sync()
    assert (report.sent, report.refused, report.received) == (6, 1, 5)
    assert wang.tablet.waiting == 0


def test_an_outcome_with_a_code_of_a_newer_center_is_shown_with_what_it_says(wang: Worker) -> None:
    made = dispute(wang)
    sync(wang)
    wang.tablet.disputes.change(made, status="declined")
    sync(wang)
    wang.tablet._desk.store.run("UPDATE outbox SET code = 'moon-phase', zh = NULL, en = NULL WHERE state = 'refused'")
    assert (refused(wang).code, refused(wang).en) == ("moon-phase", "The center gave no reason")


def test_of_an_illegal_start_it_is_said_how_a_new_one_starts(wang: Worker) -> None:
    dispute(wang, status="accepted")
    sync(wang)
    assert refused(wang).zh == "不能这样变更办理状态；新登记的应为 reported（待受理）"
    assert refused(wang).en == "The case cannot move this way; a new one starts as reported (Reported)"


def test_who_may_assign_and_reopen_is_told_so(wang: Worker, zhao: Worker) -> None:
    made = dispute(wang)
    sync(wang, zhao)
    zhao.tablet.disputes.change(made, status="performed")
    sync(zhao)
    assert "declined (Declined), merged (Merged), withdrawn" in refused(zhao).en
    assert "assign" not in refused(zhao).en
