"""What a tablet shows with its own edits on top is what the center will show once it has them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from sync import lines, records
from sync.codes import ADMITTED, Result
from sync.edits import Edit, read
from sync.overlay import View, begun, overlaid
from tests.laws.county import Center, received, reshuffled
from tests.laws.effort import brief
from tests.laws.histories import History, histories


def view(center: Center, record: str) -> View | None:
    placed = center.world.records.get(record)
    if placed is None:
        return None
    document = records.document(placed.record, CATALOG, WORKFLOW)
    return View(record, document, records.dots(placed.record, CATALOG, WORKFLOW))


def admitted(center: Center, lines: Sequence[bytes], record: str) -> list[Edit]:
    """Those of the lines that ended admitted, as edits of one record."""
    found = []
    for edit in (read(line, CATALOG) for line in lines):
        decision = center.outcomes[str(edit.name)]
        if isinstance(edit, Edit) and decision.result in ADMITTED and decision.record == record:
            found.append(edit.about(record))
    return found


@brief
@given(histories(), st.integers(0, 2**32))
def test_over_nothing_it_is_the_identity(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))
    assert overlaid(None, [], CATALOG) is None
    for record in center.world.records:
        assert overlaid(view(center, record), [], CATALOG) == view(center, record)


@brief
@given(histories(), st.integers(0, 2**32))
def test_an_edit_that_stands_in_the_base_changes_nothing(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))
    for record, placed in center.world.records.items():
        for edit in admitted(center, history.lines, record):
            stands = all(
                edit.name in {sibling.edit for sibling in placed.record.register(touch.register).siblings}
                for touch in edit.touches
            )
            if stands:
                assert overlaid(view(center, record), [edit], CATALOG) == view(center, record)


@brief
@given(histories(authors=["zhao"]), st.data())
def test_an_author_alone_sees_what_the_center_will_show(history: History, data: st.DataObject) -> None:
    """However much of it has been sent, and however much of that the feed has brought back."""
    center = received([history.lines])
    sent = data.draw(st.integers(0, len(history.lines)))
    passed = data.draw(st.integers(0, sent))
    base = received([history.lines[:sent]])
    is_clean = all(decision.result is not Result.REFUSED for decision in center.outcomes.values())

    mended = {edit.mends for edit in (read(line, CATALOG) for line in history.lines) if isinstance(edit, Edit)}
    for record, placed in center.world.records.items():
        # A creation that mends another is not what the changes before it were made on; nor, where it is refused since
        # there was nothing to mend, what those after it were made on.
        if [origin.edit for origin in placed.record.origins] == [record] and record not in mended:
            back = {edit.name for edit in admitted(base, history.lines[:passed], record)}
            pending = [edit for edit in admitted(center, history.lines, record) if edit.name not in back]
            shown, final = overlaid(view(base, record), pending, CATALOG), view(center, record)
            assert shown is not None
            assert final is not None
            assert shown.document == final.document
            if is_clean:
                assert {name: shown.siblings(name) for name in placed.record.names} == {
                    name: final.siblings(name) for name in placed.record.names
                }


@brief
@given(histories())
def test_a_creation_begins_with_what_its_line_gives(history: History) -> None:
    for line in history.lines:
        edit, said = read(line, CATALOG), lines.read(line)
        if isinstance(edit, Edit) and edit.do == "create" and edit.mends is None and isinstance(said["now"], dict):
            assert begun(edit.name, CATALOG.types[edit.type], said["now"]) == overlaid(None, [edit], CATALOG)


@brief
@given(histories(), st.integers(0, 2**32))
def test_a_change_of_nothing_shows_nothing(history: History, seed: int) -> None:
    center = received(reshuffled(history.lines, seed))
    for record in center.world.records:
        changes = [edit for edit in admitted(center, history.lines, record) if edit.do == "change"]
        assert overlaid(None, changes, CATALOG) is None
