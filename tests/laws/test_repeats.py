"""Sending again changes nothing, and no value that stands ever vanishes unless somebody who saw it wrote over it."""

from hypothesis import given
from hypothesis import strategies as st

from sync.codes import ADMITTED, Result
from sync.edits import Edit, read
from sync.refused import over_of_refused
from tests.laws.county import Center, received, reshuffled
from tests.laws.effort import brief
from tests.laws.histories import History, histories


@brief
@given(histories(), st.integers(0, 2**32))
def test_a_repeated_push_is_as_one(history: History, seed: int) -> None:
    once = received(reshuffled(history.lines, seed))
    before = once.picture()

    once.push(history.lines)
    once.push([*history.lines[::-1], *history.lines])

    assert once.picture() == before


@brief
@given(histories(), st.integers(0, 2**32))
def test_no_value_that_stands_vanishes_unless_an_admitted_edit_names_it(history: History, seed: int) -> None:
    center = Center()
    for batch in reshuffled(history.lines, seed):
        before = standing(center)
        center.push(batch)
        after = standing(center)

        for record, register, gone in before - after:
            assert gone in named_in_the_end(center, record, register)
        for name, decision in center.outcomes.items():
            edit = decision.arrival.line
            if decision.result in ADMITTED and isinstance(edit, Edit):
                for touch in edit.touches:
                    spot = (str(decision.record), touch.register, name)
                    assert spot in after or name in named_in_the_end(center, spot[0], touch.register)


def standing(center: Center) -> set[tuple[str, str, str]]:
    return {
        (record, register, sibling.edit)
        for record, placed in center.world.records.items()
        for register in placed.record.names
        for sibling in placed.record.register(register).siblings
    }


def named_in_the_end(center: Center, record: str, register: str) -> set[str]:
    """What admitted edits of a register name in `over`, directly or through refused ones."""
    named: set[str] = set()
    about = [each for each in center.outcomes.values() if each.record == record]
    asking = [each for each in about if each.result in ADMITTED]
    while asking:
        line = asking.pop().arrival.line
        over = set(over_of(center, line.line, register)) - named
        named |= over
        asking += [each for each in about if each.result is Result.REFUSED and each.arrival.name in over]
    return named


def over_of(center: Center, line: bytes, register: str) -> tuple[str, ...]:
    edit = read(line, center.catalog)
    if isinstance(edit, Edit):
        touch = edit.touch(register)
        return () if touch is None else touch.over
    return over_of_refused(line, center.catalog).get(register, ())
