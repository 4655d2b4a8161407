"""Requests and answers: their lines, at the edge."""

import json
from collections.abc import Iterator

import pytest

from sync import frames
from sync.codes import Code, Detail, Result
from sync.frames import (
    AnswerHead,
    FrameMalformedError,
    LastLine,
    Outcome,
    RequestHead,
    RequestTooLargeError,
    Row,
    ScopeLost,
)
from sync.limits import EDITS_PER_REQUEST_MAX, HEAD_BYTES_MAX, PAGE_ROWS_MAX
from tests.support.rows import row_line

NOW = "2026-11-21T08:20:00.000Z-0000"
HEAD = RequestHead(None, None, 0, NOW)


def request_line(**members: object) -> bytes:
    return json.dumps({"v": 1, "now": NOW, **members}).encode()


def test_a_request_is_its_head_and_the_lines_as_they_were_written() -> None:
    body = frames.request(HEAD, [b'{"edit" : 1}', b"anything"])

    assert body.startswith(
        b'{"v":1,"cursor":null,"mark":null,"owes":0,"now":"2026-11-21T08:20:00.000Z-0000","want":1000}\n'
    )
    assert frames.read_request(body) == (HEAD, [b'{"edit" : 1}', b"anything"])
    assert frames.read_request(body.removesuffix(b"\n")) == (HEAD, [b'{"edit" : 1}', b"anything"])


def test_what_a_head_leaves_out_is_nothing_owed_and_a_whole_page() -> None:
    assert frames.read_request(request_line())[0] == HEAD
    assert frames.read_request(request_line(want=10**6))[0].want == PAGE_ROWS_MAX
    assert frames.read_request(request_line(want=None, owes=None))[0].want == PAGE_ROWS_MAX
    assert frames.read_request(request_line(cursor="c", mark="m", owes=3, want=2))[0] == RequestHead(
        "c", "m", 3, NOW, 2
    )


def test_a_head_may_ask_for_digests_and_for_keys_again() -> None:
    asking = RequestHead(None, None, 0, NOW, check=True, again=("unit:1",))
    assert frames.read_request(frames.request(asking, []))[0] == asking
    assert frames.read_request(request_line(check=False, again=None))[0] == HEAD


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"v": 2}, "v"),
        ({"v": True}, "v"),
        ({"v": None}, "v"),
        ({"cursor": 7}, "cursor"),
        ({"mark": []}, "mark"),
        ({"now": "yesterday"}, "now"),
        ({"owes": -1}, "owes"),
        ({"owes": True}, "owes"),
        ({"owes": 1.5}, "owes"),
        ({"want": 0}, "want"),
        ({"want": "1"}, "want"),
        ({"check": 1}, "check"),
        ({"again": "unit:1"}, "again"),
        ({"again": [1]}, "again"),
    ],
)
def test_a_head_that_is_not_as_it_must_be_is_malformed_in_that_member(members: dict[str, object], field: str) -> None:
    with pytest.raises(FrameMalformedError) as malformed:
        frames.read_request(request_line(**members))
    assert malformed.value.field == field


def test_a_request_without_a_head_is_malformed() -> None:
    with pytest.raises(FrameMalformedError):
        frames.read_request(b"")


def test_a_request_carries_as_many_lines_as_the_limit_and_no_more() -> None:
    assert len(frames.read_request(frames.request(HEAD, [b""] * EDITS_PER_REQUEST_MAX))[1]) == EDITS_PER_REQUEST_MAX
    with pytest.raises(RequestTooLargeError):
        frames.read_request(frames.request(HEAD, [b""] * (EDITS_PER_REQUEST_MAX + 1)))
    with pytest.raises(RequestTooLargeError):
        frames.read_request(b"\n" * 10**6)


def test_the_first_line_of_a_request_is_no_longer_than_the_limit() -> None:
    spare = HEAD_BYTES_MAX - len(request_line(cursor=""))
    assert frames.read_request(request_line(cursor="c" * spare))[0].cursor == "c" * spare
    with pytest.raises(RequestTooLargeError):
        frames.read_request(request_line(cursor="c" * (spare + 1)))


OUTCOMES = (
    Outcome(
        Result.REFUSED, edit="e1", code=Code.INVALID, field="title", detail=Detail("标题过长", "Title is too long")
    ),
    Outcome(Result.REFUSED, line=3, code=Code.LINE_MALFORMED),
    Outcome(Result.CONFLICT, edit="e2", conflicts=("c1",)),
    Outcome(Result.APPLIED, edit="e3", at=NOW),
)


