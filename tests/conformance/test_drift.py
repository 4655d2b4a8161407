"""docs/protocol.md, "Drift"."""

import hashlib
from collections import defaultdict

import pytest

from tests.conformance.answer import problem
from tests.conformance.tablet import Tablet

states = pytest.mark.states


def digests(tablet: Tablet) -> dict[str, str]:
    """Of what the tablet has, by key."""
    sums: dict[str, int] = defaultdict(int)
    for row in tablet.rows.values():
        said = f"{row['type']}\n{row['id']}\n{row['rev']}".encode()
        for key in row["keys"]:
            sums[key] += int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
    return {key: f"{each % 2**64:016x}" for key, each in sums.items()}


def whole(tablet: Tablet) -> None:
    """Takes the feed from its beginning."""
    tablet.cursor, tablet.rows = None, {}
    tablet.catch_up()


@states("| `check` | true: the last line is to tell the", "It asks with `check`", "A key's digest is a sum modulo 2^64")
def test_the_last_line_has_a_digest_of_every_key(wang: Tablet) -> None:
    wang.makes("household")
    wang.sync(wang.change("household", wang.makes("household"), {"door_no": "1"}, {"door_no": []}))
    whole(wang)
    answer = wang.sync(check=True)
    assert answer.last["more"] is False
    assert answer.last["digests"] == digests(wang)
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
    whole(wang)
    key = f"unit:{wang.grid}"
    wang.rows = {name: row for name, row in wang.rows.items() if name != home}
    answer = wang.sync(check=True)
    assert answer.last["digests"][key] != digests(wang).get(key)
    wang.sync(again=[key])
    wang.catch_up()
    assert home in wang.rows
    assert wang.sync(check=True).last["digests"] == digests(wang)
    wrong: list[object] = ["x", [5], {}]
    for again in wrong:
        problem(wang.post(wang.body(again=again)), 400, "malformed", "again")
