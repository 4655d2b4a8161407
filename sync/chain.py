"""The edit log's hash chain, one a county: it tells a server whose past differs (a restore) from one that moved on.

`h(i) = SHA-256(h(i-1) ‖ revision ‖ receipt ‖ SHA-256(line))`: revision and receipt (milliseconds since 1970) as
8 bytes each, big-endian; `h(0)` is 32 zero bytes.
"""

import hashlib

START = bytes(32)
TAG_BYTES = 8


def extend(head: bytes, revision: int, receipt_ms: int, line_digest: bytes) -> bytes:
    return hashlib.sha256(head + revision.to_bytes(8, "big") + receipt_ms.to_bytes(8, "big") + line_digest).digest()


def tag(head: bytes) -> str:
    """The first bytes of a chain value, as text: what cursors and marks carry."""
    return head[:TAG_BYTES].hex()
