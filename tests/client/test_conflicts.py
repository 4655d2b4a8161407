"""Two people change one thing: what a tablet shows, what its next edits name, and how it settles."""

from collections.abc import Callable

from client_sdk import Record
from sync.scope import Assignment, Person
from tests.client.center import VILLAGE, Center
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, last_line, sync, visit


def disagreement(wang: Worker, li: Worker, **values: tuple[object, object]) -> Record:
    """A dispute whose fields both change, not seeing each other; both know of it then."""
    made = dispute(wang)
    sync(wang, li)
    wang.tablet.disputes.change(made, **{field: mine for field, (mine, _) in values.items()})
    li.tablet.disputes.change(made, **{field: theirs for field, (_, theirs) in values.items()})
    sync(wang, li, wang)
    found = wang.tablet.disputes.get(made)
    assert found is not None
    return found


def test_both_values_are_there_to_choose_from(wang: Worker, li: Worker) -> None:
    made = disagreement(wang, li, title=("Drain", "Wall"))
    (conflict,) = wang.tablet.conflicts.open()
    assert (conflict.record_type, conflict.record, conflict.field) == ("dispute", made.id, "title")
    assert (conflict.mine, conflict.theirs, conflict.suggestion) == ("Drain", "Wall", None)
    assert {(each.by, each.value) for each in conflict.values} == {("wang", "Drain"), ("li", "Wall")}
    assert wang.tablet.conflicts.get(conflict.id) is not None
    assert wang.tablet.conflicts.get(made.id) is None


def test_who_may_settle_goes_by_role_tie_and_field(wang: Worker, li: Worker, zhao: Worker) -> None:
    made = disagreement(wang, li, title=("Drain", "Wall"))
    sync(zhao)
    assert [each.may_settle for each in zhao.tablet.conflicts.open()] == [True]
    zhao.tablet.disputes.change(made, assignee="person:wang")
    sync(zhao, wang, li)
    assert [each.may_settle for each in li.tablet.conflicts.open()] == [False], "of their grid alone"
    (conflict,) = wang.tablet.conflicts.open()
    assert conflict.may_settle, "assigned to them"
    conflict.field = "unit"
    assert not conflict.may_settle, "which grid it is in is for staff"


def test_who_gave_no_value_has_none(wang: Worker, li: Worker, worker: Callable[[str], Worker]) -> None:
    disagreement(wang, li, title=("Drain", "Wall"))
    sun = worker("sun")
    sync(sun)
    assert sun.tablet.conflicts.open()[0].mine is None


def test_an_ordinary_change_names_only_the_value_shown(wang: Worker, li: Worker) -> None:
    made = disagreement(wang, li, title=("Drain", "Wall"))
    shown = made.dots["title"][0]
    wang.tablet.disputes.change(made, title="Drain and pipe")
    first = last_line(wang)
    assert first["over"] == {"title": [shown]}
    wang.tablet.disputes.change(made, title="Drain, pipe")  # on top of one that the center has not seen
    assert last_line(wang)["over"] == {"title": [first["edit"]]}
    sync(wang)
    assert len(wang.tablet.conflicts.open()) == 1, "the other value still stands"


def test_settling_names_all_and_is_over_at_once_and_for_everybody(wang: Worker, li: Worker, zhao: Worker) -> None:
    made = disagreement(wang, li, title=("Drain", "Wall"))
    sync(zhao)
    (conflict,) = zhao.tablet.conflicts.open()
    settled = conflict.settle("Wall and drain")
    line = last_line(zhao)
    assert set(line["over"]["title"]) == {each.edit for each in conflict.values}
    assert (line["settles"], line["was"], line["now"]) == (
        ["title"],
        {"title": made.title},
        {"title": "Wall and drain"},
    )
    assert settled.title == "Wall and drain"
    assert zhao.tablet.conflicts.open() == [], "settled here, though the center has not heard of it"
    sync(zhao, wang)
    assert zhao.tablet.conflicts.open() == wang.tablet.conflicts.open() == []
    shown = wang.tablet.disputes.get(made)
    assert shown is not None
    assert shown.title == "Wall and drain"


