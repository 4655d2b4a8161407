"""Tables that people read: as wide as the terminal, and whole where there is none."""

import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest
from rich.cells import cell_len

from cli import tables
from cli.answers import listed

ID = "01a205b6-183f-7000-81f6-f51d7709b093"
ITEMS = [{"id": ID, "title": "围墙占道与排水" * 9, "given": ["状态: 已履行", "承办: –"], "note": None}]
COLUMNS = {"id": "编号", "title": "标题", "given": "内容", "note": "备注"}


def drawn(monkeypatch: pytest.MonkeyPatch, width: int | None) -> list[str]:
    monkeypatch.setattr(tables, "terminal_cells", lambda: width)
    return tables.drawn(ITEMS, COLUMNS).splitlines()


def test_a_file_takes_a_table_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{ID}  {ITEMS[0]['title']}  状态: 已履行  –" in drawn(monkeypatch, None)


# What the columns take at least: an id whole, twelve of a text, the gaps.
@pytest.mark.parametrize("width", [36 + 12 + 12 + 4 + 4 * 2, 100])
def test_on_a_terminal_long_columns_are_folded_and_ids_stay_whole(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    told = drawn(monkeypatch, width)
    assert max(map(cell_len, told)) <= width
    assert sum(ID in line for line in told) == 1
    assert "".join("".join(told).split()).count("墙") == 9


def test_on_a_narrow_terminal_each_item_is_a_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(monkeypatch, 36 + 12 + 12 + 4 + 4 * 2 - 1) == [
        ID,
        f"  标题: {ITEMS[0]['title']}",
        "  内容: 状态: 已履行",
        "    承办: –",
    ]


def test_programs_are_told_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "terminal_cells", lambda: 20)
    assert listed(ITEMS, COLUMNS).values == {"items": ITEMS}
    assert listed([], COLUMNS).text == "无 · None"


def test_the_terminals_own_width_counts() -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 61, 0, 0))
    asked = "from cli.tables import terminal_cells; print(terminal_cells())"
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    subprocess.run([sys.executable, "-c", asked], stdout=theirs, env=environment, check=True)
    assert os.read(ours, 100).split() == [b"61"]
    for end in (ours, theirs):
        os.close(end)
    piped = subprocess.run([sys.executable, "-c", asked], stdout=subprocess.PIPE, env=environment, check=True)
    assert piped.stdout.split() == [b"None"]
