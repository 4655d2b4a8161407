"""docs/protocol.md, "Cursor, mark and replay"."""

import pytest

from tests.conformance.answer import problem
from tests.conformance.site import Site
from tests.conformance.tablet import Tablet

states, needs = pytest.mark.states, pytest.mark.needs


@states("It is good for this caller and this server")
def test_a_cursor_says_where_the_feed_goes_on(wang: Tablet) -> None:
    before = wang.sync().last["cursor"]
    home = wang.makes("household")
    for _ in range(2):
        assert [row["id"] for row in wang.peek(cursor=before).rows] == [home], "it may be used again"


@states("It tells by the marks, of the request and in the cursor", "| `replay` | the server's past differs")
@needs("CURSOR_ELSEWHERE", "MARK_ELSEWHERE")
@pytest.mark.parametrize("member", ["cursor", "mark"])
def test_a_mark_that_the_log_never_had_is_answered_by_replay(wang: Tablet, site: Site, member: str) -> None:
    homes = {wang.makes("household") for _ in range(2)}
    cursor = wang.sync().last["cursor"]
    edit = wang.creation("household")
    answer = wang.peek(edit, want=1, **{member: site.given[f"{member.upper()}_ELSEWHERE"]})
    assert answer.head["replay"] is True
    assert answer.outcome(edit["edit"])["result"] == "applied", "what it sends is taken all the same"
    assert answer.last["more"] is True, "its page begins at the beginning"
    wang.rows = {}
    wang.keep(answer)
    wang.catch_up()
    assert wang.rows.keys() >= homes | {edit["edit"]}
    assert wang.peek(cursor=cursor).head["replay"] is False


@states("Text that is no cursor or mark at all is `cursor-unknown` (400)", "| `cursor-unknown` | 400 |")
@pytest.mark.parametrize("member", ["cursor", "mark"])
@pytest.mark.parametrize("text", ["", "x", "null", "W10", "WzFd", "游标", "x" * 10_000])
def test_text_that_is_none_is_cursor_unknown(wang: Tablet, member: str, text: str) -> None:
    edit = wang.creation("household")
    problem(wang.post(wang.body(edit, **{member: text})), 400, "cursor-unknown")
    assert not wang.sees(edit["edit"])


@states("The mark is a position of the server's edit log")
def test_a_cursor_is_no_mark_and_a_mark_no_cursor(wang: Tablet) -> None:
    problem(wang.post(wang.body(cursor=wang.mark)), 400, "cursor-unknown")
    problem(wang.post(wang.body(mark=wang.cursor)), 400, "cursor-unknown")


@states("The same is said where nobody remembers the key set of a cursor, or the cursor is another person's")
@needs("CODE_COLLEAGUE")
def test_another_persons_cursor_is_answered_by_replay(wang: Tablet, li: Tablet) -> None:
    answer = wang.peek(cursor=li.cursor)
    assert answer.head["replay"] is True
    assert answer.lost == ()
