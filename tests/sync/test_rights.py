"""Who may write what, by the table, by the place of the record, and by the date of the work."""

from dataclasses import replace

import pytest

from schemas.catalog import CATALOG
from sync.admission import Admit, Refuse, Wait, judge
from sync.codes import Code
from sync.edits import Edit, read
from sync.scope import Assignment, Person, Span, Units
from sync.stamps import stamp
from tests.laws.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, PEOPLE, UNITS, VILLAGE, Center
from tests.sync.lines_of import START, at, changed, created, group, moved, name, new_name, path
from tests.sync.stories import (
    APPLIED,
    CONFLICT,
    HELD,
    REFUSED,
    arrival,
    decided,
    keys,
    outcome,
    pushed,
    released,
    shown,
)

FENCE = created("dispute")
COUNTY_ITSELF = Person("shell", may_all=True)


def with_people(**people: Person) -> Center:
    return Center(people={**PEOPLE, **people})


def judged(center: Center, line: bytes) -> object:
    edit = read(line, CATALOG)
    assert isinstance(edit, Edit)
    return judge(edit, PEOPLE[edit.by], edit.at, center.world)


# -- creations


def test_a_worker_creates_in_their_own_grid() -> None:
    assert outcome(pushed(FENCE), FENCE) == (APPLIED, None)


@pytest.mark.parametrize("by", ["li", "chen"])
def test_nobody_creates_where_they_have_no_right(by: str) -> None:
    line = created("dispute", by)
    center = pushed(line)
    assert outcome(center, line) == (REFUSED, Code.NOT_ALLOWED)
    assert decided(center, line).field == "unit"


def test_a_unit_must_be_one_of_the_countys() -> None:
    line = created("dispute", "sun", unit="999")
    center = pushed(line)
    assert (outcome(center, line), decided(center, line).field) == ((REFUSED, Code.INVALID), "unit")

    move = changed(FENCE, "sun", over={"unit": [FENCE]}, unit="999")
    center.push([FENCE, move])
    assert (outcome(center, move), decided(center, move).field) == ((REFUSED, Code.INVALID), "unit")


@pytest.mark.parametrize(
    ("now", "code"),
    [({"status": "accepted"}, Code.ILLEGAL_MOVE), ({"assignee": "person:chen"}, Code.ILLEGAL_MOVE)],
)
def test_a_dispute_begins_as_reported_and_is_assigned_by_staff(now: dict[str, str], code: Code) -> None:
    line = created("dispute", **now)
    assert outcome(pushed(line), line) == (REFUSED, code)


def test_staff_may_assign_what_they_register() -> None:
    line = created("dispute", "zhao", assignee="person:chen")
    assert keys(pushed(line), line) == {f"unit:{GRID}", "person:chen"}


def test_fields_of_the_server_and_of_the_creation_are_nobodys_to_write() -> None:
    with_number = created("dispute", case_no="(2026)人调字第12号")
    visit = created("visit", household=new_name())
    later = changed(visit, "wang", kind="visit", unit=NEXT_GRID)
    entry = created("entry", dispute=name(FENCE))
    rewritten = changed(entry, "wang", kind="entry", text="otherwise")
    center = pushed(FENCE, with_number, visit, later, entry, rewritten)

    for line, field in ((with_number, "case_no"), (later, "unit"), (rewritten, "text")):
        assert outcome(center, line) == (REFUSED, Code.NOT_ALLOWED)
        assert decided(center, line).field == field


def test_a_visit_waits_for_its_household_and_must_see_it() -> None:
    household, far = created("household"), created("household", "qian", unit=FAR_GRID)
    visit, blind = created("visit", household=name(household)), created("visit", household=name(far))
    odd = created("visit", household=name(FENCE))
    center = pushed(visit, blind, odd)
    assert outcome(center, visit) == (HELD, Code.UNKNOWN_RECORD)

    center.push([household, far, FENCE])
    assert outcome(center, visit) == (APPLIED, None)
    assert outcome(center, blind) == (HELD, Code.UNKNOWN_RECORD)
    assert outcome(center, odd) == (HELD, Code.UNKNOWN_RECORD)
    assert decided(center, blind).awaited == {f"record:{name(far)}", "person:wang"}


# -- changes


def test_a_record_out_of_reach_is_as_one_that_is_not_there() -> None:
    far = changed(FENCE, "qian", over={"title": [FENCE]}, title="Drain")
    nowhere = changed(new_name(), "qian", title="Drain")
    mistyped = changed(FENCE, "wang", kind="household", address="2 Canal Lane")
    center = pushed(FENCE, far, nowhere, mistyped)

    for line in (far, nowhere, mistyped):
        assert outcome(center, line) == (HELD, Code.UNKNOWN_RECORD)
        assert decided(center, line).field == "id"


