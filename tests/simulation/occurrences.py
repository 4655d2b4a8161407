"""What must befall counties again and again: a simulation without one of these tests less than it says."""

from collections.abc import Mapping

MUST_OCCUR: Mapping[str, str] = {
    "request_lost": "a request is lost",
    "answer_lost": "an answer is lost",
    "answer_cut": "an answer is cut at any byte",
    "duplicated": "a request comes twice",
    "arrived_late": "a request comes long after it was given up",
    "timed_out": "nothing comes",
    "gateway": "something between answers instead",
    "server killed": "the server is killed before any statement",
    "server killed_after": "the server is killed after a commit",
    "server full": "the server's disk is full",
    "server bug": "the server has a bug",
    "together": "requests of several tablets go into one transaction",
    "server overtaken": "another transaction comes between any two statements",
    "tablet killed": "a tablet's process is killed before or after any statement",
    "tablet's disk full": "a tablet's disk is full",
    "clock jumped": "a tablet's clock jumps",
    "restored": "a tablet is restored from an old copy",
    "cloned": "a tablet is cloned",
    "replaced": "a tablet is replaced",
    "backup restored": "the server is restored from an old backup",
    "person moved": "a person moves",
    "redrawn": "a grid is re-drawn",
    "committee": "somebody joins or leaves a committee",
    "revoked": "a tablet is revoked",
    "told of its revocation": "a revoked tablet hands over what it owes",
    "page of one row": "a page has one row",
    "one edit at a time": "a request has one edit",
    "old schema": "an edit is of an older schema than the server's",
    "held newer-schema": "an edit is of a newer schema than the server's",
    "server upgraded": "the server is upgraded",
    "poisoned": "an outbox has a poison line",
    "rogue": "somebody hands over garbage",
    "staff decided": "staff decide a held edit",
}
"""By the name under which a run counts it."""


def missing(counts: Mapping[str, int]) -> list[str]:
    """What did not happen, in words."""
    return [said for name, said in MUST_OCCUR.items() if not counts.get(name)]
