"""What the imports of units, people and households share: rows of a table, what is wrong with them, what they did.

A row that says what is known already adds nothing, so that the same table can be imported again. Unless bad rows are to
be skipped, one of them keeps all the others out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from schemas.identity_numbers import has_identity_number
from schemas.limits import TITLE_CHARS_MAX
from schemas.problems import IDENTITY_NUMBER
from sync import ids
from sync.lines import Values

ROWS_PER_LOG_LINE = 200
"""One line of the log says what so many rows of a table did to the directory."""

_UNITS = frozenset({"code", "parent", "unit"})
"""Columns of units' codes: that of a micro-grid has as many digits as an identity-card number."""


class FaultCode(StrEnum):
    """What is wrong with a row."""

    MISSING = "missing"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    DUPLICATE = "duplicate"
    CYCLE = "cycle"
    NOT_ALLOWED = "not-allowed"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its number as a spreadsheet shows it (the heading is row 1), and its cells that are not blank,
    as trimmed text by wire name."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell, "" where it is blank."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a row; `column` is None where it is the row as a whole."""

    row: int
    column: str | None
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A row says otherwise than what is known. `applied`: what is known says so too now.

    `was` and `now` are left out where they are about a home or a person."""

    row: int
    id: str
    column: str
    applied: bool
    was: str | None = None
    now: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a table, and what was wrong with those that could not be read."""

    rows: Sequence[Row]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """How to import: `dry_run` changes nothing and says what it would, `skip_bad` loads the good rows all the same."""

    dry_run: bool = False
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do where `loaded` is false. `rows` are those that are not blank; `added`, `same` and
    `bad_rows` are of them, and so are those with differences."""

    rows: int
    added: int
    same: int
    differences: tuple[Difference, ...]
    faults: tuple[Fault, ...]
    loaded: bool
    warnings: tuple[Fault, ...] = ()
    """What keeps no row out, but should not stand there."""

    @property
    def bad_rows(self) -> int:
        return len({fault.row for fault in self.faults})

    def values(self) -> Values:
        """The same as JSON says it."""
        differences = [{k: v for k, v in asdict(each).items() if v is not None} for each in self.differences]
        return {
            "loaded": self.loaded,
            "rows": self.rows,
            "added": self.added,
            "same": self.same,
            "bad_rows": self.bad_rows,
            "bad": [asdict(fault) for fault in self.faults],
            "changed": differences,
            "warnings": [asdict(warning) for warning in self.warnings],
        }


@dataclass(slots=True)
class Findings:
    """What looking through a sheet has found so far."""

    sheet: Sheet
    added: int = 0
    same: int = 0
    faults: list[Fault] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.faults.extend(self.sheet.faults)

    def fault(self, row: Row, column: str | None, code: FaultCode, zh: str, en: str) -> None:
        self.faults.append(Fault(row.number, column, code, zh, en))

    def differ(
        self, row: Row, identity: str, column: str, was: str | None, now: str | None, *, applied: bool = False
    ) -> None:
        self.differences.append(Difference(row.number, identity, column, applied, was, now))

    def may_load(self, asked: Asked) -> bool:
        return not asked.dry_run and (asked.skip_bad or not self.faults)

    def imported(self, *, loaded: bool) -> Imported:
        """A row with several faults says them in the order of its columns, rows in theirs."""
        rows = {row.number for row in self.sheet.rows} | {fault.row for fault in self.sheet.faults}
        faults = sorted(self.faults, key=lambda fault: fault.row)
        differences = sorted(self.differences, key=lambda each: each.row)
        warnings = tuple(_identity_numbers(self.sheet.rows))
        return Imported(len(rows), self.added, self.same, tuple(differences), tuple(faults), loaded, warnings)

    # -- what every import asks of a row

    def requires(self, row: Row, *columns: str) -> bool:
        """Notes what is missing; whether nothing is."""
        missing = [column for column in columns if not row[column]]
        for column in missing:
            self.fault(row, column, FaultCode.MISSING, "请填写", "This must be filled in")
        return not missing

    def is_name(self, row: Row, column: str) -> bool:
        """Whether a cell can be the code of a unit or the id of a person."""
        if ids.is_person_id(row[column]):
            return True
        zh, en = "应为 1 至 64 个字母、数字、点、横线或下划线", "This must be 1 to 64 letters, digits, . _ or -"
        self.fault(row, column, FaultCode.INVALID, zh, en)
        return False

    def is_title(self, row: Row, column: str) -> bool:
        """Whether a cell is short enough for what things and people are called."""
        if len(row[column]) <= TITLE_CHARS_MAX:
            return True
        self.fault(
            row, column, FaultCode.INVALID, f"最多 {TITLE_CHARS_MAX} 个字", f"At most {TITLE_CHARS_MAX} characters"
        )
        return False

    def knows_unit(self, row: Row, column: str, units: Iterable[str]) -> bool:
        if row[column] in units:
            return True
        self.fault(row, column, FaultCode.UNKNOWN, f"没有辖区 {row[column]}", f"There is no unit {row[column]}")
        return False

    def is_first(self, row: Row, column: str | None, before: Row | None) -> bool:
        """Whether no row `before` this one says the same thing."""
        if before is None:
            return True
        zh, en = f"与第 {before.number} 行重复", f"Row {before.number} says the same"
        self.fault(row, column, FaultCode.DUPLICATE, zh, en)
        return False


def _identity_numbers(rows: Iterable[Row]) -> Iterator[Fault]:
    zh = "像是身份证号码：这里不记身份证号，请删去"
    en = "This seems to hold an identity-card number: none is kept here, please take it out"
    for row in rows:
        for column, text in row.cells.items():
            if column not in _UNITS and has_identity_number(text):
                yield Fault(row.number, column, IDENTITY_NUMBER, zh, en)


def log_lines(do: str, member: str, items: Sequence[object]) -> list[Values]:
    """The lines that say in the log what a table did."""
    return [
        {"do": do, member: items[start : start + ROWS_PER_LOG_LINE]}
        for start in range(0, len(items), ROWS_PER_LOG_LINE)
    ]
