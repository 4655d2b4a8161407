"""Units, keys and spans: who sees what, and when."""

import pytest

from schemas.permissions import PERMISSIONS
from sync import scope
from sync.rights import CHANGE, CREATE, SETTLE, Rights
from sync.scope import Assignment, Person, Scope, Span, Units
from sync.touches import Touch
from tests.laws.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, PEOPLE, TOWNSHIP, UNITS, VILLAGE
from tests.sync.lines_of import at

NOW = at(0)


def test_a_span_holds_from_its_beginning_up_to_its_end() -> None:
    span = Span("x", at(1), at(3))
    assert [span.holds(at(n)) for n in range(5)] == [False, True, True, False, False]
    assert Span("x").holds(at(0))
    assignment = Assignment("grid_worker", GRID, at(1), at(3))
    assert [assignment.holds(at(n)) for n in range(5)] == [False, True, True, False, False]


@pytest.mark.parametrize("span", [Span("x", at(1), at(3)), Assignment("grid_worker", GRID, at(1), at(3))])
def test_for_work_a_span_counts_to_the_end_of_the_millisecond_in_which_it_ended(span: Span | Assignment) -> None:
    last = at(3)[:-4] + "ffff"
    assert [span.counts(each) for each in (at(0), at(1), at(3), last, at(3.001))] == [False, True, True, True, False]
    assert Span("x").counts(at(9))


def test_what_ended_as_it_began_never_counts() -> None:
    assert not Assignment("grid_worker", GRID, at(3), at(3)).counts(at(3))


def test_in_the_millisecond_of_a_move_work_counts_by_the_tree_before() -> None:
    units = Units({**UNITS.parents, GRID: (Span(OTHER_VILLAGE, at(5)), Span(VILLAGE, until=at(5)))})
    assert [units.lineage(GRID, at(n), counting=True)[1] for n in (4, 5, 5.001)] == [VILLAGE, VILLAGE, OTHER_VILLAGE]
    assert units.lineage(GRID, at(5))[1] == OTHER_VILLAGE, "but whoever asks then sees it moved"


def test_the_tree_is_what_the_parents_say() -> None:
    assert list(UNITS.lineage(GRID, NOW)) == [GRID, VILLAGE, TOWNSHIP, COUNTY]
    assert list(UNITS.lineage("nowhere", NOW)) == []
    assert UNITS.under([VILLAGE, "nowhere"], NOW) == {VILLAGE, GRID, NEXT_GRID}
    assert UNITS.under([VILLAGE, GRID], NOW) == {VILLAGE, GRID, NEXT_GRID}
    assert UNITS.under([COUNTY], NOW) == set(UNITS.parents)
    assert UNITS.root == COUNTY
    assert Units({}).root is None


def test_a_unit_moved_under_another_is_under_each_in_its_time() -> None:
    units = Units({**UNITS.parents, GRID: (Span(VILLAGE, until=at(5)), Span(OTHER_VILLAGE, at(5)))})

    assert GRID in units.under([VILLAGE], at(4))
    assert GRID not in units.under([VILLAGE], at(5))
    assert units.under([OTHER_VILLAGE], at(5)) == {OTHER_VILLAGE, FAR_GRID, GRID}
    assert list(units.lineage(GRID, at(9)))[1] == OTHER_VILLAGE


def test_a_lineage_that_was_asked_for_before_is_not_that_of_another_tree_or_another_time() -> None:
    grid_moved = (Span(VILLAGE, until=at(5)), Span(OTHER_VILLAGE, at(5)))
    village_came_late = (Span(TOWNSHIP, at(5)),)
    trees = {
        "as it began": Units(UNITS.parents),
        "the grid moved": Units({**UNITS.parents, GRID: grid_moved}),
        "the village came late": Units({**UNITS.parents, VILLAGE: village_came_late}),
        "the village ended": Units({**UNITS.parents, VILLAGE: (Span(TOWNSHIP, until=at(5)),)}),
    }
    ours, theirs = (GRID, VILLAGE, TOWNSHIP, COUNTY), (GRID, OTHER_VILLAGE, TOWNSHIP, COUNTY)

    for moment in (9, 1, 9, 1):
        assert {name: tree.lineage(GRID, at(moment)) for name, tree in trees.items()} == {
            "as it began": ours,
            "the grid moved": ours if moment < 5 else theirs,
            "the village came late": ours[:2] if moment < 5 else ours,
            "the village ended": ours if moment < 5 else ours[:2],
        }


