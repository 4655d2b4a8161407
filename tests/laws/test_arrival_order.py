"""The same lines make the same records, in whatever order they come and however the batches are cut."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import CATALOG
from sync.codes import ADMITTED, Result
from sync.edits import Edit, over_of_refused, read
from tests.laws.county import Center, received, reshuffled
from tests.laws.effort import thorough
from tests.laws.histories import History, histories
from tests.laws.oracle import Said, Told

ORDERS = 3


@thorough
@given(histories() | histories(is_forged=True), st.integers(0, 2**32))
def test_records_conflicts_and_outcomes_do_not_depend_on_the_order_of_arrival(history: History, seed: int) -> None:
    written = received([history.lines]).picture(history.stamps)

    assert received([line] for line in reversed(history.lines)).picture(history.stamps) == written
    for order in range(ORDERS):
        assert received(reshuffled(history.lines, seed + order)).picture(history.stamps) == written


@thorough
@given(histories() | histories(is_forged=True), st.integers(0, 2**32))
def test_records_and_conflicts_are_what_the_definition_says(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))

    told = told_by(center, history)

    assert {record: each.document() for record, each in told.items()} == center.documents()
    assert {record: each.dots() for record, each in told.items()} == center.dots()
    assert {record: each.conflicts() for record, each in told.items()} == center.conflicts()


def told_by(center: Center, history: History) -> dict[str, Told]:
    """Every record that somebody's admitted creation made, with all edits about it."""
    admitted: dict[str, list[Said]] = {}
    refused: dict[str, Said] = {}
    for line in history.lines:
        edit = read(line, CATALOG)
        decision = center.outcomes[str(edit.name)]
        said = history.said[decision.arrival.name]
        if decision.result in ADMITTED:
            assert isinstance(edit, Edit)
            admitted.setdefault(str(decision.record), []).append(read_as_said(edit, str(decision.record)))
        elif decision.result is Result.REFUSED:
            refused[said.name] = said
            assert over_of_refused(line, CATALOG) == {
                touch.register: touch.over for touch in said.touches.values() if touch.over
            }
    return {record: Told(history.types[record], record, all_said, refused) for record, all_said in admitted.items()}


def read_as_said(edit: Edit, record: str) -> Said:
    touches = {touch.register: touch for touch in edit.touches}
    return Said(edit.name, record, edit.by, edit.at, edit.do == "create", touches)
