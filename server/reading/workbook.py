"""An export as an Excel workbook: written row by row into a file, since a workbook is whole or nothing."""

import tempfile
from collections.abc import Generator, Iterator
from decimal import Decimal
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]  # It carries no types.
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from schemas.labels import Cell
from server.reading.cells import Table
from server.store.listing import Item

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTES_AT_ONCE = 64 * 1024
SHEET_ROWS_MAX = 1_000_000
"""Records on one sheet; Excel itself ends at 1,048,576 rows."""
CELL_CHARS_MAX = 32_767
"""Excel's own limit of one cell."""


def parts(table: Table, items: Iterator[Item]) -> Generator[bytes]:
    """The file in parts. The first comes when all records have been read. The last row says how many they are."""
    with tempfile.TemporaryDirectory(prefix="doorstep-") as folder, (Path(folder) / "book").open("w+b") as file:
        # Each row goes to the disk, in the same folder, as soon as the next one begins.
        with xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, "use_zip64": True}) as book:
            _write(book, table, items)
        file.seek(0)
        while part := file.read(BYTES_AT_ONCE):
            yield part


def _write(book: xlsxwriter.Workbook, table: Table, items: Iterator[Item]) -> None:
    sheet = _sheet(book, table)
    rows = 0
    for rows, row in enumerate(table.rows(items), 1):
        if rows > 1 and rows % SHEET_ROWS_MAX == 1:
            sheet = _sheet(book, table)
        _row(sheet, 1 + (rows - 1) % SHEET_ROWS_MAX, row)
    _row(sheet, 1 if rows == 0 else 2 + (rows - 1) % SHEET_ROWS_MAX, [table.counted(rows)])


def _sheet(book: xlsxwriter.Workbook, table: Table) -> Worksheet:
    sheet = book.add_worksheet()
    _row(sheet, 0, [*table.header])
    return sheet


def _row(sheet: Worksheet, number: int, row: list[Cell]) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int | Decimal):
            sheet.write_number(number, column, cell)
        elif cell:
            sheet.write_string(number, column, cell.replace("\r\n", "\n")[:CELL_CHARS_MAX])