def test_a_circle_or_a_parent_that_is_not_there_ends_the_line() -> None:
    units = Units({"a": (Span("b"),), "b": (Span("a"),), "c": (Span("gone"),), "d": (Span("a", until=at(1)),)})

    assert list(units.lineage("a", NOW)) == ["a", "b"]
    assert units.under(["a"], at(2)) == {"a", "b"}
    assert list(units.lineage("c", NOW)) == ["c"]
    assert units.root is None


def of(person: Person) -> Scope:
    return scope.scope(person, UNITS, NOW)


def test_a_grid_worker_holds_their_grid_and_what_is_theirs() -> None:
    assert of(PEOPLE["wang"]) == Scope(frozenset({f"unit:{GRID}", "person:wang"}), whole=False)


def test_staff_hold_the_grids_under_their_unit_and_its_own_keys() -> None:
    units = (VILLAGE, GRID, NEXT_GRID)
    expected = {f"{kind}:{unit}" for kind in ("unit", "staff") for unit in units} | {"person:zhao"}
    assert of(PEOPLE["zhao"]) == Scope(frozenset(expected), whole=False)


def test_a_mediator_holds_what_is_assigned_to_them_or_their_body_alone() -> None:
    assert of(PEOPLE["chen"]).covers == ("body:committee", "person:chen")
    former = Person("chen", (), (Span("committee", until=at(-1)),))
    assert of(former).covers == ("person:chen",)


def test_county_staff_hold_the_whole() -> None:
    assert of(Person("ma", (Assignment("county_staff", COUNTY),))).whole
    assert not scope.scope(Person("ma"), Units({}), NOW).whole
    assert of(Person("root", (Assignment("admin", COUNTY),))).covers == ("person:root",)


def test_a_set_of_keys_has_one_name_in_every_order() -> None:
    assert scope.digest(["a", "b"]) == scope.digest({"b", "a"})
    assert scope.digest(["a"]) != scope.digest(["a", "b"])


PLACED = (Span(f"unit:{GRID}", until=at(5)), Span(f"unit:{FAR_GRID}", at(5)), Span("body:committee"))


def ties(person: str, moment: str) -> set[tuple[str, str]]:
    return set(scope.ties(PEOPLE[person], PLACED, UNITS, moment))


def test_people_reach_a_record_by_its_grid_or_as_its_assignee_while_it_stood_so() -> None:
    assert ties("wang", at(4)) == {("grid_worker", "unit")}
    assert ties("wang", at(5.001)) == set()
    assert ties("qian", at(5)) == {("grid_worker", "unit")}
    assert ties("sun", at(5)) == {("township_staff", "unit")}
    assert ties("chen", at(4)) == {("mediator", "assignee"), ("mediator", "unit")}
    assert ties("chen", at(5.001)) == {("mediator", "assignee")}
    assert set(scope.ties(PEOPLE["chen"], (Span("staff:x"),), UNITS, NOW)) == set()


def test_a_mediator_does_not_see_what_only_lies_in_their_village() -> None:
    assert not scope.sees({("mediator", "unit")})
    assert scope.sees({("mediator", "assignee")})
    assert scope.sees({("grid_worker", "unit")})
    assert not scope.sees(())
    assert scope.standing(PLACED) == {f"unit:{FAR_GRID}", "body:committee"}


def test_roles_write_together_what_one_of_them_may() -> None:
    both = Person("both", (Assignment("grid_worker", GRID), Assignment("village_staff", VILLAGE, until=at(3))))
    touches = (Touch("title", "Fence"), Touch("unit", NEXT_GRID))

    def fault(moment: str) -> str | None:
        rights = Rights(both, moment, "dispute", UNITS, PERMISSIONS)
        return rights.fault(rights.roles(rights.ties(PLACED), CHANGE), touches, CHANGE)

    assert fault(at(2)) is None
    assert fault(at(4)) == "unit"
    assert fault(at(6)) == "title"


def test_the_county_itself_may_write_anything() -> None:
    rights = Rights(Person("ma", may_all=True), NOW, "dispute", UNITS, PERMISSIONS)
    assert rights.fault(frozenset(), (Touch("unit", GRID),), CREATE) is None
    assert rights.any_ties() == frozenset()


def test_what_some_placement_could_allow() -> None:
    rights = Rights(PEOPLE["wang"], NOW, "dispute", UNITS, PERMISSIONS)
    assert rights.roles(rights.ties(PLACED), SETTLE) == frozenset()
    assert rights.roles(rights.any_ties(), SETTLE) == {"grid_worker"}
