"""An export as GeoJSON (RFC 7946): a feature a record, with the point that it has or none."""

from collections.abc import Generator, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import orjson

from schemas.catalog import RecordType
from schemas.masking import masked
from server.store.listing import Item

MEDIA = "application/geo+json"
BYTES_AT_ONCE = 64 * 1024


def parts(kind: RecordType, unmasked: AbstractSet[str], items: Iterator[Item]) -> Generator[bytes]:
    """The file in parts: a FeatureCollection whose last member is the `count` of its features."""
    written = bytearray(b'{"type":"FeatureCollection","features":[')
    count = 0
    for count, item in enumerate(items, 1):
        written += b"\n" if count == 1 else b",\n"
        written += orjson.dumps(_feature(kind, unmasked, item))
        if len(written) >= BYTES_AT_ONCE:
            yield bytes(written)
            written.clear()
    written += b'\n],"count":%d}\n' % count
    yield bytes(written)


def _feature(kind: RecordType, unmasked: AbstractSet[str], item: Item) -> dict[str, Any]:
    properties = masked(kind, orjson.loads(item.document), unmasked)
    place = properties.pop("location", None)
    geometry = None
    if isinstance(place, Mapping):
        geometry = {"type": "Point", "coordinates": [float(place["lon"]), float(place["lat"])]}
        properties["accuracy_m"] = place.get("accuracy_m")
    own = {"rev": item.revision, "made_at": item.made_at[:24], "made_by": item.made_by}
    return {"type": "Feature", "id": item.id, "geometry": geometry, "properties": own | properties}
