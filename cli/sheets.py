"""Tables from files: CSV as spreadsheets write it (UTF-8 or, in China, GB18030; with commas, semicolons or tabs; their
"Unicode text", which is UTF-16 with tabs) and workbooks (.xlsx, first sheet).

Row numbers are those that a spreadsheet shows: the heading is row 1, blank rows count.
"""

import codecs
import csv
import io
import math
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from cli.answers import CommandError
from server.administration import Fault, FaultCode, Row, Sheet

ROWS_MAX = 500_000
"""Of one file; more is a file of another kind, or to be cut."""
EXACT_BELOW = 10**15
"""A spreadsheet keeps 15 digits of a number: of longer codes it has lost the last ones."""

_MARKS = " \t\r\n*＊\ufeff"
"""What may stand around a heading: templates mark columns that must be filled in."""

_ERROR = re.compile(r"#(?:N/A|GETTING_DATA|[A-Z0-9/]+[!?])")
"""What a spreadsheet shows where it could not calculate."""

_SEPARATOR = re.compile(r"\A\"?sep=([,;\t])\"?\r?\n", re.IGNORECASE)
"""A first line for Excel alone, which does not show it: what separates the cells."""

_UNREADABLE = (
    "不是 UTF-8、GB18030 或 UTF-16 编码的文本；请用电子表格另存为 .xlsx",
    "it is no text in UTF-8, GB18030 or UTF-16; save it as .xlsx in a spreadsheet",
)

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its wire name, its labels, and whether there is no table without it."""

    name: str
    zh: str
    en: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Formula:
    """A cell of a workbook whose program kept no result: nobody can say what is meant to stand there."""


@dataclass(frozen=True, slots=True)
class Read:
    """A table, and the headings that are none of its columns: what stands under them is not looked at."""

    sheet: Sheet
    ignored: tuple[str, ...]


def read(path: Path, columns: Sequence[Column]) -> Read:
    """The table of a file, its headings being wire names or labels. Raises CommandError where there is none in it."""
    numbered = enumerate(_rows(path), 1)
    _, heading = next(numbered, (1, []))
    titles = [_text(cell).strip(_MARKS) for cell in heading]
    names = _named(titles, columns)
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, cells in numbered:
        found = list(_faults(number, cells, names, len(titles)))
        faults += found
        row = Row(number, {name: text for place, name in names.items() if (text := _cell(cells, place))})
        if row.cells and not found:
            rows.append(row)
        if len(rows) > ROWS_MAX:  # Blank rows do not count: a workbook may end in a million of them.
            raise CommandError("file-too-long", f"最多 {ROWS_MAX} 行", f"A file has at most {ROWS_MAX} rows")
    ignored = [title for place, title in enumerate(titles) if title and place not in names]
    return Read(Sheet(rows, faults), tuple(ignored))


def _named(titles: Sequence[str], columns: Sequence[Column]) -> dict[int, str]:
    """The wire name of each place in the heading that is a column. Raises CommandError."""
    known = {label.casefold(): column.name for column in columns for label in (column.name, column.zh, column.en)}
    names = {place: known[title.casefold()] for place, title in enumerate(titles) if title.casefold() in known}
    missing = [column for column in columns if column.needed and column.name not in names.values()]
    if missing:
        zh = "、".join(f"{column.zh} ({column.name})" for column in missing)
        raise CommandError(
            "columns-missing",
            f"第一行缺少列：{zh}",
            f"The first row lacks the columns {', '.join(column.name for column in missing)}",
        )
    twice = sorted({name for name in names.values() if list(names.values()).count(name) > 1})
    if twice:
        raise CommandError(
            "columns-twice", f"列重复：{'、'.join(twice)}", f"These columns come twice: {', '.join(twice)}"
        )
    return names


def _faults(number: int, cells: Cells, names: Mapping[int, str], width: int) -> Iterator[Fault]:
    """What keeps a row from being read."""
    if any(_text(cell) for cell in cells[width:]):
        zh = "单元格比标题多；含有分隔符（逗号、分号或制表符）的内容要加引号"
        en = "It has more cells than the heading: quote what holds the separator (a comma, semicolon or tab)"
        yield Fault(number, None, FaultCode.INVALID, zh, en)
    for place, name in names.items():
        if "\0" in _cell(cells, place):
            yield Fault(number, name, FaultCode.INVALID, "含有无法保存的字符", "It has a character that cannot be kept")
        said = _wrong(cells[place]) if place < len(cells) else None
        if said is not None:
            yield Fault(number, name, FaultCode.INVALID, *said)


def _wrong(cell: object) -> tuple[str, str] | None:
    """Why nothing can be made of a cell, in Chinese and in English."""
    match cell:
        case int() | float() if abs(cell) >= EXACT_BELOW:
            return (
                "数字过长，表格已丢失末位：请将该列设为文本后重填",
                "The number is too long and has lost its last digits: make the column text and fill it in again",
            )
        case str() if _ERROR.fullmatch(cell.strip()):
            return (
                f"表格未能算出此格（{cell.strip()}）：请改正",
                f"It holds an error of the spreadsheet, {cell.strip()}",
            )
        case Formula():
            return (
                "公式没有计算结果：请用电子表格打开并保存一次，或改填数值",
                "It is a formula without a result: open and save the file in a spreadsheet, or fill in the value",
            )
        case _:
            return None


def _cell(cells: Cells, place: int) -> str:
    return _text(cells[place]) if place < len(cells) else ""


def _text(cell: object) -> str:
    """A cell as one would type it."""
    match cell:
        case None | Formula():
            return ""
        case bool():
            return "是" if cell else "否"
        case float() if math.isfinite(cell) and cell.is_integer():
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second) == (0, 0, 0):
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def _rows(path: Path) -> Iterable[Cells]:
    match path.suffix.lower():
        case ".csv" | ".txt":
            return _csv(path)
        case ".xlsx":
            return _workbook(path)
        case _:
            raise CommandError(
                "file-unknown", f"{path.name} 不是 .csv、.txt 或 .xlsx", f"{path.name} is not .csv, .txt or .xlsx"
            )


def _csv(path: Path) -> Iterator[Cells]:
    try:
        text, separator = _separated(_decoded(path.read_bytes()))
        # Not line by line: a quoted cell may hold line ends.
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except UnicodeDecodeError as error:
        raise _unreadable(path, *_UNREADABLE) from error
    except csv.Error as error:
        en = f"its quotes are not as they must be ({_reason(error)[1]})"
        raise _unreadable(path, "引号不成对，或引号后还有内容", en) from error
    except OSError as error:
        raise _unreadable(path, *_reason(error)) from error


def _separated(text: str) -> tuple[str, str]:
    """The table of a text, and what separates its cells: what a `sep=` line says, else what the heading has most of."""
    said = _SEPARATOR.match(text)
    if said is not None:
        return text[said.end() :], said[1]
    heading = text.partition("\n")[0]
    return text, max(",;\t", key=heading.count)


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _workbook(path: Path) -> Iterator[Cells]:
    import openpyxl  # type: ignore[import-untyped]  # It carries no types; here, since only workbooks need it.

    try:
        with warnings.catch_warnings(), path.open("rb") as results, path.open("rb") as formulas:
            warnings.simplefilter("ignore")  # Of drop-down lists and styles, which are nothing to us.
            # Once each: whoever reads results is not told which cells are formulas.
            books = [
                openpyxl.load_workbook(each, read_only=True, data_only=each is results) for each in (results, formulas)
            ]
            sheets = [book.worksheets[0] for book in books]
            for sheet in sheets:
                sheet.reset_dimensions()  # Some programs write a wrong size.
            for row in zip(*(sheet.iter_rows() for sheet in sheets), strict=True):
                yield [_shown(*cells) for cells in zip(*row, strict=True)]
    except (
        BadZipFile,
        EOFError,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
        TypeError,
        zlib.error,
    ) as error:
        raise _unreadable(path, *_reason(error)) from error


def _shown(result: Any, written: Any) -> object:
    """A cell's value. A formula whose result is a text may be blank; of any other nothing was kept then."""
    is_kept = result.value is not None or result.data_type == "str" or written.data_type != "f"
    return result.value if is_kept else Formula()


def _reason(error: Exception) -> tuple[str, str]:
    reason = " ".join(str(error).split())
    return reason, reason


def _unreadable(path: Path, zh: str, en: str) -> CommandError:
    return CommandError("file-unreadable", f"无法读取 {path.name}：{zh}", f"{path.name} cannot be read: {en}")
