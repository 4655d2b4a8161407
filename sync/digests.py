"""A digest of what stands under each key of a scope: by it a tablet finds out that it has drifted, and where.

It is a sum, so it depends on no order, and the same for whoever holds the same rows: modulo 2^64, of the first eight
bytes (big-endian) of `SHA-256(type ‖ LF ‖ id ‖ LF ‖ revision in decimal)` of each record under the key. As text it is
16 hexadecimal digits. A key with nothing under it has none.
"""

import hashlib
from collections.abc import Iterable, Mapping

_BYTES = 8
_MODULUS = 1 << (8 * _BYTES)


def digests(rows: Iterable[tuple[str, str, str, int]]) -> Mapping[str, str]:
    """The digest of each key, for rows of key, record type, record id and revision."""
    sums: dict[str, int] = {}
    for key, record_type, record, revision in rows:
        seen = hashlib.sha256(f"{record_type}\n{record}\n{revision}".encode()).digest()
        sums[key] = (sums.get(key, 0) + int.from_bytes(seen[:_BYTES], "big")) % _MODULUS
    return {key: f"{total:0{2 * _BYTES}x}" for key, total in sorted(sums.items())}


def drifted(mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """The keys in which two digests of the same scope differ."""
    return sorted(key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
