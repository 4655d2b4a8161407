"""The same lines make the same records, in whatever order they come and however the batches are cut."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.county import received, reshuffled
from tests.laws.effort import thorough
from tests.laws.histories import History, histories
from tests.laws.oracle import told_by

ORDERS = 3


@thorough
@given(histories(), st.integers(0, 2**32))
def test_records_conflicts_and_outcomes_do_not_depend_on_the_order_of_arrival(history: History, seed: int) -> None:
    written = received([history.lines])

    for batches in orders(history, seed):
        center = received(batches)
        assert center.picture() == written.picture()
        assert center.sight(history.stamps) == written.sight(history.stamps)


@thorough
@given(histories(is_forged=True), st.integers(0, 2**32))
def test_nor_where_lines_name_what_their_authors_never_saw(history: History, seed: int) -> None:
    written = received([history.lines]).picture()

    for batches in orders(history, seed):
        assert received(batches).picture() == written


def orders(history: History, seed: int) -> Iterator[list[list[bytes]]]:
    yield [[line] for line in reversed(history.lines)]
    for order in range(ORDERS):
        yield reshuffled(history.lines, seed + order)


@thorough
@given(histories() | histories(is_forged=True), st.integers(0, 2**32))
def test_records_and_conflicts_are_what_the_definition_says(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))

    told = told_by(center, history.lines, history.said, history.types)

    assert {record: each.document() for record, each in told.items()} == center.documents()
    assert {record: each.dots() for record, each in told.items()} == center.dots()
    assert {record: each.conflicts() for record, each in told.items()} == center.conflicts()
