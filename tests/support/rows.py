"""Rows of the feed as lines, for tests that play the center's part."""

import json

from sync import frames
from sync.frames import Row


def row_line(row: Row) -> bytes:
    if row.gone is not None:
        return (frames.GONE % (row.revision, row.type, row.id, row.gone)).encode()
    document = json.dumps(row.document or {}, ensure_ascii=False)
    dots = f',"dots":{json.dumps(row.dots)}' if row.dots else ""
    return (frames.ROW % (row.revision, row.type, row.id, json.dumps(row.keys), document, dots)).encode()
