"""A refused creation is mended by another of its author's, and the record keeps the first id."""

from dataclasses import replace

import pytest

from sync.admission import Refuse
from sync.codes import Code
from sync.scope import Assignment, Person
from sync.stamps import stamp
from tests.laws.county import FAR_GRID, GRID, PEOPLE, Center
from tests.sync.lines_of import changed, created, name, new_name
from tests.sync.stories import (
    APPLIED,
    HELD,
    REFUSED,
    arrival,
    conflicts,
    decided,
    dots,
    outcome,
    pushed,
    released,
    shown,
)

BAD = created("household", unit="no such unit")
WRONG = created("household", address=7)


def test_the_mended_record_keeps_the_first_id_and_its_children_find_it() -> None:
    visit = created("visit", household=name(WRONG))
    mend = created("household", mends=WRONG)
    center = pushed(visit, WRONG)
    assert outcome(center, visit) == (HELD, Code.UNKNOWN_RECORD)
    assert outcome(center, WRONG) == (REFUSED, Code.INVALID)

    center.push([mend])
    assert decided(center, mend).record == name(WRONG)
    assert shown(center, WRONG)["address"] == "1 Canal Lane"
    assert dots(center, WRONG) == {"*": [name(mend)]}
    assert outcome(center, visit) == (APPLIED, None)
    assert name(mend) not in center.world.records


def test_a_mend_that_comes_before_what_it_mends_waits_for_it() -> None:
    mend = created("household", mends=BAD)
    center = pushed(mend)
    assert outcome(center, mend) == (HELD, Code.UNKNOWN_RECORD)
    assert decided(center, mend).awaited == {f"edit:{name(BAD)}"}

    center.push([BAD])
    assert decided(center, mend).record == name(BAD)


def test_a_mend_waits_while_what_it_mends_is_held() -> None:
    visit = created("visit", household=new_name())
    mend = created("visit", mends=visit, household=new_name())
    center = pushed(visit, mend)
    assert outcome(center, mend) == (HELD, Code.UNKNOWN_RECORD)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_a_mend_that_was_refused_itself_is_mended_as_the_first(order: tuple[int, ...]) -> None:
    again = created("household", address=8, mends=WRONG)
    good = created("household", mends=again)
    lines = (WRONG, again, good)
    center = Center()
    for at in order:
        center.push([lines[at]])

    assert decided(center, good).record == name(WRONG)
    assert list(center.world.records) == [name(WRONG)]


def test_one_creation_mended_twice_is_one_record_with_both_as_its_beginning() -> None:
    one = created("household", "wang", 1, mends=WRONG, head_name="Gao", service_needs=["hardship"])
    other = created("household", "wang", 2, mends=WRONG, head_name="Gao Shan", phone="138 0000 0001")
    center = pushed(WRONG, one, other)

    assert shown(center, WRONG)["head_name"] == "Gao Shan"
    assert shown(center, WRONG)["service_needs"] == ["hardship"]
    assert conflicts(center, WRONG)["head_name"]["status"] == "open"
    assert dots(center, WRONG)["*"] == [name(one), name(other)]
    assert center.picture() == pushed(WRONG, other, one).picture()
    assert len(decided(center, other).conflicts) == 1


def test_a_second_beginning_that_somebody_covered_already_does_not_stand() -> None:
    one = created("household", "wang", 1, mends=WRONG, head_name="Gao")
    other = created("household", "wang", 2, mends=WRONG, head_name="Gao Shan")
    change = changed(WRONG, "wang", 3, kind="household", over={"head_name": [one, other]}, head_name="Gao Hai")
    center = pushed(WRONG, one, change, other)

    assert dots(center, WRONG)["head_name"] == [name(change)]
    assert center.picture() == pushed(WRONG, one, other, change).picture()


