"""Workbooks, whose cells may be formulas."""

from pathlib import Path
from zipfile import ZipFile

import openpyxl  # type: ignore[import-untyped]  # It carries no types.
import pytest

from cli.sheets import Column, read

COLUMNS = [Column("unit", "所属网格", "Grid"), Column("address", "地址", "Address"), Column("notes", "备注", "Notes")]


def made(folder: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in (["unit", "address", "notes", "序号"], *rows):
        book.active.append(row)
    book.save(folder / "table.xlsx")
    return folder / "table.xlsx"


def bad(path: Path) -> list[tuple[int, str | None]]:
    faults = read(path, COLUMNS).sheet.faults
    assert all(each.zh and each.en for each in faults)
    return [(each.row, each.column) for each in faults]


def test_what_could_not_be_calculated_is_a_fault_of_its_row(tmp_path: Path) -> None:
    file = made(
        tmp_path,
        ["g1", "#VALUE!", None],
        ["g1", "东村2号", "#N/A"],
        ["g1", "#DIV/0!", "#NAME?"],
        ["g1", "#5 东村", "#", "#REF!"],
    )
    assert bad(file) == [(2, "address"), (3, "notes"), (4, "address"), (4, "notes")]
    assert [row.number for row in read(file, COLUMNS).sheet.rows] == [5]


@pytest.mark.parametrize(
    ("result", "is_read"),
    [
        (b"><f>D1</f><v></v>", False),
        (b"><f>D1</f>", False),
        (b' t="e"><f>D1</f><v>#REF!</v>', False),
        (b' t="str"><f>D1</f><v></v>', True),
        (b' t="str"><f>D1</f><v>close by</v>', True),
        (b"><f>D1</f><v>7</v>", True),
    ],
)
def test_of_a_formula_its_result_is_read(tmp_path: Path, result: bytes, is_read: bool) -> None:
    """openpyxl writes formulas without results: what other programs write is put there."""
    written, file = made(tmp_path, ["g1", "东村1号", "=D1", "=D2"]), tmp_path / "saved.xlsx"
    with ZipFile(written) as old, ZipFile(file, "w") as new:
        for name in old.namelist():
            before, cell, after = old.read(name).partition(b'<c r="C2"')
            new.writestr(name, before + (cell + result + after[after.index(b"</c>") :] if cell else b""))
    assert bad(file) == ([] if is_read else [(2, "notes")])
