"""Merging: what becomes of a record when people change it without seeing each other."""

import pytest

from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from sync import records
from sync.edits import Edit, read
from sync.registers import Fate, Named, Register, Sibling, admitted, covered, refused
from sync.touches import Touch
from tests.laws.county import Center
from tests.sync.lines_of import START, at, changed, created, group, moved, name, new_name
from tests.sync.stories import APPLIED, CONFLICT, conflicts, decided, dots, outcome, pushed, shown

FENCE = created("dispute")


def test_a_record_is_what_its_creation_says() -> None:
    household = created("household", service_needs=["newcomer", "hardship"], phone="138 0000 0001")
    center = pushed(household)

    assert shown(center, household) == {
        "unit": "990101101003001",
        "address": "1 Canal Lane",
        "phone": "138 0000 0001",
        "service_needs": ["hardship", "newcomer"],
    }
    assert list(shown(center, household)) == ["unit", "address", "phone", "service_needs"]
    assert dots(center, household) == {}
    assert center.world.records[name(household)].record.is_untouched


def test_two_people_change_different_fields_and_both_stand() -> None:
    by_wang = changed(FENCE, "wang", over={"amount_yuan": [FENCE]}, amount_yuan="300")
    by_zhao = changed(FENCE, "zhao", over={"place": [FENCE]}, place="渠边")
    center = pushed(FENCE, by_wang, by_zhao)

    assert shown(center, FENCE) | {"amount_yuan": "300", "place": "渠边"} == shown(center, FENCE)
    assert conflicts(center, FENCE) == {}
    assert dots(center, FENCE) == {"amount_yuan": [name(by_wang)], "place": [name(by_zhao)]}
    assert not center.world.records[name(FENCE)].record.is_untouched


def test_two_titles_given_at_once_conflict_and_the_later_is_shown() -> None:
    by_wang = changed(FENCE, "wang", 1, over={"title": [FENCE]}, was={"title": "Fence"}, title="Drain")
    by_zhao = changed(FENCE, "zhao", 2, over={"title": [FENCE]}, was={"title": "Fence"}, title="Canal")
    center = pushed(FENCE, by_wang, by_zhao)

    assert shown(center, FENCE)["title"] == "Canal"
    assert dots(center, FENCE) == {"title": [name(by_zhao), name(by_wang)]}
    assert conflicts(center, FENCE)["title"]["status"] == "open"
    assert outcome(center, by_wang) == (APPLIED, None)
    assert outcome(center, by_zhao) == (CONFLICT, None)
    assert len(decided(center, by_zhao).conflicts) == 1


def test_what_was_shown_before_is_kept_only_where_merging_needs_it() -> None:
    was = {"title": "Fence", "summary": "一。"}
    edit = changed(
        FENCE, "wang", over={"title": [FENCE], "summary": [FENCE]}, was=was, title="Drain", summary="一。二。"
    )
    record = pushed(FENCE, edit).world.records[name(FENCE)].record

    [title], [summary] = record.register("title").siblings, record.register("summary").siblings
    assert (title.was, summary.was) == (None, "一。")


def test_an_ordinary_edit_covers_only_the_value_it_saw_and_the_conflict_stays_open() -> None:
    by_wang = changed(FENCE, "wang", 1, over={"title": [FENCE]}, title="Drain")
    by_zhao = changed(FENCE, "zhao", 2, over={"title": [FENCE]}, title="Canal")
    later = changed(FENCE, "zhao", 3, over={"title": [by_zhao]}, title="The canal")
    center = pushed(FENCE, by_wang, by_zhao, later)

    assert shown(center, FENCE)["title"] == "The canal"
    assert conflicts(center, FENCE)["title"]["status"] == "open"


def test_settling_names_all_and_keeps_the_conflict_as_settled() -> None:
    by_wang = changed(FENCE, "wang", 1, over={"title": [FENCE]}, title="Drain")
    by_zhao = changed(FENCE, "zhao", 2, over={"title": [FENCE]}, title="Canal")
    by_sun = changed(FENCE, "sun", 3, over={"title": [by_wang, by_zhao]}, settles=["title"], title="Drain")
    center = pushed(FENCE, by_wang, by_zhao, by_sun)

    assert shown(center, FENCE)["title"] == "Drain"
    settled = conflicts(center, FENCE)["title"]
    assert settled["status"] == "settled"
    assert [each["edit"] for each in settled["settlements"]] == [name(by_sun)]
    assert outcome(center, by_sun) == (APPLIED, None)


