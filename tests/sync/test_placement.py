"""Where a record stands and stood, by which late work is judged."""

from sync.codes import Result
from sync.placement import moved
from sync.scope import Span
from sync.stamps import BEGINNING, stamp
from tests.laws.county import FAR_GRID, GRID, NEXT_GRID, RECEIPT_MS
from tests.sync.lines_of import START, at, changed, created, group, name, new_name
from tests.sync.lines_of import moved as stepped
from tests.sync.stories import keys, pushed

NOW = stamp(RECEIPT_MS)
AFTER = NOW[:-1] + "1"
FENCE = created("dispute")


def test_a_new_record_stands_under_its_grid_from_the_beginning() -> None:
    center = pushed(FENCE)
    assert center.world.records[name(FENCE)].placement == (Span(f"unit:{GRID}"),)


def test_a_child_has_no_placement_of_its_own() -> None:
    entry = created("entry", dispute=name(FENCE))
    center = pushed(FENCE, entry)
    assert center.world.records[name(entry)].placement == ()
    assert center.world.records[name(entry)].parent == name(FENCE)


def test_a_record_moves_when_its_unit_and_its_assignee_change() -> None:
    unit = changed(FENCE, "zhao", 5, over={"unit": [FENCE]}, unit=NEXT_GRID)
    assigned = stepped(FENCE, "zhao", 6, START, group("reported", assignee="body:committee"), FENCE)
    center = pushed(FENCE, unit, assigned)
    received = stamp(center.receipt_ms)

    assert keys(center, FENCE) == {f"unit:{NEXT_GRID}", "body:committee"}
    assert set(center.world.records[name(FENCE)].placement) == {
        Span(f"unit:{GRID}", BEGINNING, received[:-1] + "1"),
        Span(f"unit:{NEXT_GRID}", at(5)),
        Span("body:committee", at(6)),
    }


def test_a_change_of_another_field_leaves_it_where_it_stands_and_stood() -> None:
    unit = changed(FENCE, "zhao", 5, over={"unit": [FENCE]}, unit=NEXT_GRID)
    center = pushed(FENCE, unit)
    before = center.world.records[name(FENCE)].placement
    title = changed(FENCE, "zhao", 6, over={"title": [FENCE]}, title="Drain")
    center.push([title])

    assert center.outcomes[name(title)].result is Result.APPLIED
    assert center.world.records[name(FENCE)].placement == before
    assert len(before) == 2


def test_a_key_given_but_not_shown_had_its_time_too() -> None:
    shown = changed(FENCE, "zhao", 7, over={"unit": [FENCE]}, unit=NEXT_GRID)
    beaten = changed(FENCE, "sun", 5, over={"unit": [FENCE]}, unit=FAR_GRID)
    center = pushed(FENCE, shown, beaten)
    received = stamp(center.receipt_ms)

    assert keys(center, FENCE) == {f"unit:{NEXT_GRID}"}
    assert Span(f"unit:{FAR_GRID}", at(5), received[:-1] + "1") in center.world.records[name(FENCE)].placement


def test_a_key_that_stands_is_left_as_it_is() -> None:
    before = (Span("unit:1", at(1)), Span("unit:0", BEGINNING, at(1)))
    assert moved(before, {"unit:1": at(1)}, {}, NOW) == before


def test_a_key_that_an_earlier_edit_gave_as_well_counts_from_there() -> None:
    assert moved((Span("person:a", at(5)),), {"person:a": at(5)}, {"person:a": at(3)}, NOW) == (
        Span("person:a", at(3)),
    )
    assert moved((), {"person:a": at(5)}, {"person:a": at(3)}, NOW) == (Span("person:a", at(3)),)


def test_what_ends_ends_just_after_it_was_received() -> None:
    ended = moved((Span("unit:1", at(1)),), {"unit:2": at(4)}, {"unit:2": at(4)}, NOW)
    assert ended == (Span("unit:1", at(1), AFTER), Span("unit:2", at(4)))
    assert ended[0].holds(NOW)


def test_a_key_that_is_given_and_gone_is_remembered_once() -> None:
    once = moved((Span("unit:1"),), {"unit:1": BEGINNING}, {"unit:2": at(4)}, NOW)
    assert once == (Span("unit:1"), Span("unit:2", at(4), AFTER))
    assert moved(once, {"unit:1": BEGINNING}, {"unit:2": at(4)}, NOW) == once
    assert moved(once, {"unit:1": BEGINNING}, {"unit:2": at(5)}, NOW) == once
    assert len(moved(once, {"unit:1": BEGINNING}, {"unit:2": at(3)}, NOW)) == 3


def test_a_key_that_comes_and_goes_by_a_clock_that_is_ahead_ends_once() -> None:
    spans: tuple[Span, ...] = (Span("unit:0"),)
    for key in ("unit:1", "unit:2", "unit:1", "unit:2"):
        spans = moved(spans, {key: NOW}, {key: NOW}, NOW)
    ended = (Span("unit:0", BEGINNING, AFTER), Span("unit:1", NOW, AFTER), Span("unit:2", NOW, AFTER))
    assert spans == (*ended, Span("unit:2", NOW))


def test_a_key_shown_again_stands_again_from_the_stamp_that_gave_it() -> None:
    before = (Span("unit:1", BEGINNING, at(9)), Span("unit:2", at(4)))
    assert moved(before, {"unit:1": BEGINNING}, {}, NOW) == (
        Span("unit:1", BEGINNING, at(9)),
        Span("unit:2", at(4), AFTER),
        Span("unit:1"),
    )


def test_a_stamp_ahead_of_the_server_places_from_its_receipt() -> None:
    ahead = changed(FENCE, "zhao", 10**6, over={"unit": [FENCE]}, unit=NEXT_GRID)
    center = pushed(FENCE, ahead)
    assert Span(f"unit:{NEXT_GRID}", stamp(center.receipt_ms)) in center.world.records[name(FENCE)].placement


def test_a_record_whose_unit_edits_all_cover_each_other_stands_where_it_was_created() -> None:
    two_name = new_name()
    one = changed(FENCE, "zhao", 1, over={"unit": [FENCE, two_name]}, unit=FAR_GRID)
    two = changed(FENCE, "zhao", 2, over={"unit": [one]}, unit=NEXT_GRID, edit=two_name)
    center = pushed(FENCE, one, two)

    assert keys(center, FENCE) == {f"unit:{GRID}"}
