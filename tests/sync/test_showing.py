"""What siblings show and whether they conflict, rule by rule."""

from collections.abc import Mapping
from dataclasses import fields
from typing import ClassVar

import pytest

from schemas.rules import Rule
from schemas.workflow import WORKFLOW, Workflow
from sync.conflicts import conflict
from sync.registers import Register, Sibling
from sync.showing import in_conflict, shown, shown_first
from tests.sync.lines_of import at, group


def siblings(*values: object, was: object = None) -> tuple[Sibling, ...]:
    return tuple(Sibling(f"e{n}", at(n), "wang", value, was) for n, value in enumerate(values))


@pytest.mark.parametrize("rule", [Rule.NEWEST, Rule.REVIEW, Rule.TEXT, Rule.ONCE, Rule.SERVER])
def test_the_latest_stamp_is_shown(rule: Rule) -> None:
    assert shown(siblings("a", "b"), rule, WORKFLOW) == "b"
    assert shown((), rule, WORKFLOW) is None


def test_where_the_stamps_are_equal_the_names_decide() -> None:
    twins = (Sibling("e2", at(0), "li", "b"), Sibling("e1", at(0), "wang", "a"))
    assert [each.edit for each in shown_first(twins, Rule.REVIEW, WORKFLOW)] == ["e2", "e1"]


@pytest.mark.parametrize(("rule", "disagree"), [(rule, rule in (Rule.REVIEW, Rule.TEXT)) for rule in Rule])
def test_only_what_people_review_conflicts(rule: Rule, disagree: bool) -> None:
    if rule is not Rule.WORKFLOW:
        assert in_conflict(siblings("a", "b"), rule, WORKFLOW) is disagree
        assert not in_conflict(siblings("a", "a"), rule, WORKFLOW)
        assert not in_conflict(siblings("a"), rule, WORKFLOW)


def test_a_member_is_in_a_set_where_any_sibling_says_so() -> None:
    assert shown(siblings(True, False), Rule.SET, WORKFLOW) is True
    assert shown(siblings(False, None), Rule.SET, WORKFLOW) is False
    assert [each.edit for each in shown_first(siblings(True, False), Rule.SET, WORKFLOW)] == ["e0", "e1"]


REPORTED, ACCEPTED, MEDIATING = group("reported"), group("accepted"), group("mediating")
SUSPENDED, AGREED, FAILED = group("suspended"), group("agreed"), group("failed")

Step = tuple[Mapping[str, object] | None, Mapping[str, object]]


@pytest.mark.parametrize(
    ("one", "other", "first", "disagree"),
    [
        pytest.param((MEDIATING, AGREED), (MEDIATING, AGREED), AGREED, False, id="both say the same"),
        pytest.param((REPORTED, ACCEPTED), (ACCEPTED, MEDIATING), MEDIATING, False, id="one is further along the path"),
        pytest.param(
            (None, REPORTED), (REPORTED, ACCEPTED), ACCEPTED, False, id="the creation is the start of the path"
        ),
        pytest.param((MEDIATING, SUSPENDED), (MEDIATING, AGREED), AGREED, True, id="suspended against agreed"),
        pytest.param((MEDIATING, AGREED), (MEDIATING, FAILED), FAILED, True, id="agreed against failed"),
        pytest.param((MEDIATING, FAILED), (MEDIATING, FAILED), FAILED, False, id="both failed"),
        pytest.param((MEDIATING, FAILED), (MEDIATING, group("withdrawn")), group("withdrawn"), True, id="two ends"),
        pytest.param(
            (REPORTED, group("declined")), (REPORTED, group("merged")), group("merged"), True, id="two ways out"
        ),
        pytest.param(
            (REPORTED, group("reported", assignee="person:chen")),
            (REPORTED, ACCEPTED),
            ACCEPTED,
            True,
            id="reassigned while accepted",
        ),
        pytest.param(
            (REPORTED, group("accepted", assignee="person:chen")),
            (REPORTED, group("accepted", assignee="person:wang")),
            group("accepted", assignee="person:wang"),
            True,
            id="accepted by two",
        ),
        pytest.param(
            (REPORTED, group("accepted", assignee="person:chen")),
            (group("accepted", assignee="person:chen"), group("mediating", assignee="person:chen")),
            group("mediating", assignee="person:chen"),
            True,
            id="to assign is never forward",
        ),
        pytest.param((REPORTED, group("reported", "village")), (REPORTED, ACCEPTED), ACCEPTED, True, id="escalated"),
        pytest.param((group("closed"), MEDIATING), (None, REPORTED), MEDIATING, True, id="to reopen is never forward"),
        pytest.param((SUSPENDED, MEDIATING), (MEDIATING, AGREED), AGREED, True, id="to resume is never forward"),
    ],
)
def test_steps_taken_at_once(one: Step, other: Step, first: Mapping[str, object], disagree: bool) -> None:
    both = tuple(Sibling(f"e{n}", at(n), "wang", now, was) for n, (was, now) in enumerate((one, other)))

    assert shown(both, Rule.WORKFLOW, WORKFLOW) == first
    assert in_conflict(both, Rule.WORKFLOW, WORKFLOW) is disagree
    assert in_conflict(both[::-1], Rule.WORKFLOW, WORKFLOW) is disagree


