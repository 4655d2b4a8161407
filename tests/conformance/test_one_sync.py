"""docs/protocol.md, "One sync"."""

import gzip
import json
import socket
from urllib.parse import urlsplit

import pytest
import zstandard

from tests.conformance.answer import Answer, Document, problem
from tests.conformance.site import Site
from tests.conformance.tablet import Tablet, edit_name, milliseconds, stamp

states = pytest.mark.states


@states("`POST /api/v1/sync`, with `Content-Length`", "| `length-required` | 411 |")
def test_sync_is_a_post_with_its_length(wang: Tablet, site: Site) -> None:
    head = f"POST /api/v1/sync HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wang.token}\r\nConnection: close\r\n\r\n"
    address = urlsplit(site.url)
    if address.scheme != "http":
        pytest.skip("speaks plain HTTP only")
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=30) as connection:
        connection.sendall(head.encode())
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert said.split(b" ", 2)[1] == b"411"
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "length-required"


@states("Request and answer are NDJSON: one JSON object a line, lines ended by LF")
def test_request_and_answer_are_ndjson(wang: Tablet) -> None:
    answer = wang.sync(wang.creation("household"))
    assert answer.body.endswith(b"\n")
    assert b"\r" not in answer.body
    assert all(isinstance(json.loads(each), dict) for each in answer.body.splitlines())
    assert wang.peek(wang.creation("household")).outcomes == []


@states("| `v` | 1, the version of this protocol |")
@pytest.mark.parametrize("version", [None, 0, 2, True, "1", 1.5])
def test_v_is_1(wang: Tablet, version: object) -> None:
    assert wang.peek().head["v"] == 1
    problem(wang.post(wang.body(v=version)), 400, "malformed", "v")


@states("| `cursor` | that of the last answer, or null: from the beginning |")
def test_cursor_is_that_of_the_last_answer_or_null_from_the_beginning(wang: Tablet) -> None:
    first, second = wang.makes("household"), wang.makes("household")
    wang.catch_up()
    assert wang.peek().rows == ()
    wang.cursor, wang.rows = None, {}
    wang.catch_up()
    assert wang.rows.keys() >= {first, second}
    problem(wang.post(wang.body(cursor=5)), 400, "malformed", "cursor")


@states("| `mark` | that of the last answer, or null |", "| `mark` | the log's position after this request's commit")
def test_mark_is_that_of_the_last_answer_or_null(wang: Tablet) -> None:
    before = wang.peek().head["mark"]
    after = wang.peek(wang.creation("household")).head["mark"]
    assert before != after, "something was committed"
    assert wang.peek(mark=after).head["replay"] is False
    assert wang.peek(mark=before).head["replay"] is False, "an older mark is of the same past"
    assert wang.peek(mark=None).head["replay"] is False
    problem(wang.post(wang.body(mark=5)), 400, "malformed", "mark")


@states("| `owes` | how many edits remain unsent")
@pytest.mark.parametrize("owes", [-1, "1", True, 1.5])
def test_owes_is_a_whole_number(wang: Tablet, owes: object) -> None:
    problem(wang.post(wang.body(owes=owes)), 400, "malformed", "owes")
    assert wang.peek(owes=None).last["rev"] >= 0


@states("| `now` | the clock that the tablet's stamps use")
@pytest.mark.parametrize("now", [None, 5, "2026-11-21T08:15:30Z", "2026-02-30T08:15:30.123Z-0000"])
def test_now_is_a_stamp(wang: Tablet, now: object) -> None:
    problem(wang.post(wang.body(now=now)), 400, "malformed", "now")


@states("| `want` | the most rows wanted, from 1")
def test_want_is_the_most_rows_wanted_from_1(wang: Tablet) -> None:
    made = [wang.makes("household") for _ in range(3)]
    wang.cursor, wang.rows = None, {}
    for wanted in (1, 2):
        answer = wang.peek(want=wanted)
        assert len(answer.rows) == wanted
        assert answer.last["more"] is True
    for wrong in (0, -1, "1", True):
        problem(wang.post(wang.body(want=wrong)), 400, "malformed", "want")
    assert 0 < len(wang.peek(want=2**53 - 1).rows) <= 1000
    wang.catch_up()
    assert wang.rows.keys() >= set(made)


@states("Other members of the head are passed over")
def test_other_members_of_the_head_are_passed_over(wang: Tablet) -> None:
    assert wang.peek(colour="green", more={"v": 2}).head["v"] == 1


@states("After it come up to 500 edit lines", "| edit lines in a request | 500 |", "| `too-large` | 413 |")
def test_500_lines_are_taken_and_501_are_too_large(wang: Tablet) -> None:
    assert len(wang.peek(*[b"{}"] * 500).outcomes) == 500
    problem(wang.post(wang.body(*[b"{}"] * 501)), 413, "too-large")


@states("An empty line counts as a line")
def test_an_empty_line_counts_as_a_line(wang: Tablet) -> None:
    edit = wang.creation("household")
    outcomes = wang.sync(b"", edit, b"", b"{}").outcomes
    assert [(each["line"], each["code"]) for each in outcomes] == [(number, "line-malformed") for number in (1, 3, 4)]
    assert wang.sees(edit["edit"])