def test_an_edit_that_names_one_still_to_come_covers_it_when_it_comes() -> None:
    first = changed(FENCE, "wang", 1, over={"title": [FENCE]}, title="Drain")
    second = changed(FENCE, "wang", 2, over={"title": [first]}, title="Drain and fence")
    center = pushed(FENCE, second)
    assert dots(center, FENCE) == {"title": [name(second), name(FENCE)]}

    center.push([first])
    assert dots(center, FENCE) == {"title": [name(second)]}
    assert center.world.records[name(FENCE)].record.register("title").remembered == frozenset()


def test_an_edit_that_was_awaited_in_another_field_is_awaited_no_more() -> None:
    elsewhere = changed(FENCE, "wang", 1, place="渠边")
    odd = changed(FENCE, "wang", 2, over={"title": [FENCE, elsewhere]}, title="Drain")
    center = pushed(FENCE, odd, elsewhere)

    assert shown(center, FENCE)["place"] == "渠边"
    assert center.world.records[name(FENCE)].record.register("title").remembered == frozenset()


@pytest.mark.parametrize("refused_first", [True, False])
def test_naming_a_refused_edit_covers_what_that_one_named(refused_first: bool) -> None:
    bad = changed(FENCE, "wang", 1, over={"title": [FENCE]}, title="Drain", category="nothing we know")
    worse = changed(FENCE, "wang", 2, over={"title": [bad]}, title="Drain", category="nothing we know")
    good = changed(FENCE, "wang", 3, over={"title": [worse]}, title="Drain and fence")
    center = Center()
    for line in [FENCE, worse, bad, good] if refused_first else [FENCE, good, worse, bad]:
        center.push([line])

    assert dots(center, FENCE) == {"title": [name(good)]}
    assert conflicts(center, FENCE) == {}


def test_a_refused_edit_may_be_named_by_many() -> None:
    bad = changed(FENCE, "wang", 1, over={"title": [FENCE], "place": [FENCE]}, title="Drain", place=7)
    titles = changed(FENCE, "wang", 2, over={"title": [bad], "place": [bad]}, title="Drain", place="渠边")
    center = pushed(FENCE, bad, titles, changed(FENCE, "zhao", 3, over={"title": [bad, titles]}, title="Canal"))

    assert conflicts(center, FENCE) == {}


@pytest.mark.parametrize("refused_first", [True, False])
def test_a_refused_edit_of_another_record_covers_nothing_here(refused_first: bool) -> None:
    drain = created("dispute")
    bad = changed(drain, "wang", 1, over={"title": [FENCE]}, title="Drain", category="nothing we know")
    odd = changed(FENCE, "wang", 3, over={"title": [bad]}, title="Canal")
    center = pushed(FENCE, drain)
    for line in [bad, odd] if refused_first else [odd, bad]:
        center.push([line])

    assert dots(center, FENCE) == {"title": [name(odd), name(FENCE)]}


@pytest.mark.parametrize("refused_first", [True, False])
def test_an_edit_that_covers_itself_through_a_refused_one_does_not_stand(refused_first: bool) -> None:
    bad_name = new_name()
    circular = changed(FENCE, "wang", 2, over={"title": [bad_name]}, title="Canal")
    bad = changed(
        FENCE, "wang", 1, over={"title": [circular]}, title="Drain", category="nothing we know", edit=bad_name
    )
    center = pushed(FENCE)
    for line in [bad, circular] if refused_first else [circular, bad]:
        center.push([line])

    assert dots(center, FENCE) == {"title": [name(FENCE)]}


def test_edits_that_name_each_other_both_fall_and_the_record_is_still_to_be_mended() -> None:
    two = new_name()
    first = changed(
        FENCE, "zhao", 1, over={"title": [two], "unit": [FENCE, two]}, title="Drain", unit="990101101003002"
    )
    covers = {"title": [first], "unit": [first]}
    second = changed(FENCE, "zhao", 2, over=covers, title="Canal", unit="990101101003002", edit=two)
    center = pushed(FENCE, first, second)

    assert shown(center, FENCE)["title"] == "Fence"
    assert "unit" not in shown(center, FENCE)
    again = changed(FENCE, "zhao", 3, over={"unit": [first]}, unit="990101101003001")
    center.push([again])
    assert outcome(center, again) == (APPLIED, None)
    assert shown(center, FENCE)["unit"] == "990101101003001"


