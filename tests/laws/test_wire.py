"""What is written is read back as it was, and bytes of any kind give a value or the one error that is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import CATALOG
from sync import cursor as cursors
from sync import edits, frames, lines
from sync.codes import Code, Detail, Result
from sync.cursor import Cursor, CursorUnknownError, Mark
from sync.edits import Edit, Unread
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
from sync.limits import INTEGER_MAX, PAGE_ROWS_MAX
from sync.refused import over_of_refused
from tests.laws.effort import brief
from tests.laws.histories import History, histories
from tests.support.rows import row_line

counts = st.integers(0, INTEGER_MAX)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
stamps = st.just("2026-11-21T08:20:00.000Z-0000")
digests = st.binary(min_size=8, max_size=8).map(bytes.hex)
keys = st.builds("{}:{}".format, st.sampled_from(("unit", "staff", "person", "body")), texts.filter(bool))
marks = st.builds(Mark, counts, digests)
cursor_values = st.builds(
    Cursor, counts, counts, digests, digests | st.just(""), st.lists(keys, max_size=3).map(tuple), counts
)
json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(cursor_values, marks)
def test_cursors_and_marks_are_read_back(cursor: Cursor, mark: Mark) -> None:
    assert cursors.cursor(cursors.encode(cursor)) == cursor
    assert cursors.mark(cursors.encode(mark)) == mark
    with pytest.raises(CursorUnknownError):
        cursors.mark(cursors.encode(cursor))
    with pytest.raises(CursorUnknownError):
        cursors.cursor(cursors.encode(mark))


@given(
    st.text(max_size=60) | cursor_values.map(cursors.encode) | st.lists(json_values, max_size=7).map(cursors._encoded),
    st.data(),
)
def test_a_text_is_a_cursor_only_where_it_was_encoded(text: str, data: st.DataObject) -> None:
    if text and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from("Aa0=-_ \n")) + text[at + 1 :]
    for read in (cursors.cursor, cursors.mark):
        try:
            found = read(text)
        except CursorUnknownError:
            continue
        assert cursors.encode(found) == text


request_heads = st.builds(
    RequestHead, st.none() | texts, st.none() | texts, counts, stamps, st.integers(1, PAGE_ROWS_MAX)
)


@given(request_heads, st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line), max_size=5))
def test_a_request_is_read_back(head: RequestHead, edit_lines: list[bytes]) -> None:
    assert frames.read_request(frames.request(head, edit_lines)) == (head, edit_lines)


outcomes = st.builds(
    Outcome,
    st.sampled_from([Result.CONFLICT, Result.REFUSED, Result.HELD]),
    edit=texts.filter(bool),
    code=st.sampled_from(Code),
    field=st.none() | texts,
    detail=st.builds(Detail, texts, texts),
    conflicts=st.lists(texts, max_size=2).map(tuple),
    at=st.none() | stamps,
)
dots = st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2)
documents = st.dictionaries(texts, st.none() | st.booleans() | texts | st.integers(0, 99), max_size=3)
names = st.text("abc-019", min_size=1, max_size=8)
"""Types, ids and reasons: nothing that JSON escapes."""
last_lines = st.builds(LastLine, texts, st.booleans(), counts)
gone_rows = st.builds(Row, counts, names, names, gone=names)


def line(part: Row | ScopeLost) -> bytes:
    return frames.scope_lost(part.key) if isinstance(part, ScopeLost) else row_line(part)


@given(
    st.builds(AnswerHead, texts, stamps, counts, st.booleans(), st.lists(outcomes, max_size=3).map(tuple)),
    st.lists(
        st.builds(Row, counts, names, names, st.lists(texts, max_size=2).map(tuple), documents, dots)
        | gone_rows
        | st.builds(ScopeLost, texts),
        max_size=5,
    ),
    last_lines,
    st.integers(0, 7),
)
def test_an_answer_is_read_back_and_a_cut_one_is_broken(
    head: AnswerHead, between: list[Row | ScopeLost], last: LastLine, cut: int
) -> None:
    answer = [frames.answer_head(head), *map(line, between), frames.last_line(last)]

    assert list(frames.read_answer(answer)) == [head, *between, last]
    if cut < len(answer):
        with pytest.raises(FrameMalformedError):
            list(frames.read_answer(answer[:cut]))


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


MEMBERS = sorted(
    {"v", "cursor", "mark", "owes", "want", "clock", "through", "replay", "outcomes", "result", "code"}
    | {"rev", "keys", "doc", "dots", "gone", "scope", "more", "edit", "schema", "by", "do", "type", "id", "at", "over"}
    | {"was", "now", "add", "remove", "settles", "mends"}
)
mixed = st.dictionaries(
    st.sampled_from(MEMBERS),
    json_values
    | st.sampled_from(["change", "create", "visit", "dispute", "2026-11-21T08:20:00.000Z-0000", 1, True, [], {}]),
    max_size=9,
).map(encoded)
any_bytes = st.binary(max_size=60) | json_values.map(encoded) | mixed


@given(any_bytes)
def test_any_bytes_are_an_edit_or_unread(data: bytes) -> None:
    assert isinstance(edits.read(data, CATALOG), Edit | Unread)
    assert isinstance(over_of_refused(data, CATALOG), dict)


@brief
@given(histories(), st.data())
def test_any_mutilated_line_is_an_edit_or_unread(history: History, data: st.DataObject) -> None:
    for whole in history.lines:
        members = lines.read(whole)
        member = data.draw(st.sampled_from(sorted(members)))
        value = members[member]
        if isinstance(value, dict) and value and data.draw(st.booleans()):
            inner = data.draw(st.sampled_from(sorted(value)))
            broken = {**members, member: {**value, inner: data.draw(json_values)}}
        else:
            broken = {**members, member: data.draw(json_values)}
        found = edits.read(encoded(broken), CATALOG)
        assert isinstance(found, Edit | Unread)
        if isinstance(found, Unread):
            assert found.name is None or found.code in Code


@given(
    any_bytes | request_heads.map(lambda head: frames.request(head, ()).rstrip(b"\n")), st.lists(any_bytes, max_size=3)
)
def test_any_bytes_are_a_request_or_malformed(first: bytes, rest: list[bytes]) -> None:
    try:
        head, edit_lines = frames.read_request(b"\n".join([first, *rest]))
    except (FrameMalformedError, RequestTooLargeError):
        return
    assert head.want <= PAGE_ROWS_MAX
    assert b"\n".join(edit_lines) == b"\n".join(rest).removesuffix(b"\n")


@given(st.lists(any_bytes | gone_rows.map(row_line) | last_lines.map(frames.last_line), max_size=4))
def test_any_bytes_are_an_answer_or_malformed(answer: list[bytes]) -> None:
    head = frames.answer_head(AnswerHead("m", "2026-11-21T08:20:00.000Z-0000", 1, replay=False, outcomes=()))
    for begun in (answer, [head, *answer]):
        try:
            found = list(frames.read_answer(begun))
        except FrameMalformedError:
            continue
        assert isinstance(found[-1], LastLine)