def test_a_second_mending_moves_no_record_that_its_author_may_not_move() -> None:
    """Hu works in two grids, and may create in both; a dispute that is there stays where it is."""
    hu = Person("hu", (Assignment("grid_worker", GRID), Assignment("grid_worker", FAR_GRID)))
    wrong = created("dispute", "hu", title=7)
    here, there = (created("dispute", "hu", 2, mends=wrong, unit=unit) for unit in (GRID, FAR_GRID))
    center = Center(people={**PEOPLE, "hu": hu})
    center.push([wrong, here, there])

    assert outcome(center, there) == (HELD, Code.NOT_ALLOWED)
    assert decided(center, there).field == "unit"
    assert shown(center, wrong)["unit"] == GRID


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [({"text": "said so"}, {"text": "never said so"}, "text"), ({}, {"kind": "session"}, "kind")],
)
def test_a_second_mending_rewrites_no_page_of_the_file(
    first: dict[str, str], second: dict[str, str], field: str
) -> None:
    fence = created("dispute")
    wrong = created("entry", dispute=name(fence), kind="rumour")
    page, rewritten, again = (
        created("entry", "wang", n, dispute=name(fence), mends=wrong, **said)
        for n, said in enumerate((first, second, first))
    )
    center = pushed(fence, wrong, page, rewritten, again)

    assert outcome(center, rewritten) == (HELD, Code.NOT_ALLOWED)
    assert decided(center, rewritten).field == field
    assert outcome(center, again) == (APPLIED, None)

    released(center, rewritten, Person("shell", may_all=True))
    assert outcome(center, rewritten) == (APPLIED, None)


def test_a_second_mending_under_a_parent_that_is_not_there_is_held() -> None:
    fence, drain = created("dispute"), created("dispute")
    wrong = created("entry", dispute=name(fence), kind="rumour")
    page = created("entry", "wang", 1, dispute=name(fence), mends=wrong)
    elsewhere = created("entry", "wang", 2, dispute=name(drain), mends=wrong)
    center = pushed(fence, drain, wrong, page)
    center.push([elsewhere])

    assert outcome(center, elsewhere) == (HELD, Code.UNKNOWN_RECORD)


def test_a_second_mending_of_a_record_that_left_its_authors_sight_is_held() -> None:
    first = created("household", mends=WRONG)
    away = changed(WRONG, "sun", 3, kind="household", over={"unit": [first]}, unit=FAR_GRID)
    center = pushed(WRONG, first, away)
    second = created("household", mends=WRONG)
    center.work([arrival(second, judged=stamp(center.receipt_ms + 5000))])

    assert outcome(center, second) == (HELD, Code.UNKNOWN_RECORD)
    assert decided(center, second).field == "mends"


def test_a_child_mended_twice_keeps_its_parent() -> None:
    fence = created("dispute")
    wrong = created("entry", dispute=name(fence), kind="rumour")
    mends = [created("entry", "wang", n, dispute=name(fence), mends=wrong) for n in (1, 2)]
    center = pushed(fence, wrong, *mends)

    assert center.parents()[name(wrong)] == name(fence)


ADMITTED = created("household")
CHANGE = changed(ADMITTED, "wang", kind="household", address=7)


def test_mending_another_authors_edit_is_answered_like_mending_one_that_is_not_there() -> None:
    theirs = created("household", "zhao", address=7)
    absent = created("household", address=7)
    center = pushed(theirs)
    answers = []
    for mended in (theirs, absent):
        mend = created("household", mends=mended)
        center = pushed(theirs, mend)
        answers.append(outcome(center, mend))
    assert answers == [(HELD, Code.UNKNOWN_RECORD)] * 2


@pytest.mark.parametrize(
    ("mended", "mend"),
    [
        pytest.param(ADMITTED, created("household", mends=ADMITTED), id="one that was admitted"),
        pytest.param(CHANGE, created("household", mends=CHANGE), id="a change"),
        pytest.param(WRONG, created("dispute", mends=WRONG), id="one of another type"),
        pytest.param(
            created("household").replace(b'"mends"', b"", 1).replace(b'"create"', b'"destroy"'), None, id="none"
        ),
    ],
)
def test_what_is_not_the_authors_own_refused_creation_is_not_mended(mended: bytes, mend: bytes | None) -> None:
    mend = mend or created("household", mends=mended)
    center = pushed(ADMITTED, mended, mend)

    assert outcome(center, mend) == (REFUSED, Code.INVALID)
    assert decided(center, mend).field == "mends"
    assert decided(center, mend).record == name(mend)
    assert list(center.world.records) == [name(ADMITTED)]


def test_creations_that_were_to_mend_each_other_are_not_mended() -> None:
    one = created("household", address=7, mends=(two_name := new_name()))
    two = created("household", address=7, mends=one, edit=two_name)
    mend = created("household", mends=one)
    center = pushed(one, two, mend)

    assert outcome(center, mend) == (REFUSED, Code.INVALID)


def test_a_creation_refused_before_it_was_judged_keeps_its_own_id() -> None:
    # It may not be by whom it says: it must not take over what that person had refused.
    theirs = created("household", mends=WRONG)
    center = pushed(WRONG)
    center.work([replace(arrival(theirs), verdict=Refuse(Code.NOT_ALLOWED, "by"))])

    assert decided(center, theirs).record == name(theirs)
