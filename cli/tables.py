"""Tables for people: on a terminal no wider than that; for a file or another program as wide as they must be."""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

WIDTH_MAX = 1000
FOLDED_CELLS_MIN = 12
"""Of a terminal's width, for a column whose texts are folded: six Chinese characters, a date."""
GAP_CELLS = 2
"""Between columns."""

NOTHING = "–"
_WHOLE = re.compile(f"[!-~]{{1,50}}|{NOTHING}")
"""What is there to be copied or is but a word: an id, a code, a number."""

_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {ord("\n"), ord("\t")}, "�")
"""By these a text could write where it likes on a terminal, or give it orders."""

Cells = Sequence[Sequence[str]]
"""Rows of cells, as many in each as there are columns."""


def drawn(items: Sequence[Mapping[str, object]], columns: Mapping[str, str]) -> str:
    """Items as a table; on a terminal too narrow for that a paragraph each, a line a member. `columns`: the heading of
    each member shown."""
    if not items:
        return "无 · None"
    headings = list(columns.values())
    rows = [[_cell(item.get(name)) for name in columns] for item in items]
    width = terminal_cells()
    whole = [_is_whole([row[place] for row in rows]) for place in range(len(headings))]
    if width is not None and _least_cells([headings, *rows], whole) > width:
        return "\n\n".join(_paragraph(headings, row) for row in rows)
    return _table(headings, rows, whole, width or WIDTH_MAX)


def _is_whole(cells: Sequence[str]) -> bool:
    return all(_WHOLE.fullmatch(line) is not None for cell in cells for line in cell.split("\n"))


def terminal_cells() -> int | None:
    """How wide the terminal is that shows what is said; None where none does."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _least_cells(rows: Cells, whole: Sequence[bool]) -> int:
    natural = [max(cell_len(line) for row in rows for line in row[place].split("\n")) for place in range(len(whole))]
    kept = [cells if is_whole else min(cells, FOLDED_CELLS_MIN) for cells, is_whole in zip(natural, whole, strict=True)]
    return sum(kept) + GAP_CELLS * len(kept)


def _table(headings: Sequence[str], rows: Cells, whole: Sequence[bool], width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP_CELLS - 1, 0, 0), show_edge=False)
    for heading, is_whole in zip(headings, whole, strict=True):
        table.add_column(heading, no_wrap=is_whole, overflow="fold")
    for row in rows:
        table.add_row(*row)
    # With a height too: rich else takes the width of a terminal that it does not know to be 80.
    console = Console(width=width, height=1, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    lines = (line.rstrip() for line in captured.get().splitlines())
    return "\n".join(filter(None, lines))


def _paragraph(headings: Sequence[str], row: Sequence[str]) -> str:
    """The first cell, by which the item is known, and under it the others that say something."""
    said = [f"{heading}: {cell}" for heading, cell in zip(headings[1:], row[1:], strict=True) if cell != NOTHING]
    return "\n".join([row[0], *(f"  {each}".replace("\n", "\n    ") for each in said)])


def visible(text: str) -> str:
    """A text of somebody else's, with nothing in it that a terminal obeys but line ends and tabs."""
    return text.translate(_CONTROLS)


def _cell(value: object) -> str:
    match value:
        case None:
            return NOTHING
        case list():
            return "\n".join(_cell(each) for each in value)
        case dict():
            return " ".join(_cell(each) for each in value.values() if each is not None)
        case _:
            return visible(str(value))
