"""Lines: what is I-JSON and what is not."""

import pytest

from sync import lines
from sync.limits import INTEGER_MAX, NESTING_MAX
from sync.lines import LineMalformedError

DEEP = b'{"a":' + b"[" * (NESTING_MAX - 1) + b"]" * (NESTING_MAX - 1) + b"}"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"{}", {}),
        (b' {"a":[null,true,1.5,"x"]} \r', {"a": [None, True, 1.5, "x"]}),
        ('{"名":"王"}'.encode(), {"名": "王"}),
        (b'{"\\u738b":"\\ud83d\\ude00"}', {"王": "😀"}),
        (f'{{"a":{INTEGER_MAX},"b":-{INTEGER_MAX}}}'.encode(), {"a": INTEGER_MAX, "b": -INTEGER_MAX}),
        (b'{"a":{"b":[[["\\u0041"]]]}}', {"a": {"b": [[["A"]]]}}),
    ],
)
def test_an_object_of_i_json_is_read(line: bytes, value: object) -> None:
    assert lines.read(line) == value


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"7",
        b"{",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":"\\ud800"}',
        b'{"a":["\\udfff"]}',
        b'{"a":1,"a":1}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        f'{{"a":{INTEGER_MAX + 1}}}'.encode(),
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":' + b"[" * NESTING_MAX + b"]" * NESTING_MAX + b"}",
        b'{"a":' * (NESTING_MAX + 1) + b"1" + b"}" * (NESTING_MAX + 1),
        b"[" * 100_000,
    ],
)
def test_anything_else_is_malformed(line: bytes) -> None:
    with pytest.raises(LineMalformedError):
        lines.read(line)


def test_a_line_may_nest_as_deep_as_the_limit_and_be_as_wide_as_it_likes() -> None:
    assert lines.read(DEEP)
    assert lines.read(b'{"a":[' + b"[]," * 500 + b"[]]}")


def test_a_new_line_is_compact_keeps_its_order_and_leaves_out_what_is_absent() -> None:
    line = lines.write({"b": 1, "a": "王", "none": None, "was": {"x": None}})
    assert line == '{"b":1,"a":"王","was":{"x":null}}'.encode()


def test_values_are_the_same_whatever_the_order_of_their_members() -> None:
    assert lines.same([])
    assert lines.same([{"a": 1, "b": [None]}, {"b": [None], "a": 1}])
    assert not lines.same([1, True])
    assert not lines.same(["1", 1])
    assert lines.digest(b"") != lines.digest(b" ")
