"""Judging tells nobody what exists, and no line can harm another."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import batch as batches
from sync import records
from sync.admission import Refuse, Wait, judge
from sync.codes import Code, Result
from sync.edits import Do, Edit
from sync.scope import ties
from tests.laws.county import PEOPLE, UNITS, Center, received, reshuffled
from tests.laws.effort import brief
from tests.laws.histories import History, histories


@brief
@given(histories(), st.integers(0, 2**32))
def test_a_record_out_of_reach_is_answered_as_one_that_is_not_there(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))
    for decision in center.outcomes.values():
        edit = decision.arrival.line
        if isinstance(edit, Edit):
            for person in PEOPLE.values():
                for record in named_by(edit):
                    placed = center.world.records.get(record)
                    if placed and not any(ties(person, placed.placement, UNITS, edit.at)):
                        with_it = judge(edit, person, edit.at, center.world)
                        del center.world.records[record]
                        assert judge(edit, person, edit.at, center.world) == with_it
                        center.world.records[record] = placed
                        assert isinstance(with_it, Wait | Refuse)
                        if isinstance(with_it, Wait):
                            assert with_it.code is Code.UNKNOWN_RECORD


def named_by(edit: Edit) -> set[str]:
    """The records that must be there for the edit to be admitted."""
    if edit.do is Do.CHANGE:
        return {edit.record}
    return {str(edit.value(member)) for member in ("household", "dispute") if edit.touch(member)}


class FaultyError(Exception):
    pass


def faulty(function: Callable[..., object], is_hit: Callable[..., bool]) -> Callable[..., object]:
    def call(*args: object) -> object:
        if is_hit(*args):
            raise FaultyError("张三 13800000000")
        return function(*args)

    return call


STEPS: dict[str, tuple[object, str, Callable[..., bool]]] = {
    "judge": (batches, "judge", lambda bad, edit, *_: edit.name == bad),
    "admit": (records, "admit", lambda bad, _, edit, *__: edit.name == bad),
    "place": (batches, "placement", lambda bad, _, __, edit, *___: edit is not None and edit.name == bad),
    "compare": (batches.Batch, "_open_conflicts", lambda bad, _, __, edit: edit.name == bad),
    "forget": (records, "forget_refused", lambda bad, _, name, *__: name == bad),
}


@pytest.mark.parametrize("step", sorted(STEPS))
@brief
@given(histories(), st.data())
def test_an_exception_holds_its_own_line_and_nothing_else(step: str, history: History, data: st.DataObject) -> None:
    bad = str(data.draw(st.sampled_from(sorted(history.said))))
    order = reshuffled(history.lines, data.draw(st.integers(0, 2**32)))
    whole = received(order)
    center = Center()

    with pytest.MonkeyPatch.context() as patch:
        owner, name, is_hit = STEPS[step]
        patch.setattr(owner, name, faulty(getattr(owner, name), lambda *args: is_hit(bad, *args)))
        for batch in order:
            center.push(batch)

    held = center.outcomes[bad]
    if held.code is not Code.SERVER_ERROR:  # The step was not taken for it.
        assert center.picture() == whole.picture()
        return
    assert held.result is Result.HELD
    assert held.error is not None
    assert held.error.startswith("FaultyError in ")
    assert "张三" not in held.error

    without = received([[line for line in history.lines if bad.encode() not in line[:60]]])
    seen, expected = center.picture(), without.picture()
    assert {**seen, "results": {each: result for each, result in seen["results"].items() if each != bad}} == expected

    center.work([held.arrival])
    assert center.picture() == whole.picture()