def answer() -> Iterator[bytes]:
    applied = Outcome(Result.APPLIED, edit="e4")
    yield frames.answer_head(AnswerHead("m", NOW, 9, replay=False, outcomes=(*OUTCOMES, applied)))
    yield row_line(Row(7, "dispute", "d1", ("unit:1",), {"title": "Fence"}, {"title": ["e2", "e1"]}))
    yield row_line(Row(8, "visit", "v1", (), {}))
    yield row_line(Row(9, "visit", "v2", gone="moved"))
    yield frames.scope_lost("unit:2")
    yield frames.last_line(LastLine("c", more=True, revision=9))


def test_an_answer_is_read_back_and_what_was_plainly_applied_is_not_listed() -> None:
    head, *parts = frames.read_answer(answer())

    assert isinstance(head, AnswerHead)
    assert (head.mark, head.clock, head.through, head.replay) == ("m", NOW, 9, False)
    assert [outcome.edit for outcome in head.outcomes] == ["e1", None, "e2", "e3"]
    assert head.outcomes[0] == OUTCOMES[0]
    assert head.outcomes[1].detail == Detail("这一行不是有效的 JSON 对象", "This line is not a valid JSON object")
    assert head.outcomes[2:] == OUTCOMES[2:]
    assert parts == [
        Row(7, "dispute", "d1", ("unit:1",), {"title": "Fence"}, {"title": ["e2", "e1"]}),
        Row(8, "visit", "v1", (), {}, {}),
        Row(9, "visit", "v2", gone="moved"),
        ScopeLost("unit:2"),
        LastLine("c", more=True, revision=9),
    ]


def test_the_last_line_tells_the_digests_that_were_asked_for() -> None:
    last = LastLine("c", more=False, revision=9, digests={"unit:1": "00ff"})
    *_, found = frames.read_answer([HEAD_LINE, frames.last_line(last)])
    assert found == last


def test_what_follows_the_last_line_is_not_read() -> None:
    assert len(list(frames.read_answer([*answer(), b"not JSON"]))) == 6


def test_an_answer_that_was_cut_anywhere_is_broken() -> None:
    whole = list(answer())
    for end in range(len(whole)):
        with pytest.raises(FrameMalformedError):
            list(frames.read_answer(whole[:end]))


HEAD_LINE = json.dumps({"mark": "m", "clock": NOW, "through": 1, "replay": False, "outcomes": []}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b'{"mark":"m"}',
        HEAD_LINE.replace(b'"through": 1', b'"through": true'),
        HEAD_LINE.replace(NOW.encode(), b"today"),
        HEAD_LINE.replace(b"[]", b"[7]"),
        HEAD_LINE.replace(b"[]", b'[{"result":"lost"}]'),
        HEAD_LINE.replace(b"[]", b'[{"edit":"e"}]'),
    ],
)
def test_a_broken_head_of_an_answer_is_malformed(line: bytes) -> None:
    with pytest.raises(FrameMalformedError):
        list(frames.read_answer([line]))


def test_an_outcome_is_taken_by_what_of_it_is_well_formed() -> None:
    odd = b'[{"result":"held","edit":7,"line":true,"code":1,"detail":"x","conflicts":[1]}]'
    head = next(frames.read_answer([HEAD_LINE.replace(b"[]", odd)]))
    assert isinstance(head, AnswerHead)
    assert head.outcomes == (Outcome(Result.HELD),)


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b'{"rev":true,"type":"t","id":"i","gone":"g"}',
        b'{"rev":1,"type":"t","id":"i","keys":[1],"doc":{}}',
        b'{"rev":1,"type":"t","id":"i","keys":[],"doc":[]}',
        b'{"rev":1,"type":"t","id":"i","keys":[],"doc":{},"dots":[]}',
        b'{"rev":1,"type":"t","id":"i","keys":[],"doc":{},"dots":{"a":[1]}}',
        b'{"scope":"k","gone":false}',
        b'{"cursor":"c","more":1,"rev":1}',
        b'{"cursor":"c","more":true,"rev":1,"digests":[]}',
        b'{"cursor":"c","more":true,"rev":1,"digests":{"unit:1":1}}',
    ],
)
def test_a_broken_line_of_an_answer_is_malformed(line: bytes) -> None:
    with pytest.raises(FrameMalformedError):
        list(frames.read_answer([HEAD_LINE, line]))
