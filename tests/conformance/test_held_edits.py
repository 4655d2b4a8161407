"""docs/protocol.md, "Held edits" and what it says of revoked tablets."""

import pytest

from tests.conformance.answer import Document, problem
from tests.conformance.conftest import Lost
from tests.conformance.tablet import Tablet, edit_name

states, needs = pytest.mark.states, pytest.mark.needs


@states("A held edit is kept, and judged again by itself", "What becomes of it comes in the author's feed",
        "`result` is `held` at first")  # fmt: skip
def test_a_held_edit_is_judged_again_when_its_record_appears(wang: Tablet) -> None:
    home = wang.creation("household")
    visit = wang.creation("visit", {"household": home["edit"]})
    answer = wang.sync(visit)
    found = answer.outcome(visit["edit"])
    assert (found["result"], found["code"], found["field"]) == ("held", "unknown-record", "household")
    row = wang.row(visit["edit"])
    assert row["type"] == "held"
    assert row["doc"].items() >= {"result": "held", "code": "unknown-record", "field": "household"}.items()
    wang.sync(home)
    wang.catch_up()
    rows = {row["type"]: row for row in pages(wang) if row["id"] == visit["edit"]}
    assert rows["held"]["doc"]["result"] == "applied"
    assert rows["held"]["rev"] > row["rev"]
    assert rows["visit"]["doc"]["household"] == home["edit"]
    assert wang.sync(visit).outcome(visit["edit"])["result"] == "applied"


def pages(tablet: Tablet) -> list[Document]:
    """Every row of the feed from its beginning."""
    tablet.cursor = None
    rows = [row for answer in tablet.catch_up() for row in answer.rows]
    assert len(rows) >= 2
    return rows


@states("A held edit is a record of the type `held` under `person:<author>`")
def test_a_held_edit_is_a_record_under_its_author(wang: Tablet) -> None:
    record = edit_name()
    edit = wang.change("household", record, {"notes": "x"})
    wang.sync(edit)
    row = wang.row(edit["edit"])
    assert (row["type"], row["keys"]) == ("held", [f"person:{wang.id}"])
    doc = row["doc"]
    assert (doc["edit"], doc["by"], doc["record_type"], doc["record"]) == (edit["edit"], wang.id, "household", record)
    assert doc["received_at"].endswith("Z")


@states("A held edit is a record of the type `held` under `person:<author>`")
@needs("CODE_OFFICER")
def test_a_held_edit_stands_with_the_staff_of_its_authors_units(wang: Tablet, sun: Tablet) -> None:
    edit = wang.change("household", edit_name(), {"notes": "x"})
    wang.sync(edit)
    assert sun.row(edit["edit"])["keys"] == [f"staff:{wang.grid}"]


@states("`result` is `held` at first")
def test_a_held_edit_may_end_as_refused(wang: Tablet) -> None:
    fence = wang.creation("dispute")
    closed = {"status": "closed", "tier": "village", "assignee": None}
    performed = {"status": "performed", "tier": "village", "assignee": None}
    edit = wang.change("dispute", fence["edit"], closed, {"status": [fence["edit"]]}, was=performed)
    assert wang.sync(edit).outcome(edit["edit"])["result"] == "held"
    wang.sync(fence)
    found = wang.doc(edit["edit"])
    assert (found["result"], found["code"], found["field"]) == ("refused", "illegal-move", "status")


@states("`result` is `held` at first")
def test_a_held_edit_may_end_as_a_conflict(wang: Tablet) -> None:
    home = wang.creation("household", {"door_no": "1"})
    edit = wang.change("household", home["edit"], {"door_no": "2"}, {"door_no": []})
    assert wang.sync(edit).outcome(edit["edit"])["result"] == "held"
    wang.sync(home)
    assert wang.doc(edit["edit"])["result"] == "conflict"


@states("A revoked tablet may only hand over what it owes", "A request with edit lines is answered 200",
        "A request without lines is `tablet-revoked`", "`tablet-revoked` ones wait for staff alone",
        "| `tablet-revoked` | held |", "| `tablet-revoked` | 403 |")  # fmt: skip
@needs("CODE_LOST", "REVOKE")
def test_a_revoked_tablet_may_only_hand_over_what_it_owes(lost: Lost) -> None:
    tablet = lost.tablet
    problem(tablet.post(tablet.body()), 403, "tablet-revoked")
    problem(tablet.get("/api/v1/me"), 403, "tablet-revoked")
    new = tablet.change("household", lost.record, {"notes": "x"}, {"notes": [lost.record]})
    answer = tablet.peek(lost.refused, new)
    assert answer.outcome(lost.refused["edit"]) == lost.outcome
    found = answer.outcome(new["edit"])
    assert (found["result"], found["code"]) == ("held", "tablet-revoked")
    assert (answer.rows, answer.lost) == ((), ())
    assert answer.last == {"cursor": tablet.cursor, "more": False, "rev": 0}
    assert tablet.peek(new, cursor=None).outcomes == [found]
