"""What is left out where very many wrote is a function of the edits as well, and never of the order in which they came.

The limits are made so small here that a few edits pass them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.limits import SET_VALUES_MAX
from sync import ids, limits, lines, stamps
from sync.touches import Touch
from tests.laws.county import BEGIN_MS, GRID, received, reshuffled
from tests.laws.effort import thorough
from tests.laws.oracle import Said, told_by
from tests.laws.test_edit_graphs import Change, changes, holds, picture

HOME = ids.edit_name(BEGIN_MS, 101)
NEEDS = ("living_alone_elder", "left_behind_child", "disability_support", "hardship", "newcomer")
GIVEN = NEEDS[:2]
"""By the creation."""
SHOWN_MAX = 3


@pytest.fixture(autouse=True, scope="module")
def _small_limits() -> Iterator[None]:
    assert limits.SET_VALUES_SHOWN_MAX >= SET_VALUES_MAX
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "SIBLINGS_LISTED_MAX", 3)
        patch.setattr(limits, "SETTLEMENTS_LISTED_MAX", 2)
        patch.setattr(limits, "CONFLICT_VALUES_BYTES_MAX", len('"Fence""Drain"'))
        patch.setattr(limits, "SET_VALUES_SHOWN_MAX", SHOWN_MAX)
        yield


@thorough
@given(changes, st.integers(0, 2**32))
def test_what_a_conflict_lists_is_as_defined_in_every_order(graph: list[Change], seed: int) -> None:
    holds(graph, seed)


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of some values of a set: which, in or out, and which other changes it names."""

    values: frozenset[str]
    inside: bool
    over: frozenset[int]

    @property
    def registers(self) -> list[str]:
        return [f"service_needs/{value}" for value in sorted(self.values)]


flips = st.lists(
    st.builds(
        Flip,
        values=st.frozensets(st.sampled_from(NEEDS), min_size=1),
        inside=st.sampled_from((True, True, False)),
        over=st.frozensets(st.integers(-1, 7), max_size=4),
    ),
    min_size=1,
    max_size=8,
)


def name(number: int) -> str:
    return HOME if number < 0 else ids.edit_name(BEGIN_MS, number + 1)


def over(number: int, flip: Flip) -> tuple[str, ...]:
    return tuple(name(each) for each in sorted(flip.over) if each != number)


def creation() -> bytes:
    now = {"unit": GRID, "address": "1 Canal Lane", "service_needs": list(GIVEN)}
    head = {"edit": HOME, "schema": 1, "by": "zhao", "do": "create", "type": "household"}
    return lines.write({**head, "at": stamps.stamp(BEGIN_MS), "now": now})


def written(number: int, flip: Flip) -> bytes:
    named = over(number, flip)
    return lines.write(
        {
            "edit": name(number),
            "schema": 1,
            "by": "zhao",
            "do": "change",
            "type": "household",
            "id": HOME,
            "at": stamps.stamp(BEGIN_MS + number // 2),
            "over": dict.fromkeys(flip.registers, named) if named else None,
            "add" if flip.inside else "remove": {"service_needs": sorted(flip.values)},
        }
    )


def as_said(number: int, flip: Flip) -> Said:
    touches = {each: Touch(each, flip.inside, over(number, flip)) for each in flip.registers}
    return Said(name(number), HOME, "zhao", stamps.stamp(BEGIN_MS + number // 2), creates=False, touches=touches)


@thorough
@given(flips, st.integers(0, 2**32))
def test_which_values_of_a_set_are_shown_is_as_defined_in_every_order(graph: list[Flip], seed: int) -> None:
    all_lines = [creation(), *(written(number, flip) for number, flip in enumerate(graph))]
    center = received([all_lines])
    for order in range(4):
        assert picture(received(reshuffled(all_lines, seed + order))) == picture(center)

    told = told_by(center, all_lines, {}, {HOME: "household"})[HOME]
    assert told.document() == center.documents()[HOME]
    assert told.dots() == center.dots()[HOME]
    untouched = {need for need in GIVEN if f"service_needs/{need}" not in told.touched()}
    shown = told.document()["service_needs"]
    assert isinstance(shown, list)
    assert untouched <= set(shown)
    assert len(shown) <= SHOWN_MAX