def test_a_worker_may_not_move_a_dispute_to_another_grid() -> None:
    line = changed(FENCE, "wang", over={"unit": [FENCE]}, unit=NEXT_GRID)
    assert outcome(pushed(FENCE, line), line) == (REFUSED, Code.NOT_ALLOWED)


def test_the_field_that_is_refused_does_not_depend_on_where_the_record_stood_meanwhile() -> None:
    line = changed(FENCE, "qian", 5, over={"title": [FENCE], "unit": [FENCE]}, title="Drain", unit=FAR_GRID)
    assigned = moved(FENCE, "zhao", 3, START, group("reported", assignee="person:qian"), FENCE)
    given = changed(FENCE, "sun", 4, over={"unit": [FENCE]}, unit=FAR_GRID)

    for order in ((assigned, line, given), (assigned, given, line), (given, line, assigned)):
        center = pushed(FENCE)
        for each in order:
            center.push([each])
        assert outcome(center, line) == (REFUSED, Code.NOT_ALLOWED)
        assert decided(center, line).field == "unit"


def test_the_mediators_of_a_village_settle_in_it_and_write_what_is_assigned_to_them() -> None:
    settles = changed(FENCE, "chen", 5, over={"title": [FENCE]}, settles=["title"], title="Drain")
    writes = changed(FENCE, "chen", 5, over={"place": [FENCE]}, place="渠边")
    moves = changed(FENCE, "chen", 5, over={"unit": [FENCE]}, settles=["unit"], unit=NEXT_GRID)
    center = pushed(FENCE, settles, writes, moves)
    assert outcome(center, settles) == (APPLIED, None)
    assert outcome(center, writes) == (HELD, Code.UNKNOWN_RECORD)
    assert outcome(center, moves) == (REFUSED, Code.NOT_ALLOWED)

    center.push([moved(FENCE, "zhao", 4, START, group("reported", assignee="body:committee"), FENCE)])
    assert outcome(center, writes) == (APPLIED, None)


def test_staff_settle_in_their_own_unit_alone() -> None:
    def settling(by: str) -> bytes:
        return changed(FENCE, by, over={"title": [FENCE]}, settles=["title"], title="Drain")

    lines = {by: settling(by) for by in ("zhao", "sun", "far", "ma")}
    center = with_people(
        far=Person("far", (Assignment("village_staff", OTHER_VILLAGE),)),
        ma=Person("ma", (Assignment("county_staff", COUNTY),)),
    )
    center.push([FENCE, *lines.values()])

    assert {by: outcome(center, line)[0] for by, line in lines.items()} == {
        "zhao": APPLIED,
        "sun": APPLIED,
        "far": HELD,
        "ma": APPLIED,
    }


def test_a_worker_settles_once_it_is_theirs_and_till_then_it_is_held() -> None:
    settles = changed(FENCE, "wang", 5, over={"title": [FENCE]}, settles=["title"], title="Drain")
    center = pushed(FENCE, settles)
    assert outcome(center, settles) == (HELD, Code.NOT_ALLOWED)
    assert decided(center, settles).awaited == {f"record:{name(FENCE)}", "person:wang"}

    center.push([moved(FENCE, "zhao", 4, START, group("reported", assignee="person:wang"), FENCE)])
    assert outcome(center, settles) == (APPLIED, None)


def test_an_entry_by_one_who_sees_the_dispute_in_a_role_that_writes_none() -> None:
    watcher = Person("watcher", (Assignment("admin", COUNTY),))
    entry = created("entry", "watcher", 5, dispute=name(FENCE))
    center = with_people(watcher=watcher)
    center.push([FENCE, moved(FENCE, "zhao", 4, START, group("reported", assignee="person:watcher"), FENCE), entry])

    assert outcome(center, entry) == (REFUSED, Code.NOT_ALLOWED)


# -- steps of the workflow


def test_a_step_must_start_from_what_an_admitted_edit_gave() -> None:
    accepted = moved(FENCE, "wang", 1, START, group("accepted"), FENCE)
    from_it = moved(FENCE, "wang", 2, group("accepted"), group("mediating"), accepted)
    from_nothing = moved(FENCE, "wang", 2, group("accepted"), group("mediating"))
    from_another = moved(FENCE, "wang", 2, group("accepted"), group("mediating"), FENCE)
    center = pushed(FENCE, from_it, from_nothing, from_another)
    assert outcome(center, from_it) == (HELD, Code.UNKNOWN_RECORD)
    assert decided(center, from_it).awaited == {f"edit:{name(accepted)}"}
    for line in (from_nothing, from_another):
        assert outcome(center, line) == (REFUSED, Code.ILLEGAL_MOVE)

    center.push([accepted])
    assert outcome(center, from_it) == (APPLIED, None)


