"""docs/protocol.md, "Outcomes"."""

import pytest

from tests.conformance.answer import Document
from tests.conformance.tablet import Tablet, edit_name, line

states = pytest.mark.states
WORDS = {
    "line-malformed": ("这一行不是有效的 JSON 对象", "This line is not a valid JSON object"),
    "line-too-long": ("这一行超过 64 KiB", "This line is over 64 KiB"),
    "unknown-type": ("没有这种记录", "There is no such type of record"),
    "unknown-record": (
        "中心还没有这条记录，已保留，收到后处理",
        "The center does not have this record yet; kept until it does",
    ),
    "newer-schema": ("平板版本较新，中心升级后处理", "Written by a newer app; kept until the center is upgraded"),
}


@states("Every edit of a request has an outcome in the answer, new or repeated", "One that was plainly applied is not")
def test_every_edit_has_an_outcome_and_plainly_applied_ones_are_not_listed(wang: Tablet) -> None:
    good, bad = wang.creation("household"), wang.creation("household", {"address": ""})
    held = wang.change("household", edit_name(), {"notes": "x"})
    for _ in range(2):
        answer = wang.sync(good, bad, held)
        assert [each["edit"] for each in answer.outcomes] == [bad["edit"], held["edit"]]


@states("`result` is `applied`, `conflict` (applied, and it left a conflict open), `refused`, or `held`")
def test_results_are_four(wang: Tablet) -> None:
    """Answer.read holds every answer of the suite to it; here is one of each."""
    home = wang.makes("household", {"door_no": "1"})
    edits = [
        wang.creation("household"), wang.change("household", home, {"door_no": "2"}, {"door_no": []}),
        wang.creation("household", {"address": ""}), wang.change("household", edit_name(), {"notes": "x"}),
    ]  # fmt: skip
    answer = wang.sync(*edits)
    found = [answer.outcome(each["edit"])["result"] for each in edits]
    assert found == ["applied", "conflict", "refused", "held"]


@states("`line` counts the edit lines from 1")
def test_line_counts_the_edit_lines_from_1(wang: Tablet) -> None:
    answer = wang.sync(b"x", wang.creation("household"), b"y", wang.creation("household", {"address": ""}))
    assert [each.get("line") for each in answer.outcomes] == [1, 3, None]
    edit = wang.creation("household")
    (outcome,) = wang.sync(edit, line(edit) + b" ").outcomes
    assert (outcome["edit"], outcome["line"], outcome["code"]) == (edit["edit"], 2, "edit-reused")


@states("`field` names the field, register or member at fault; in values it is a path like `parties.0.name`")
def test_field_names_what_is_at_fault(wang: Tablet) -> None:
    party = {"role": "applicant", "kind": "person"}
    for edit, field in (
        (wang.creation("dispute", {"parties": [party | {"name": ""}]}), "parties.0.name"),
        (wang.creation("dispute", {"parties": [party | {"name": "x"}, party]}), "parties.1.name"),
        (wang.creation("dispute", {"category": "x"}), "category"),
        (wang.creation("dispute", at="x"), "at"),
    ):
        outcome = wang.sync(edit).outcome(edit["edit"])
        assert (outcome["code"], outcome["field"]) == ("invalid", field)


@states("A refusal is final for that name", "The tablet keeps the line for its author")
def test_a_refusal_is_final_and_blocks_nothing_that_comes_after(wang: Tablet) -> None:
    bad = wang.creation("visit", {"household": edit_name(), "result": "x"})
    first = wang.sync(bad).outcomes
    home = wang.creation("household", edit=None) | {"edit": bad["now"]["household"]}
    assert wang.sync(home).outcomes == []
    assert wang.sync(bad).outcomes == first
    assert not wang.sees(bad["edit"])


@states("| `line-malformed` | refused |", "| `line-too-long` | refused |", "| `unknown-record` | held |")
def test_codes_come_with_their_words(wang: Tablet) -> None:
    long = line(wang.creation("household")).ljust(64 * 1024 + 1)
    edits: list[bytes | Document] = [
        b"x", long, wang.creation("household") | {"type": "x"}, wang.change("household", edit_name(), {"notes": "x"}),
        wang.creation("household", schema=9999),
    ]  # fmt: skip
    outcomes = wang.sync(*edits).outcomes
    assert [each["code"] for each in outcomes] == list(WORDS)
    for outcome in outcomes:
        zh, en = WORDS[outcome["code"]]
        assert outcome["detail"] == {"zh": zh, "en": en}


@states("`detail` holds these words, or better ones that name the field", "| `invalid` | refused |")
def test_detail_names_the_field(wang: Tablet) -> None:
    edit = wang.creation("dispute", {"category": "x"})
    detail = wang.sync(edit).outcome(edit["edit"])["detail"]
    assert detail.keys() == {"zh", "en"}
    assert detail["zh"].startswith("“类型”不是允许的选项")


@states("| `unknown-record` | held |")
@pytest.mark.needs("CODE_MEDIATOR")
def test_what_is_missing_and_what_is_not_ones_own_to_see_are_answered_alike(wang: Tablet, zhou: Tablet) -> None:
    fence = wang.makes("dispute")
    outcomes = []
    for record in (fence, edit_name()):
        for edit in (
            zhou.change("dispute", record, {"title": "x"}, {"title": [record]}),
            zhou.creation("entry", {"dispute": record}),
        ):
            outcome = dict(zhou.sync(edit).outcome(edit["edit"]))
            assert (outcome["result"], outcome["code"]) == ("held", "unknown-record")
            outcomes.append(outcome | {"edit": ""})
    assert outcomes[:2] == outcomes[2:]


@states("The server keeps the bytes of every line, also of those that it could not read")
def test_a_line_that_cannot_be_read_is_answered_alike_again(wang: Tablet) -> None:
    """That the bytes are kept is seen by an administrator only."""
    for slip in (b"not an edit", bytes(range(11, 40)) + b"\xff"):
        assert wang.sync(slip).outcomes == wang.sync(slip).outcomes
