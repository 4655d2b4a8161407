"""Digests of what stands under each key: how a tablet finds out that it has drifted."""

import hashlib

from sync.digests import digests, drifted

ROWS = [("unit:1", "visit", "v1", 7), ("unit:1", "dispute", "d1", 9), ("unit:2", "visit", "v1", 7)]


def eight(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def test_a_digest_is_the_sum_that_the_protocol_says() -> None:
    visit, dispute = eight("visit\nv1\n7"), eight("dispute\nd1\n9")
    assert digests(ROWS) == {"unit:1": f"{(visit + dispute) % 2**64:016x}", "unit:2": f"{visit:016x}"}


def test_a_digest_is_the_same_in_every_order_and_nothing_has_none() -> None:
    assert digests(reversed(ROWS)) == digests(ROWS)
    assert digests([]) == {}


def test_keys_drift_where_a_record_a_revision_or_the_key_itself_differs() -> None:
    mine = digests(ROWS)
    assert drifted(mine, mine) == []
    assert drifted(mine, digests(ROWS[:2])) == ["unit:2"]
    assert drifted(mine, digests([*ROWS[:2], ("unit:2", "visit", "v1", 8), ("unit:3", "visit", "v2", 1)])) == [
        "unit:2",
        "unit:3",
    ]