def test_settling_for_the_value_shown_is_an_edit_too(wang: Worker, li: Worker, zhao: Worker) -> None:
    made = disagreement(wang, li, title=("Drain", "Wall"))
    sync(zhao)
    zhao.tablet.conflicts.open()[0].settle(made.title)
    assert zhao.tablet.waiting == 1
    assert zhao.tablet.sync().refused == 0


def test_two_changes_of_a_text_that_stand_together_are_suggested_as_one(wang: Worker, li: Worker) -> None:
    disagreement(wang, li, summary=("开头。第一句。第二句。", "第一句。第二句。结尾。"))
    assert wang.tablet.conflicts.open()[0].suggestion == "开头。第一句。第二句。结尾。"


def test_a_status_is_settled_for_either_side_or_by_its_text(
    wang: Worker, li: Worker, zhao: Worker, center: Center
) -> None:
    for choose in ("mine", "theirs", "text"):
        made = dispute(wang)
        for status in ("accepted", "mediating"):
            wang.tablet.disputes.change(made, status=status)
        sync(wang, li, zhao)
        wang.tablet.disputes.change(made, status="suspended")
        li.tablet.disputes.change(made, status="withdrawn")
        sync(wang, li, zhao)
        (conflict,) = zhao.tablet.conflicts.open()
        by_author = {each.by: each.value for each in conflict.values}
        assert by_author["wang"] == {"status": "suspended", "tier": "grid", "assignee": None}
        wanted = {"mine": by_author["wang"], "theirs": by_author["li"], "text": "mediating"}[choose]
        conflict.settle(wanted)
        report = zhao.tablet.sync()
        assert [item.en for item in zhao.tablet.attention] == []
        assert report.refused == 0
        found = center.document("dispute", made.id)
        assert found is not None
        assert found["status"] == (wanted if isinstance(wanted, str) else wanted["status"])


def test_who_has_another_role_since_the_enrolment_settles_a_status_by_it(
    wang: Worker, li: Worker, zhao: Worker, worker: Callable[[str], Worker], center: Center
) -> None:
    made = dispute(wang)
    sync(wang, zhao, li)
    zhao.tablet.disputes.change(made, status="accepted")
    zhao.tablet.disputes.change(made, status="mediating")
    center.past.world.people["li"] = Person("li", (Assignment("village_staff", VILLAGE),))
    center.clock_ms += 60_000
    sync(zhao, wang)
    zhao.tablet.disputes.change(made, status="suspended")
    wang.tablet.disputes.change(made, status="withdrawn")
    sync(zhao, wang, li)
    assert li.tablet.person["roles"] == ["grid_worker"], "as the center said when he enrolled"
    (conflict,) = li.tablet.conflicts.open()
    conflict.settle({"status": "mediating", "tier": "grid", "assignee": "person:li"})
    assert li.tablet.sync().refused == 0
    found = center.document("dispute", made.id)
    assert found is not None
    assert (found["status"], found["assignee"]) == ("mediating", "person:li")


def test_newest_and_sets_take_the_place_of_all_and_never_conflict(wang: Worker, li: Worker) -> None:
    home = household(wang)
    made = visit(wang, home)
    sync(wang, li)
    for one in (wang, li):
        one.tablet.households.change(home, phone=f"1390000{len(one.person)}")
        one.tablet.visits.change(made, purposes=["errand", "follow_up"])
    sync(wang, li, wang)
    found = wang.tablet.households.get(home)
    assert found is not None
    assert len(found.dots["phone"]) == 2
    wang.tablet.households.change(home, phone="1")
    assert last_line(wang)["over"] == {"phone": found.dots["phone"]}
    wang.tablet.visits.change(made, purposes=["errand"])
    assert len(last_line(wang)["over"]["purposes/follow_up"]) == 2
    sync(wang)
    assert wang.tablet.conflicts.open() == []


def test_equal_values_are_no_conflict_and_the_next_change_names_both(wang: Worker, li: Worker) -> None:
    made = disagreement(wang, li, title=("Same", "Same"))
    assert wang.tablet.conflicts.open() == []
    wang.tablet.disputes.change(made, title="Other")
    assert len(last_line(wang)["over"]["title"]) == 2
    sync(wang)
    assert wang.tablet.conflicts.open() == []