def test_three_steps_along_one_path_stand_together() -> None:
    steps = (
        Sibling("e0", at(0), "wang", ACCEPTED, REPORTED),
        Sibling("e1", at(1), "li", AGREED, MEDIATING),
        Sibling("e2", at(2), "chen", MEDIATING, ACCEPTED),
    )
    assert not in_conflict(steps, Rule.WORKFLOW, WORKFLOW)
    assert shown(steps, Rule.WORKFLOW, WORKFLOW) == AGREED


class CountedWorkflow(Workflow):
    """Counts the pairs that are compared."""

    pairs: ClassVar[int] = 0

    def comparable(self, a: str, b: str) -> bool:
        CountedWorkflow.pairs += 1
        return super().comparable(a, b)


def test_as_many_pairs_are_compared_as_there_are_different_moves() -> None:
    steps = ((REPORTED, ACCEPTED), (ACCEPTED, MEDIATING), (MEDIATING, AGREED))
    many = [Sibling(f"e{n}", at(n), "wang", steps[n % 3][1], steps[n % 3][0]) for n in range(300)]
    counted = CountedWorkflow(**{each.name: getattr(WORKFLOW, each.name) for each in fields(WORKFLOW)})

    assert not in_conflict(many, Rule.WORKFLOW, counted)
    assert CountedWorkflow.pairs == 3


def made(register: Register, rule: Rule) -> Mapping[str, object] | None:
    return conflict("dispute", "r", "summary", register, rule, WORKFLOW)


def test_where_nobody_disagrees_and_nobody_settled_there_is_no_conflict() -> None:
    assert made(Register(siblings("a")), Rule.REVIEW) is None


def test_a_conflict_lists_the_values_that_stand_shown_first() -> None:
    assert made(Register(siblings("a", "b")), Rule.REVIEW) == {
        "record_type": "dispute",
        "record": "r",
        "field": "summary",
        "status": "open",
        "siblings": [
            {"edit": "e1", "value": "b", "at": at(1), "by": "wang"},
            {"edit": "e0", "value": "a", "at": at(0), "by": "wang"},
        ],
        "settlements": [],
    }


def test_a_settled_conflict_stays_with_its_settlements() -> None:
    (sibling,) = siblings("a")
    found = made(Register((sibling,), settlements=(sibling,)), Rule.REVIEW)
    assert found is not None
    assert found["status"] == "settled"
    assert found["settlements"] == [{"edit": "e0", "value": "a", "at": at(0), "by": "wang"}]


def test_two_texts_from_one_carry_a_suggestion() -> None:
    base = "Quiet. Yes? Dog! 夜里。"
    two = siblings("Loud. Yes? Dog! 夜里。", "Quiet. Yes? Dog! 白天。", was=base)
    found = made(Register(two), Rule.TEXT)
    assert found is not None
    assert found["suggestion"] == "Loud. Yes? Dog! 白天。"


@pytest.mark.parametrize(
    "register",
    [
        Register((Sibling("e0", at(0), "wang", "a。b。", "a。"), Sibling("e1", at(1), "li", "b。a。", "b。"))),
        Register(siblings("a。", "b。")),
        Register(siblings("x。b。", "y。b。", was="a。b。")),
        Register(siblings("x。b。", "a。b。c。", "a。b。d。", was="a。b。")),
    ],
    ids=["from different texts", "from nothing", "at one place", "of three"],
)
def test_other_texts_carry_no_suggestion(register: Register) -> None:
    found = made(register, Rule.TEXT)
    assert found is not None
    assert "suggestion" not in found


def test_what_is_no_text_carries_no_suggestion() -> None:
    found = made(Register(siblings("x。b。c。", "a。b。y。", was="a。b。c。")), Rule.REVIEW)
    assert found is not None
    assert "suggestion" not in found