@states("| `clock` | the server's clock as a stamp |")
def test_clock_is_the_servers_clock_whatever_the_tablets_is(wang: Tablet) -> None:
    clocks = [wang.peek(now=now).head["clock"] for now in (stamp(0), stamp(wang.now_ms()), stamp(2**42))]
    assert clocks == sorted(clocks)
    assert milliseconds(clocks[-1]) - milliseconds(clocks[0]) < 60_000


@states("| `through` | the revision at which the feed holds everything", "`cursor` for the next request")
def test_through_is_where_the_feed_holds_what_the_request_brought_about(wang: Tablet) -> None:
    edit = wang.creation("household")
    answer = wang.sync(edit)
    while answer.last["rev"] < answer.head["through"] or answer.last["more"]:
        answer = wang.sync()
    assert edit["edit"] in wang.rows
    assert answer.last["rev"] >= wang.rows[edit["edit"]]["rev"]


@states("Then come rows of the feed and scope lines", "An answer without its last line is a broken one")
def test_the_last_line_says_where_to_go_on_and_whether_at_once(wang: Tablet) -> None:
    made = [wang.makes("household") for _ in range(3)]
    wang.cursor, wang.rows = None, {}
    wang.catch_up()
    answers = wang.catch_up()
    assert answers[-1].last["more"] is False
    assert wang.rows.keys() >= set(made)


@states("Repeating is always safe", "A tablet with nothing to send pulls")
def test_repeating_is_always_safe(wang: Tablet) -> None:
    home = wang.makes("household")
    wang.catch_up()
    edits: list[Document | bytes] = [
        wang.creation("household"),
        wang.change("household", home, {"notes": "门朝东。"}, {"notes": [home]}),
        b"x",
    ]
    body = wang.body(*edits)
    first = Answer.read(wang.post(body))
    for _ in range(2):
        again = Answer.read(wang.post(body))
        assert again.outcomes == first.outcomes
        assert again.rows == first.rows
    assert wang.peek(want=1).last["cursor"]


@states("Outcomes and pages do not wait for each other")
def test_outcomes_come_while_pages_remain(wang: Tablet) -> None:
    for _ in range(2):
        wang.makes("household")
    wang.cursor = None
    edit = wang.creation("household", {"address": ""})
    answer = wang.sync(edit, want=1)
    assert answer.outcome(edit["edit"])["result"] == "refused"
    assert answer.last["more"] is True
    wang.catch_up()


@states("A request may be packed: `Content-Encoding: gzip` or `zstd`")
def test_a_request_may_be_packed_by_gzip_or_zstd(wang: Tablet) -> None:
    for encoding, packed in (("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)):
        edit = wang.creation("household")
        body = packed(wang.body(edit))
        answer = Answer.read(wang.post(body, **{"Content-Encoding": encoding}))
        assert answer.outcomes == []
        assert wang.sees(edit["edit"])
        for broken in (body[:-5], body + b"x", b"x" + body, b""):
            problem(wang.post(broken, **{"Content-Encoding": encoding}), 400, "malformed", "Content-Encoding")


@states("A request may be packed: `Content-Encoding: gzip` or `zstd`")
def test_a_request_that_is_packed_is_one_whole_stream(wang: Tablet) -> None:
    body = wang.body()
    for encoding, packed in (("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)):
        twice = packed(body[:10]) + packed(body[10:])
        problem(wang.post(twice, **{"Content-Encoding": encoding}), 400, "malformed", "Content-Encoding")


@states("A request may be packed: `Content-Encoding: gzip` or `zstd`")
@pytest.mark.parametrize(("log", "is_taken"), [(23, True), (24, False)])
def test_windows_of_zstd_have_up_to_8_mib(wang: Tablet, log: int, is_taken: bool) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=log, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(wang.body()) + packer.flush()
    answer = wang.post(packed, **{"Content-Encoding": "zstd"})
    if is_taken:
        Answer.read(answer)
    else:
        problem(answer, 400, "malformed", "Content-Encoding")


@states("| `media-unknown` | 415 |")
def test_another_packing_is_media_unknown(wang: Tablet) -> None:
    for encoding in ("br", "deflate", "gzip, gzip", "x"):
        problem(wang.post(wang.body(), **{"Content-Encoding": encoding}), 415, "media-unknown", "Content-Encoding")


@states("An answer of 1 KiB or more is packed by what `Accept-Encoding` takes, zstd before gzip")
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, zstd", "zstd"), ("zstd", "zstd"), ("gzip", "gzip"), ("identity", None), ("br", None),
     ("gzip, zstd;q=0", "gzip"), ("gzip;q=0", None)],
)  # fmt: skip
def test_a_long_answer_is_packed_by_what_is_accepted(wang: Tablet, accepted: str, encoding: str | None) -> None:
    edits = [b'{"edit":"%s"}' % edit_name().encode() for _ in range(20)]
    answer = wang.post(wang.body(*edits), **{"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert len(answer.content) >= 1024
    assert len(Answer.read(answer).outcomes) == 20


@states("An answer of 1 KiB or more is packed by what `Accept-Encoding` takes, zstd before gzip")
def test_a_short_answer_is_not_packed(wang: Tablet) -> None:
    answer = wang.post(wang.body(), **{"Accept-Encoding": "gzip, zstd"})
    assert len(answer.content) < 1024
    assert "Content-Encoding" not in answer.headers
