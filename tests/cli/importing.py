"""Tables to import, and what came of them."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # It carries no types.
import sqlalchemy as sa

from server.settings import Settings
from server.store import dialect, tables
from tests.cli.conftest import Shell

Rows = Sequence[Sequence[object]]

EAST, VILLAGE, GRID = "990101001", "990101001001", "990101001001001"
WEST, WEST_VILLAGE, WEST_GRID = "990101002", "990101002001", "990101002001001"

WESTERN: Rows = [
    ["编码", "名称*", "上级", "序号"],
    [WEST_GRID, "西村一网格", WEST_VILLAGE, 1],
    [WEST_VILLAGE, "西村", WEST, 2],
    ["990101", "示例县", "", 3],
    [],
    [WEST, "西镇", "990101", 5],
]


def text(rows: Rows) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def table(folder: Path, rows: Rows, name: str = "table.csv") -> str:
    path = folder / name
    path.write_text(text(rows), encoding="utf-8")
    return str(path)


def workbook(folder: Path, rows: Rows) -> str:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(folder / "table.xlsx")
    return str(folder / "table.xlsx")


def parents(shell: Shell) -> dict[str, str]:
    return {unit["code"]: unit["parent"] for unit in shell.does("unit", "list")["items"]}


def faults(said: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    assert all(each["zh"] and each["en"] for each in said["bad"])
    return [(each["row"], each["column"], each["code"]) for each in said["bad"]]


def homes(shell: Shell) -> int:
    return kept(shell, tables.record.c.type).count("household")


def log_lines(shell: Shell) -> int:
    return len(kept(shell, tables.edit_log.c.revision))


def kept(shell: Shell, column: sa.Column[Any]) -> list[Any]:
    """What stands in a column of the database."""
    engine = dialect.create_engine(Settings(shell.environment["DOORSTEP_DATABASE_URL"]))
    with dialect.reading(engine) as connection:
        found = list(connection.scalars(sa.select(column)))
    engine.dispose()
    return found