def test_a_step_from_a_value_that_others_have_covered_since_is_still_a_step() -> None:
    accepted = moved(FENCE, "wang", 1, START, group("accepted"), FENCE)
    first = moved(FENCE, "wang", 2, group("accepted"), group("mediating"), accepted)
    second = moved(FENCE, "zhao", 3, group("accepted"), group("mediating"), accepted)
    in_one = pushed(FENCE, accepted, first, second)
    in_three = pushed(FENCE, accepted, first)
    in_three.push([second])

    assert outcome(in_one, second) == outcome(in_three, second) == (APPLIED, None)


def test_a_step_from_what_was_refused_is_illegal() -> None:
    bad = moved(FENCE, "wang", 1, START, group("closed"), FENCE)
    further = moved(FENCE, "sun", 2, group("closed"), group("mediating"), bad)
    center = pushed(FENCE, further)
    assert outcome(center, further) == (HELD, Code.UNKNOWN_RECORD)

    center.push([bad])
    assert outcome(center, bad) == (REFUSED, Code.ILLEGAL_MOVE)
    assert outcome(center, further) == (REFUSED, Code.ILLEGAL_MOVE)


def test_a_step_from_what_another_record_was_given_is_illegal() -> None:
    drain = created("dispute")
    theirs = moved(drain, "wang", 1, START, group("accepted"), drain)
    ours = moved(FENCE, "wang", 2, group("accepted"), group("mediating"), theirs)

    assert outcome(pushed(FENCE, drain, theirs, ours), ours) == (REFUSED, Code.ILLEGAL_MOVE)


def test_a_step_from_an_edit_whose_line_was_erased_is_illegal() -> None:
    accepted = moved(FENCE, "wang", 1, START, group("accepted"), FENCE)
    first = moved(FENCE, "wang", 2, group("accepted"), group("mediating"), accepted)
    second = moved(FENCE, "zhao", 3, group("accepted"), group("mediating"), accepted)
    center = pushed(FENCE, accepted, first)
    center.world.known[name(accepted)] = replace(center.world.known[name(accepted)], line=b"")
    center.push([second])

    assert outcome(center, second) == (REFUSED, Code.ILLEGAL_MOVE)


def closed() -> tuple[list[bytes], bytes]:
    """A dispute that went its way to closed, and the last step."""
    steps = path(FENCE, "wang", "accepted", "mediating", "agreed", "performed", "closed")
    return [FENCE, *steps], steps[-1]


def test_only_township_and_county_reopen_what_is_closed() -> None:
    steps, last = closed()
    by_zhao, by_sun = (moved(FENCE, by, 10, group("closed"), group("mediating"), last) for by in ("zhao", "sun"))
    center = pushed(*steps, by_zhao, by_sun)

    assert outcome(center, by_zhao) == (REFUSED, Code.ILLEGAL_MOVE)
    assert outcome(center, by_sun) == (APPLIED, None)
    assert shown(center, FENCE)["status"] == "mediating"


def test_a_step_that_another_placement_could_allow_is_held() -> None:
    """Hu is the grid's worker, and staff of another township: for a dispute that is theirs they may reopen."""
    hu = Person("hu", (Assignment("grid_worker", GRID), Assignment("township_staff", OTHER_VILLAGE)))
    steps, last = closed()
    reopened = moved(FENCE, "hu", 12, group("closed"), group("mediating"), last)
    center = with_people(hu=hu)
    center.push([*steps, reopened])
    assert outcome(center, reopened) == (HELD, Code.NOT_ALLOWED)

    center.push([moved(FENCE, "zhao", 11, group("closed"), group("closed", assignee="person:hu"), last)])
    assert outcome(center, reopened) == (CONFLICT, None)


# -- late work


def test_work_is_judged_by_where_the_record_stood_at_its_time() -> None:
    late = changed(FENCE, "wang", 20, over={"title": [FENCE]}, title="Drain")
    center = pushed(FENCE, changed(FENCE, "zhao", 10, over={"unit": [FENCE]}, unit=NEXT_GRID))
    ended_ms = center.receipt_ms
    center.push([late])
    assert outcome(center, late) == (APPLIED, None)

    after = changed(FENCE, "wang", over={"place": [FENCE]}, place="渠边")
    center.work([arrival(after, judged=stamp(ended_ms + 5000))])
    assert outcome(center, after) == (HELD, Code.UNKNOWN_RECORD)


