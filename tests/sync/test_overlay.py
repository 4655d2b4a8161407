"""What a tablet shows: the center's record with its own edits on top."""

from collections.abc import Mapping

from schemas.catalog import CATALOG
from sync.edits import Edit, read
from sync.overlay import View, begun, overlaid
from tests.sync.lines_of import START, changed, created, group, moved, name, new_name

FENCE = created("dispute")
HOUSEHOLD = created("household", service_needs=["hardship"])


def edit(line: bytes) -> Edit:
    found = read(line, CATALOG)
    assert isinstance(found, Edit)
    return found


def over(view: View | None, *lines: bytes) -> View:
    found = overlaid(view, [edit(line) for line in lines], CATALOG)
    assert found is not None
    return found


def based(document: Mapping[str, object], **dots: list[str]) -> View:
    return View(name(FENCE), document, dots)


def test_a_record_made_here_is_shown_at_once() -> None:
    view = over(None, HOUSEHOLD)
    assert view == View(
        name(HOUSEHOLD), {"unit": "990101101003001", "address": "1 Canal Lane", "service_needs": ["hardship"]}, {}
    )
    assert view.siblings("address") == [name(HOUSEHOLD)]


def test_a_record_begins_in_the_order_of_the_schema_its_sets_sorted_and_nothing_empty() -> None:
    needs = ["newcomer", "hardship", "newcomer"]
    line = created("household", service_needs=needs, phone=None)
    now = {"phone": None, "service_needs": needs, "address": "1 Canal Lane", "unit": "990101101003001"}
    begins = begun(name(line), CATALOG.types["household"], now)
    assert begins == over(None, line)
    assert list(begins.document) == ["unit", "address", "service_needs"]
    assert "service_needs" not in begun("a", CATALOG.types["household"], {"service_needs": []}).document


def test_edits_are_shown_in_the_order_in_which_they_were_made() -> None:
    first = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    second = changed(FENCE, over={"title": [first]}, title="Canal")
    view = over(None, FENCE, first, second)

    assert view.document["title"] == "Canal"
    assert view.dots == {"title": [name(second)]}


def test_what_the_edit_did_not_name_stands_beside_it() -> None:
    theirs = new_name()
    mine = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    view = over(based({"title": "Fence"}, title=[theirs, name(FENCE)]), mine)

    assert view.document["title"] == "Drain"
    assert view.siblings("title") == [name(mine), theirs]


def test_a_change_of_a_record_that_is_not_there_shows_nothing() -> None:
    assert overlaid(None, [edit(changed(FENCE, title="Drain"))], CATALOG) is None
    assert overlaid(None, [], CATALOG) is None


def test_what_the_feed_has_brought_back_is_not_shown_again() -> None:
    mine = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    view = based({"title": "Drain"}, title=[name(mine)])
    assert over(view, FENCE, mine) == view


def test_nor_is_what_an_edit_that_came_back_had_covered() -> None:
    first = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    second = changed(FENCE, over={"title": [first]}, title="Canal")
    third = changed(FENCE, over={"place": [FENCE]}, place="渠边")
    view = based({"title": "Canal"}, title=[name(second)])

    assert over(view, first, second, third).document == {"title": "Canal", "place": "渠边"}


def test_sets_and_the_workflow_are_shown_as_the_center_does() -> None:
    out = changed(HOUSEHOLD, kind="household", remove={"service_needs": ["hardship"]})
    added = changed(HOUSEHOLD, kind="household", add={"service_needs": ["newcomer", "living_alone_elder"]})
    assert over(None, HOUSEHOLD, out, added).document["service_needs"] == ["living_alone_elder", "newcomer"]
    assert over(View(name(HOUSEHOLD), {}, {}), added).document["service_needs"] == ["living_alone_elder", "newcomer"]

    taken = moved(FENCE, "zhao", 1, START, group("accepted", assignee="person:chen"), FENCE)
    view = over(None, FENCE, taken)
    assert {field: view.document[field] for field in ("status", "assignee")} == {
        "status": "accepted",
        "assignee": "person:chen",
    }


def test_a_value_that_is_cleared_is_left_out_and_an_unknown_field_is_carried_along() -> None:
    mine = changed(FENCE, over={"place": [FENCE]}, place=None)
    assert over(based({"of a newer app": 7, "place": "渠边", "title": "Fence"}), mine).document == {
        "title": "Fence",
        "of a newer app": 7,
    }


def test_a_mended_record_is_shown_under_its_first_id_with_the_changes_that_waited() -> None:
    first = new_name()
    mend = created("dispute", mends=first)
    waiting = changed(first, over={"title": [first]}, title="Drain")
    view = overlaid(None, [edit(waiting), edit(mend).about(first)], CATALOG)

    assert view is not None
    assert (view.id, view.document["title"]) == (first, "Drain")
    assert view.siblings("place") == [name(mend)]
    assert overlaid(view, [edit(mend).about(first)], CATALOG) == view
