"""An export as CSV (RFC 4180) that Excel opens as it is: UTF-8 with a byte order mark, CRLF, and no formulas."""

import csv
import io
from collections.abc import Generator, Iterable, Iterator

from schemas.labels import Cell
from server.reading.cells import Table
from server.store.listing import Item

MEDIA = "text/csv"
BYTES_AT_ONCE = 64 * 1024
"""About how much is sent at a time."""

_BYTE_ORDER_MARK = "\ufeff"
_ACTIVE = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""What makes a spreadsheet take a text for a formula (OWASP, "CSV Injection"), the full-width forms too, which some
take for these; it gets an apostrophe before it."""


def lines(table: Table, items: Iterator[Item]) -> Generator[bytes]:
    """The file in parts. Its last line says how many records came before it: one without it is cut."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    written.write(_BYTE_ORDER_MARK)
    writer.writerow(harmless(column.label for column in table.columns))
    rows = 0
    for row in table.rows(items):
        rows += 1
        writer.writerow(harmless(row))
        if written.tell() >= BYTES_AT_ONCE:
            yield _taken(written)
    writer.writerow([table.counted(rows)])
    yield _taken(written)


def harmless(row: Iterable[Cell]) -> list[Cell]:
    """The cells of a row, of which none is a formula."""
    return [f"'{each}" if isinstance(each, str) and each.startswith(_ACTIVE) else each for each in row]


def _taken(written: io.StringIO) -> bytes:
    text = written.getvalue()
    written.seek(0)
    written.truncate()
    return text.encode()