def test_the_new_grids_worker_may_write_from_when_it_was_given_to_them() -> None:
    before, after = (changed(FENCE, "li", seconds, over={"title": [FENCE]}, title="Drain") for seconds in (9, 10))
    center = pushed(FENCE, before, after)
    center.push([changed(FENCE, "zhao", 10, over={"unit": [FENCE]}, unit=NEXT_GRID)])

    assert outcome(center, before) == (HELD, Code.UNKNOWN_RECORD)
    assert outcome(center, after) == (APPLIED, None)


def test_work_done_while_one_was_assigned_is_never_refused_later() -> None:
    former = Person(
        "wang", (Assignment("grid_worker", GRID, until=at(10)), Assignment("grid_worker", FAR_GRID, at(10)))
    )
    early, late = created("dispute", "wang", 10), created("dispute", "wang", 10.001)
    center = with_people(wang=former)
    center.push([early, late])

    assert outcome(center, early) == (APPLIED, None)
    assert outcome(center, late) == (REFUSED, Code.NOT_ALLOWED)


def test_a_grid_moved_under_another_village_is_its_staffs_by_date() -> None:
    units = Units({**UNITS.parents, GRID: (Span(VILLAGE, until=at(10)), Span(OTHER_VILLAGE, at(10)))})
    center = Center(units=units)
    early, late = (changed(FENCE, "zhao", seconds, over={"title": [FENCE]}, title="Drain") for seconds in (10, 10.001))
    center.push([FENCE, early, late])

    assert outcome(center, early) == (APPLIED, None)
    assert outcome(center, late) == (HELD, Code.UNKNOWN_RECORD)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        pytest.param(created("dispute", "wang", 9), Code.NOT_ALLOWED, id="a creation"),
        pytest.param(moved(FENCE, "wang", 9, START, group("declined"), FENCE), Code.ILLEGAL_MOVE, id="a step"),
    ],
)
def test_backdated_work_that_was_not_announced_is_held_and_the_county_may_let_it_go_on(line: bytes, code: Code) -> None:
    """Wang was staff till ten; a request since had said that nothing older was owed."""
    former = Person(
        "wang", (Assignment("village_staff", VILLAGE, until=at(10)), Assignment("grid_worker", GRID, at(10)))
    )
    if code is Code.NOT_ALLOWED:
        former = Person("wang", (Assignment("grid_worker", GRID, until=at(10)),))
    center = with_people(wang=former)
    center.push([created("household", "zhao"), FENCE.replace(b'"by":"wang"', b'"by":"zhao"', 1)])
    center.work([arrival(line, judged=at(20))])
    assert outcome(center, line) == (HELD, code)
    assert "person:wang" in decided(center, line).awaited

    released(center, line, COUNTY_ITSELF)
    assert outcome(center, line) == (APPLIED, None)


def test_backdated_work_that_was_never_allowed_is_refused() -> None:
    line = created("dispute", "li", 9)
    center = Center()
    center.work([arrival(line, judged=at(20))])
    assert outcome(center, line) == (REFUSED, Code.NOT_ALLOWED)


def test_backdated_work_that_would_wait_is_held_for_both() -> None:
    """Its household is not there yet, and its author has left the grid since."""
    former = Person(
        "wang", (Assignment("grid_worker", GRID, until=at(10)), Assignment("village_staff", VILLAGE, at(10)))
    )
    household = created("household", "zhao")
    line = created("entry", "wang", 9, dispute=name(household))
    center = with_people(wang=former)
    center.work([arrival(line, judged=at(20))])
    assert outcome(center, line) == (HELD, Code.UNKNOWN_RECORD)


def test_staff_let_a_held_line_go_on_by_their_own_rights() -> None:
    far = changed(FENCE, "qian", over={"title": [FENCE]}, title="Drain")
    center = pushed(FENCE, far)
    released(center, far, PEOPLE["li"])
    assert outcome(center, far) == (HELD, Code.UNKNOWN_RECORD)

    released(center, far, PEOPLE["zhao"])
    assert outcome(center, far) == (APPLIED, None)
    assert shown(center, FENCE)["title"] == "Drain"


def test_the_county_lets_a_visit_of_a_household_out_of_sight_go_on() -> None:
    household = created("household", "qian", unit=FAR_GRID)
    visit = created("visit", "wang", household=name(household))
    entry = created("entry", "qian", dispute=name(FENCE))
    center = pushed(FENCE, household, visit, entry)
    released(center, visit, COUNTY_ITSELF)
    released(center, entry, COUNTY_ITSELF)

    assert outcome(center, visit) == outcome(center, entry) == (APPLIED, None)


def test_verdicts_are_values() -> None:
    center = pushed(FENCE)
    assert isinstance(judged(center, changed(FENCE, title="Drain")), Admit)
    assert isinstance(judged(center, changed(FENCE, "qian", title="Drain")), Wait)
    assert isinstance(judged(center, changed(FENCE, case_no="7")), Refuse)
