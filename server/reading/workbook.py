"""An export as an Excel workbook: written row by row into a file, since a workbook is whole or nothing."""

import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # It carries no types.
from xlsxwriter.format import Format  # type: ignore[import-untyped]  # Nor does this.
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from schemas.labels import Cell
from server.reading.cells import Column, Table
from server.store.listing import Item

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES_AT_ONCE = 64 * 1024
SHEET_ROWS_MAX = 1_000_000
"""Records on one sheet; Excel itself ends at 1,048,576 rows."""
CELL_CHARS_MAX = 32_767
"""Excel's own limit of one cell."""
YEAR_MIN = 1901
"""Excel knows no day before 1900, and of that year's first months programs disagree: an earlier one is a text."""
MOMENT, DAY = "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"
"""How Excel shows them; the cells are numbers, so that it can sort and filter."""
ARROW_CHARS = 3
"""What the button of a filter covers of a heading."""


def parts(table: Table, items: Iterator[Item]) -> Generator[bytes]:
    """The file in parts. The first comes when all records have been read. The last row says how many they are."""
    with tempfile.TemporaryDirectory(prefix="doorstep-") as folder, (Path(folder) / "book").open("w+b") as file:
        # Each row goes to the disk, in the same folder, as soon as the next one begins.
        with xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, "use_zip64": True}) as book:
            _write(book, table, items)
        file.seek(0)
        while part := file.read(BYTES_AT_ONCE):
            yield part


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is being written, with the formats of its book."""

    sheet: Worksheet
    moment: Format
    day: Format

    @classmethod
    def of(cls, book: xlsxwriter.Workbook, table: Table) -> "_Sheet":
        """A new one, whose heading stays in sight."""
        formats = (book.add_format({"num_format": form}) for form in (MOMENT, DAY))
        made = cls(book.add_worksheet(), *formats)
        made.sheet.freeze_panes(1, 0)
        for number, column in enumerate(table.columns):
            made.sheet.set_column(number, number, _width(column))
        _row(made, 0, [column.label for column in table.columns])
        return made

    def filtered(self, table: Table, rows: int) -> None:
        """Lets people filter and sort by the heading the records, and what is said under them stays there."""
        self.sheet.autofilter(0, 0, rows, len(table.columns) - 1)


def _write(book: xlsxwriter.Workbook, table: Table, items: Iterator[Item]) -> None:
    sheet = _Sheet.of(book, table)
    rows = 0
    for rows, row in enumerate(table.rows(items), 1):
        if rows > 1 and rows % SHEET_ROWS_MAX == 1:
            sheet.filtered(table, SHEET_ROWS_MAX)
            sheet = _Sheet.of(book, table)
        _row(sheet, 1 + (rows - 1) % SHEET_ROWS_MAX, row)
    last = 0 if rows == 0 else 1 + (rows - 1) % SHEET_ROWS_MAX
    sheet.filtered(table, last)
    _row(sheet, last + 1, [table.counted(rows)])


def _width(column: Column) -> int:
    """Of a column: room for its values, and for its label with the arrow beside it. A Chinese character takes two."""
    label = sum(1 if each.isascii() else 2 for each in column.label)
    return max(column.chars, label + ARROW_CHARS) + 1


def _row(sheet: _Sheet, number: int, row: Sequence[Cell]) -> None:
    written = sheet.sheet
    for column, cell in enumerate(row):
        if isinstance(cell, int | Decimal):
            written.write_number(number, column, cell)
        elif isinstance(cell, date) and cell.year >= YEAR_MIN:
            written.write_datetime(number, column, cell, sheet.moment if isinstance(cell, datetime) else sheet.day)
        elif text := str(cell):
            written.write_string(number, column, text.replace("\r\n", "\n")[:CELL_CHARS_MAX])
