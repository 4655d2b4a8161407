"""docs/protocol.md, "Drift"."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pytest

from tests.conformance.answer import Answer, Document, problem
from tests.conformance.tablet import Tablet

states = pytest.mark.states


Rows = dict[tuple[str, str], Document]
"""By type and id: a held creation bears the id of the record that it makes."""


def digests(rows: Rows) -> dict[str, str]:
    """Of these rows, by key."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows.values():
        said = f"{row['type']}\n{row['id']}\n{row['rev']}".encode()
        for key in row["keys"]:
            sums[key] += int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
    return {key: f"{each % 2**64:016x}" for key, each in sums.items()}


def taken(rows: Rows, answers: Iterable[Answer]) -> Rows:
    """The rows after these answers."""
    for row in (row for answer in answers for row in answer.rows):
        name = row["type"], row["id"]
        if "gone" in row:
            rows.pop(name, None)
        elif row["rev"] >= rows.get(name, {"rev": 0})["rev"]:
            rows[name] = row
    return rows


def whole(tablet: Tablet) -> Rows:
    """The feed from its beginning."""
    tablet.cursor, tablet.rows = None, {}
    return taken({}, tablet.catch_up())


@states("| `check` | true: the last line is to tell the", "It asks with `check`", "A key's digest is a sum modulo 2^64")
def test_the_last_line_has_a_digest_of_every_key(wang: Tablet) -> None:
    wang.makes("household")
    wang.sync(wang.change("household", wang.makes("household"), {"door_no": "1"}, {"door_no": []}))
    rows = whole(wang)
    answer = wang.sync(check=True)
    assert answer.last["more"] is False
    assert answer.last["digests"] == digests(taken(rows, [answer]))
    for check in (False, None):
        assert "digests" not in wang.peek(check=check).last
    problem(wang.post(wang.body(check="yes")), 400, "malformed", "check")


@states("It asks with `check`")
def test_there_is_none_while_more_is_to_come(wang: Tablet) -> None:
    for _ in range(2):
        wang.makes("household")
    answer = wang.peek(cursor=None, mark=wang.mark, want=1, check=True)
    assert "digests" not in answer.last or answer.last["more"] is False


@states("| `again` | keys of the caller's to be read", "Where a key differs, the tablet names it in `again`",
        "The key then pages in from its beginning, like one that was gained")  # fmt: skip
def test_a_key_that_is_named_in_again_pages_in_from_its_beginning(wang: Tablet) -> None:
    home = wang.makes("household")
    rows = whole(wang)
    key = f"unit:{wang.grid}"
    del rows["household", home]
    answer = wang.sync(check=True)
    assert answer.last["digests"][key] != digests(taken(rows, [answer])).get(key)
    taken(rows, [wang.sync(again=[key]), *wang.catch_up()])
    assert ("household", home) in rows
    answer = wang.sync(check=True)
    assert answer.last["digests"] == digests(taken(rows, [answer]))
    wrong: list[object] = ["x", [5], {}]
    for again in wrong:
        problem(wang.post(wang.body(again=again)), 400, "malformed", "again")