def test_sets_keep_what_anybody_saw_reason_to_keep() -> None:
    household = created("household", service_needs=["hardship"])
    need = "service_needs/hardship"
    out = changed(
        household, "wang", 1, kind="household", over={need: [household]}, remove={"service_needs": ["hardship"]}
    )
    kept = changed(household, "zhao", 2, kind="household", add={"service_needs": ["hardship", "newcomer"]})
    center = pushed(household, out, kept)
    assert shown(center, household)["service_needs"] == ["hardship", "newcomer"]
    assert conflicts(center, household) == {}

    both = changed(
        household, "wang", 3, kind="household", over={need: [out, kept]}, remove={"service_needs": ["hardship"]}
    )
    center.push([both])
    assert shown(center, household)["service_needs"] == ["newcomer"]


def test_one_accepts_and_one_takes_it_further_and_nobody_is_bothered() -> None:
    by_wang = moved(FENCE, "wang", 1, START, group("accepted"), FENCE)
    by_zhao = moved(FENCE, "zhao", 2, START, group("accepted"), FENCE)
    further = moved(FENCE, "zhao", 3, group("accepted"), group("mediating"), by_zhao)
    center = pushed(FENCE, by_wang, by_zhao, further)

    assert shown(center, FENCE)["status"] == "mediating"
    assert conflicts(center, FENCE) == {}
    assert dots(center, FENCE) == {"status": [name(further), name(by_wang)]}


def test_one_accepts_while_another_assigns_and_staff_decide() -> None:
    by_wang = moved(FENCE, "wang", 2, START, group("accepted"), FENCE)
    by_zhao = moved(FENCE, "zhao", 1, START, group("reported", assignee="person:chen"), FENCE)
    center = pushed(FENCE, by_wang, by_zhao)

    assert shown(center, FENCE)["status"] == "accepted"
    assert "assignee" not in shown(center, FENCE)
    assert conflicts(center, FENCE)["status"]["status"] == "open"

    both = moved(
        FENCE, "zhao", 3, group("accepted"), group("accepted", assignee="person:chen"), by_wang, by_zhao, settles=True
    )
    center.push([both])
    assert shown(center, FENCE)["assignee"] == "person:chen"
    assert conflicts(center, FENCE)["status"]["status"] == "settled"


def test_a_change_of_nothing_is_no_record() -> None:
    edit = read(changed(FENCE, title="Drain"), CATALOG)
    assert isinstance(edit, Edit)
    with pytest.raises(ValueError, match="held, not admitted"):
        records.admit(None, edit, CATALOG, lambda _, __: Named(Fate.UNKNOWN))


def test_a_refused_edit_that_nobody_waits_for_changes_nothing() -> None:
    center = pushed(FENCE, changed(FENCE, "wang", 1, over={"title": [FENCE]}, title="Drain"))
    record = center.world.records[name(FENCE)].record
    register = record.register("title")

    assert refused(register, "nobody's", lambda _: Named(Fate.REFUSED)) is register
    assert records.forget_refused(record, "nobody's", lambda _, __: Named(Fate.REFUSED)) is record


def test_covering_follows_refused_edits_in_circles_without_end() -> None:
    fates = {
        "a": Named(Fate.REFUSED, ("b", "c")),
        "b": Named(Fate.REFUSED, ("a", "d")),
        "c": Named(Fate.ADMITTED, ("x",)),
        "d": Named(Fate.UNKNOWN, ("y",)),
    }
    assert covered(["a"], fates.__getitem__) == (frozenset("abcd"), frozenset("d"))


def test_what_stands_need_not_be_looked_up() -> None:
    def nobody_knows(_: str) -> Named:
        return Named(Fate.UNKNOWN)

    standing = Register((Sibling("a", at(0), "wang", "Fence"),))
    found = admitted(standing, Sibling("b", at(1), "wang", "Drain"), Touch("title", "Drain", ("a", "z")), nobody_knows)

    assert [sibling.edit for sibling in found.siblings] == ["b"]
    assert found.remembered == {"z"}


def test_an_entry_is_never_in_conflict() -> None:
    entries = [created("entry", by, n, dispute=name(FENCE), text=by) for n, by in enumerate(("wang", "zhao"))]
    center = pushed(FENCE, *entries)

    assert [shown(center, entry)["text"] for entry in entries] == ["wang", "zhao"]
    assert center.parents()[name(entries[0])] == name(FENCE)
    record = center.world.records[name(entries[0])].record
    assert records.conflicts(record, CATALOG, WORKFLOW) == {}
