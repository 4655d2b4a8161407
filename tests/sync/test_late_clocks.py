"""Rights at an edit's time, where the clock that dated it was wrong."""

from sync.scope import Assignment, Person

FIRST, LATER, NOW = "2026-11-01", "2026-11-10", "2026-11-21"
WANG = Person("wang", (Assignment("grid_worker", "g2", LATER), Assignment("grid_worker", "g1", FIRST, LATER)))


def test_work_dated_before_the_first_assignment_counts_as_done_when_that_began() -> None:
    assert WANG.rights_at("1999-01-01", NOW) == FIRST


def test_work_dated_since_the_first_assignment_is_judged_by_its_own_date() -> None:
    assert WANG.rights_at("2026-11-05", NOW) == "2026-11-05"


def test_an_assignment_that_is_to_begin_gives_nothing_yet() -> None:
    newcomer = Person("li", (Assignment("grid_worker", "g1", "2026-12-01"),))
    assert newcomer.rights_at("2026-11-20", NOW) == "2026-11-20"


def test_a_person_without_assignments_is_judged_by_the_date() -> None:
    assert Person("zhao").rights_at("2026-11-20", NOW) == "2026-11-20"
