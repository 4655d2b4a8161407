"""A county's units, people and households come from tables."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # It carries no types.
import pytest
import sqlalchemy as sa

from server.administration import household_import
from server.settings import Settings
from server.store import dialect, tables
from tests.cli.conftest import Shell

EAST, VILLAGE, GRID = "990101001", "990101001001", "990101001001001"
WEST, WEST_VILLAGE, WEST_GRID = "990101002", "990101002001", "990101002001001"
Rows = Sequence[Sequence[object]]


@pytest.fixture
def staffed(shell: Shell) -> Shell:
    """The county with one of its staff, chen, one of the village's, zhou, and the grid's worker, wang."""
    for who, role, unit in (
        ("chen", "county_staff", "990101"),
        ("zhou", "village_staff", VILLAGE),
        ("wang", "grid_worker", GRID),
    ):
        shell.does("person", "add", "--name", who, "--role", role, "--unit", unit, "--id", who)
    return shell


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


# -- units


WESTERN: Rows = [
    ["编码", "名称*", "上级", "序号"],
    [WEST_GRID, "西村一网格", WEST_VILLAGE, 1],
    [WEST_VILLAGE, "西村", WEST, 2],
    ["990101", "示例县", "", 3],
    [],
    [WEST, "西镇", "990101", 5],
]


def test_units_come_in_any_order_once(shell: Shell, tmp_path: Path) -> None:
    file = table(tmp_path, WESTERN)
    before = log_lines(shell)
    said = shell.does("import", "units", file)
    assert {name: said[name] for name in ("file", "loaded", "rows", "added", "same", "ignored_columns")} == {
        "file": "table.csv", "loaded": True, "rows": 4, "added": 3, "same": 1, "ignored_columns": ["序号"],
    }  # fmt: skip
    assert log_lines(shell) == before + 1, "one line a table, not one a row"
    assert {code: parents(shell)[code] for code in (WEST, WEST_VILLAGE, WEST_GRID)} == {
        WEST: "990101", WEST_VILLAGE: WEST, WEST_GRID: WEST_VILLAGE,
    }  # fmt: skip
    again = shell.does("import", "units", file)
    assert (again["added"], again["same"], again["changed"]) == (0, 4, [])
    assert log_lines(shell) == before + 1
    assert shell.does("verify") == {"differences": []}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_may_be_as_spreadsheets_write_it(shell: Shell, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "单位.CSV"
    file.write_bytes(text(WESTERN).encode(encoding))
    assert shell.does("import", "units", str(file))["added"] == 3
    names = {unit["code"]: unit["name"] for unit in shell.does("unit", "list")["items"]}
    assert names[WEST_VILLAGE] == "西村"


def test_a_workbook_is_read_cell_by_cell(staffed: Shell, tmp_path: Path) -> None:
    """Codes are numbers there, and days are moments."""
    units: Rows = [["Code", "Name", "Parent"], [int(WEST_GRID), "西村一网格", WEST_VILLAGE], *WESTERN[2:]]
    assert staffed.does("import", "units", workbook(tmp_path, [row[:3] for row in units]))["added"] == 3
    people: Rows = [
        ["id", "name", "role", "unit", "from", "until"],
        [1001, "赵三", "网格员", int(WEST_GRID), datetime(2026, 1, 1), "2026/6/30"],  # noqa: DTZ001 - as openpyxl gives
    ]
    staffed.does("import", "people", workbook(tmp_path, people))
    (zhao,) = (each for each in staffed.does("person", "list")["items"] if each["id"] == "1001")
    assert zhao["assignments"] == [
        {
            "role": "grid_worker",
            "unit": WEST_GRID,
            "from": "2025-12-31T16:00:00.000Z",
            "until": "2026-06-30T16:00:00.000Z",
        }
    ]


def test_a_number_that_a_workbook_has_cut_is_a_bad_row(shell: Shell, tmp_path: Path) -> None:
    said = shell.says(
        "import", "units", workbook(tmp_path, [["code", "name", "parent"], [int(GRID) * 1000, "组", GRID]])
    )
    assert said.status == 1
    assert faults(said.values) == [(2, "code", "invalid")]
    assert "lost its last digits" in said.values["bad"][0]["en"]


BAD_UNITS: Rows = [
    ["code", "name", "parent"],
    [WEST, "西镇", "990101"],
    ["990 102", "空格", "990101"],
    ["990101003", "", "990101"],
    ["990101004", "长" * 201, "990101"],
    [WEST, "又一个西镇", "990101"],
    ["990101005", "无上级", ""],
    ["990101006", "上级不存在", "999999"],
    ["990101006001", "上级有误", "990101006"],
    ["990101007", "环一", "990101008"],
    ["990101008", "环二", "990101007"],
    ["990101009", "环外", "990101008"],
]
UNIT_FAULTS = [
    (3, "code", "invalid"),
    (4, "name", "missing"),
    (5, "name", "invalid"),
    (6, "code", "duplicate"),
    (7, "parent", "missing"),
    (8, "parent", "unknown"),
    (9, "parent", "unknown"),
    (10, "parent", "cycle"),
    (11, "parent", "cycle"),
    (12, "parent", "unknown"),
]


def test_every_bad_row_is_named_and_keeps_the_others_out(shell: Shell, tmp_path: Path) -> None:
    file = table(tmp_path, BAD_UNITS)
    said = shell.says("import", "units", file)
    assert said.status == 1
    assert faults(said.values) == UNIT_FAULTS
    assert (said.values["loaded"], said.values["bad_rows"]) == (False, 10)
    assert WEST not in parents(shell)

    told = shell.does("import", "units", file, "--skip-bad")
    assert faults(told) == UNIT_FAULTS
    assert (told["loaded"], told["added"]) == (True, 1)
    assert parents(shell).keys() == {"990101", EAST, VILLAGE, GRID, WEST}


def test_a_dry_run_looks_and_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    before = log_lines(shell)
    said = shell.does("import", "units", table(tmp_path, WESTERN), "--dry-run")
    assert (said["loaded"], said["dry_run"], said["added"]) == (False, True, 3)
    assert log_lines(shell) == before
    assert WEST not in parents(shell)
    assert shell.says("import", "units", table(tmp_path, BAD_UNITS), "--dry-run").status == 1
    assert "未写入" in shell.text("import", "units", table(tmp_path, WESTERN), "--dry-run")


def test_a_name_is_brought_up_to_date_and_a_place_is_not(shell: Shell, tmp_path: Path) -> None:
    rows = [["code", "name", "parent"], [EAST, "东街道", "990101"], [GRID, "东村一网格", EAST]]
    said = shell.does("import", "units", table(tmp_path, rows))
    assert said["changed"] == [
        {"row": 2, "id": EAST, "column": "name", "applied": True, "was": "东镇", "now": "东街道"},
        {"row": 3, "id": GRID, "column": "parent", "applied": False, "was": VILLAGE, "now": EAST},
    ]
    units = {unit["code"]: unit for unit in shell.does("unit", "list")["items"]}
    assert (units[EAST]["name"], units[GRID]["parent"]) == ("东街道", VILLAGE)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("u.csv", "code,name\n1,2\n", "columns-missing"),
        ("u.csv", "code,编码,name,parent\n1,1,2,3\n", "columns-twice"),
        ("u.csv", "", "columns-missing"),
        ("u.csv", 'code,name,parent\n1,"2,3\n', "file-unreadable"),
        ("u.csv", "code,name,parent\n\ud800\n", "file-unreadable"),
        ("u.xlsx", "no workbook", "file-unreadable"),
        ("u.ods", "code,name,parent\n", "file-unknown"),
    ],
)
def test_what_is_no_table_is_said_so(shell: Shell, tmp_path: Path, name: str, content: str, code: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode("utf-8", "surrogatepass"))
    assert shell.fails("import", "units", str(file))["code"] == code


@pytest.mark.parametrize(
    ("name", "before", "separator", "encoding"),
    [
        ("u.csv", "", ";", "utf-8-sig"),
        ("u.csv", "", "\t", "gb18030"),
        ("u.csv", "sep=;\r\n", ";", "gb18030"),
        ("u.csv", "SEP=,\n", ",", "utf-8-sig"),
        ("u.csv", '"sep=\t"\r\n', "\t", "utf-16"),
        ("u.txt", "", "\t", "utf-16"),
        ("U.TXT", "\ufeff", "\t", "utf-16-be"),
    ],
)
def test_a_table_is_read_whatever_separates_its_cells(
    shell: Shell, tmp_path: Path, name: str, before: str, separator: str, encoding: str
) -> None:
    rows = ["编码,名称,上级", f'{WEST},"西镇，又名;西,乡",990101', f"{WEST_VILLAGE},,{WEST}"]
    cells = [next(csv.reader([row])) for row in rows]
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(cells)
    file = tmp_path / name
    file.write_bytes((before + written.getvalue()).encode(encoding))
    said = shell.says("import", "units", str(file), "--skip-bad").values
    assert (said["added"], faults(said)) == (1, [(3, "name", "missing")]), "rows are counted as Excel shows them"
    units = {unit["code"]: unit["name"] for unit in shell.does("unit", "list")["items"]}
    assert units[WEST] == "西镇，又名;西,乡"


def test_bytes_that_are_no_text_are_told_in_words(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "u.csv"
    for content in (b"code,\xff\xff\xff", b"\xff\xfe\x00"):
        file.write_bytes(content)
        error = shell.fails("import", "units", str(file))
        assert error["code"] == "file-unreadable"
        assert error["zh"] == "无法读取 u.csv：不是 UTF-8、GB18030 或 UTF-16 编码的文本；请用电子表格另存为 .xlsx"
        assert error["en"].startswith("u.csv cannot be read: it is no text in UTF-8, GB18030 or UTF-16;")


def test_an_identity_number_is_warned_about_and_loaded(staffed: Shell, tmp_path: Path) -> None:
    number = "11010519491231002X"  # The example of GB 11643.
    rows = [["unit", "door_no", "address", "notes"], [GRID, "1", "东村1号", ""], [GRID, "2", "东村2号", f"证{number}"]]
    command = ("import", "households", table(tmp_path, rows), "--by", "chen")
    warned = "提醒 Warning: 第 3 行 Row 3 [notes]: 像是身份证号码"
    assert warned in staffed.text(*command, "--dry-run")
    said = staffed.does(*command)
    assert (said["loaded"], said["added"], said["bad_rows"]) == (True, 2, 0)
    assert [(each["row"], each["column"], each["code"]) for each in said["warnings"]] == [
        (3, "notes", "identity-number")
    ]
    assert number not in str(said)


def test_a_micro_grids_code_is_no_identity_number(shell: Shell, tmp_path: Path) -> None:
    rows = [["code", "name", "parent"], ["440524188001010014", "微网格", GRID]]
    assert shell.does("import", "units", table(tmp_path, rows))["warnings"] == []


def test_a_row_that_is_longer_than_its_heading_is_bad(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "u.csv"
    file.write_text(f"code,name,parent\n{WEST},西镇,原名西乡,990101\n", encoding="utf-8")
    said = shell.says("import", "units", str(file))
    assert faults(said.values) == [(2, None, "invalid")]


def test_a_character_that_cannot_be_kept_makes_a_bad_row(shell: Shell, tmp_path: Path) -> None:
    said = shell.says("import", "units", table(tmp_path, [["code", "name", "parent"], [WEST, "西\0镇", "990101"]]))
    assert faults(said.values) == [(2, "name", "invalid")]


def test_blank_rows_at_the_end_are_no_rows(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.sheets.ROWS_MAX", 4)
    assert shell.does("import", "units", table(tmp_path, [*WESTERN, *[[""]] * 10]))["rows"] == 4
    monkeypatch.setattr("cli.sheets.ROWS_MAX", 3)
    assert shell.fails("import", "units", table(tmp_path, WESTERN))["code"] == "file-too-long"


def test_people_read_the_first_bad_rows_and_how_many_more_there_are(shell: Shell, tmp_path: Path) -> None:
    bad = [[f"x{number}", "", EAST, number] for number in range(150)]
    rows: Rows = [["code", "name", "parent", "序号"], [EAST, "东街道", "990101", 0], *bad]
    said = shell.text("import", "units", table(tmp_path, rows), "--skip-bad").splitlines()
    assert said[0] == "未使用的列 Columns not used: 序号"
    assert said[1] == "第 3 行 Row 3 [name]: 请填写 · This must be filled in"
    assert said[101] == "…… 另有 50 行，见 --json · 50 more, see --json"
    assert said[102] == f"第 2 行 Row 2 [name] {EAST}: 已更新 · brought up to date"
    assert said[103] == "新增 0 行，有误 150 行 · 0 added, 150 bad"
    assert len(said) == 104


# -- people


def test_people_come_with_their_posts(staffed: Shell, tmp_path: Path) -> None:
    rows = [
        ["编号", "姓名", "角色", "辖区", "起始", "截止"],
        ["li", "李四", "网格员", GRID, "2026-01-01", ""],
        ["li", "李四", "人民调解员", VILLAGE, "", "2026年12月31日"],
        ["zhao", "赵三", "township_staff", EAST, "", ""],
    ]
    before = log_lines(staffed)
    assert staffed.does("import", "people", table(tmp_path, rows))["added"] == 3
    assert log_lines(staffed) == before + 1
    found = {each["id"]: each for each in staffed.does("person", "list")["items"]}
    assert {(each["role"], each["unit"]) for each in found["li"]["assignments"]} == {
        ("grid_worker", GRID), ("mediator", VILLAGE),
    }  # fmt: skip
    again = staffed.does("import", "people", table(tmp_path, rows))
    assert (again["added"], again["same"], again["changed"]) == (0, 3, [])
    assert staffed.does("code", "zhao")["person"] == "zhao"


def test_bad_people_are_named(staffed: Shell, tmp_path: Path) -> None:
    rows = [
        ["id", "name", "role", "unit", "from", "until"],
        ["li", "李四", "boss", "990199", "", ""],
        ["center", "中心", "网格员", GRID, "", ""],
        ["li si", "李四", "网格员", GRID, "", ""],
        ["", "李四", "网格员", GRID, "", ""],
        ["li", "李四", "网格员", GRID, "2026-02-30", "soon"],
        ["li", "李四", "网格员", GRID, "2026-06-01", "2026-05-01"],
        ["sun", "孙五", "网格员", GRID, "", ""],
        ["sun", "孙六", "调解员", GRID, "", ""],
        ["sun", "孙五", "grid_worker", GRID, "", ""],
    ]
    said = staffed.says("import", "people", table(tmp_path, rows))
    assert said.status == 1
    assert faults(said.values) == [
        (2, "role", "unknown"),
        (2, "unit", "unknown"),
        (3, "id", "invalid"),
        (4, "id", "invalid"),
        (5, "id", "missing"),
        (6, "from", "invalid"),
        (6, "until", "invalid"),
        (7, "until", "invalid"),
        (9, "role", "unknown"),
        (10, None, "duplicate"),
    ]
    assert {each["id"] for each in staffed.does("person", "list")["items"]} == {"chen", "zhou", "wang"}
    assert staffed.does("import", "people", table(tmp_path, rows), "--skip-bad")["added"] == 1


def test_somebody_until_the_last_day_of_calendars_stays_for_ever(staffed: Shell, tmp_path: Path) -> None:
    rows: Rows = [
        ["id", "name", "role", "unit", "from", "until"],
        ["li", "李四", "grid_worker", GRID, "0001-01-01", "9999/12/31"],
    ]
    assert staffed.does("import", "people", table(tmp_path, rows))["added"] == 1
    again = staffed.does("import", "people", table(tmp_path, rows))
    assert (again["same"], again["changed"]) == (1, [])
    (held,) = (each["assignments"] for each in staffed.does("person", "list")["items"] if each["id"] == "li")
    assert [each["until"] for each in held] == [None]


def test_who_was_sent_away_is_not_brought_back_by_an_old_table(staffed: Shell, tmp_path: Path) -> None:
    staffed.does("person", "disable", "wang")
    rows = [["id", "name", "role", "unit"], ["wang", "王大", "grid_worker", GRID]]
    said = staffed.does("import", "people", table(tmp_path, rows))
    assert said["added"] == 0
    assert [(each["column"], each["applied"]) for each in said["changed"]] == [("name", True), ("until", False)]
    (wang,) = (each for each in staffed.does("person", "list")["items"] if each["id"] == "wang")
    assert wang["name"] == "王大"
    assert wang["assignments"][0]["until"] is not None


# -- households


HOMES: Rows = [
    ["所属网格", "户号", "地址", "户主", "电话", "人口数", "服务需求", "隐私告知时间"],
    [GRID, "1号", "东村1号", "李某", "100 0000 0001", 3, "独居老人、hardship", "2026-01-01"],
    [GRID, "2号", "东村2号", "赵某", "", "", "", ""],
    [GRID, "", "渠边", "钱某", "", "", "", ""],
    [GRID, "", "渠边", "孙某", "", "", "", ""],
]


def test_households_are_edits_of_a_person(staffed: Shell, tmp_path: Path) -> None:
    file = table(tmp_path, HOMES)
    before = log_lines(staffed)
    assert staffed.does("import", "households", file, "--by", "chen")["added"] == 4
    assert homes(staffed) == 4
    assert log_lines(staffed) == before + 4, "an edit a household"
    again = staffed.does("import", "households", file, "--by", "zhou")
    assert (again["added"], again["same"], again["changed"]) == (0, 4, [])
    assert staffed.does("verify") == {"differences": []}


def test_two_who_bring_the_same_table_at_once_add_each_household_once(
    staffed: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(household_import, "EDITS_PER_REQUEST_MAX", 2)
    first, second = (
        table(tmp_path, HOMES),
        table(tmp_path, [HOMES[0], [*HOMES[1][:2], "渠边", *HOMES[1][3:]], *HOMES[2:4]], "2.csv"),
    )
    send, others = household_import._send, [second]

    def overtaken(*arguments: Any) -> None:
        """After it was looked what is new."""
        if others:
            assert staffed.does("import", "households", others.pop(), "--by", "zhou")["added"] == 3
        send(*arguments)

    monkeypatch.setattr(household_import, "_send", overtaken)
    said = staffed.does("import", "households", first, "--by", "chen")
    assert (said["added"], said["same"]) == (1, 2)
    assert [(each["row"], each["column"], each["applied"]) for each in said["changed"]] == [(2, "address", False)]
    assert homes(staffed) == 4
    assert staffed.does("verify") == {"differences": []}


def test_a_notice_was_given_on_a_day_or_at_a_local_time(staffed: Shell, tmp_path: Path) -> None:
    taken: dict[object, str] = {
        "2026-01-31": "2026-01-30T16:00:00.000Z",
        "2026/1/31": "2026-01-30T16:00:00.000Z",
        "2026年1月31日": "2026-01-30T16:00:00.000Z",
        "20260131": "2026-01-30T16:00:00.000Z",
        datetime(2026, 1, 31): "2026-01-30T16:00:00.000Z",  # noqa: DTZ001 - as openpyxl gives
        datetime(2026, 1, 31, 8, 30): "2026-01-31T00:30:00.000Z",  # noqa: DTZ001
        "2026/1/31 8:30": "2026-01-31T00:30:00.000Z",
        "2026-01-31T08:30:00Z": "2026-01-31T08:30:00Z",
    }
    not_taken: list[object] = ["2026-W05-6", "2026-02-30", "2026-01-31 24:00"]
    rows: Rows = [[GRID, str(place), "渠边", given] for place, given in enumerate([*taken, *not_taken])]
    file = workbook(tmp_path, [["unit", "door_no", "address", "notice_at"], *rows])
    said = staffed.does("import", "households", file, "--by", "chen", "--skip-bad")
    assert faults(said) == [(place, "notice_at", "invalid") for place in (10, 11, 12)]
    documents = sorted(map(json.loads, kept(staffed, tables.record.c.document)), key=lambda each: str(each["door_no"]))
    assert [each["notice_at"] for each in documents] == list(taken.values())


def test_a_known_household_is_left_as_it_is(staffed: Shell, tmp_path: Path) -> None:
    staffed.does("import", "households", table(tmp_path, HOMES), "--by", "chen")
    rows = [HOMES[0], [GRID, "1号", "东村1号", "李某", "100 0000 0009", 4, "独居老人、生活困难", ""], *HOMES[2:]]
    rows += [[GRID, "3号", "渠边", "钱某", "", "", "", ""]]
    said = staffed.does("import", "households", table(tmp_path, rows), "--by", "chen")
    assert (said["added"], said["same"]) == (0, 3)
    assert [(each["row"], each["column"], each["applied"]) for each in said["changed"]] == [
        (2, "phone", False),
        (2, "people_count", False),
        (6, "door_no", False),
    ]
    assert "100 0000" not in str(said), "a number is nobody's to read in a shell's history"
    assert homes(staffed) == 4


def test_bad_households_are_named(staffed: Shell, tmp_path: Path) -> None:
    rows = [
        HOMES[0],
        ["990199", "1号", "东村1号", "", "", "", "", ""],
        [GRID, "1号", "", "", "", "", "", ""],
        [GRID, "2号", "东村2号", "", "138****8000", "", "", ""],
        [GRID, "3号", "东村3号", "", "", "三", "", ""],
        [GRID, "4号", "东村4号", "", "", "", "爱热闹", "昨天"],
        [GRID, "5号", "东村5号", "", "", "", "", ""],
        [GRID, "5号", "东村五号", "", "", "", "", ""],
        ["", "6号", "东村6号", "", "", "", "", ""],
    ]
    said = staffed.says("import", "households", table(tmp_path, rows), "--by", "chen")
    assert said.status == 1
    assert faults(said.values) == [
        (2, "unit", "unknown"),
        (3, "address", "missing"),
        (4, "phone", "invalid"),
        (5, "people_count", "invalid"),
        (6, "service_needs", "invalid"),
        (6, "notice_at", "invalid"),
        (8, None, "duplicate"),
        (9, "unit", "missing"),
    ]
    assert homes(staffed) == 0
    assert "第 8 行 Row 8: 与第 7 行重复 · Row 7 says the same" in staffed.text(
        "import", "households", table(tmp_path, rows), "--by", "chen", "--skip-bad"
    )
    assert homes(staffed) == 1


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31"])
def test_a_notice_before_all_stamps_is_a_bad_cell(staffed: Shell, tmp_path: Path, day: str) -> None:
    """It would be kept as another day."""
    file = table(tmp_path, [["unit", "address", "notice_at"], [GRID, "东村1号", day]])
    said = staffed.says("import", "households", file, "--by", "chen").values
    assert faults(said) == [(2, "notice_at", "invalid")]
    later = table(tmp_path, [["unit", "address", "notice_at"], [GRID, "东村1号", "9999-12-31"]])
    assert staffed.does("import", "households", later, "--by", "chen")["added"] == 1


def test_a_number_without_end_is_a_bad_cell(staffed: Shell, tmp_path: Path) -> None:
    """Nobody's interpreter is asked to count it."""
    rows = [HOMES[0], *([GRID, f"{each}号", "东村", "", "", "9" * each, "", ""] for each in (16, 17, 5000))]
    said = staffed.says("import", "households", table(tmp_path, rows), "--by", "chen")
    assert said.status == 1
    assert faults(said.values) == [(row, "people_count", "invalid") for row in (2, 3, 4)]


def test_nobody_brings_households_into_units_that_are_not_theirs(staffed: Shell, tmp_path: Path) -> None:
    """Admission judges it, as it does a tablet's edits; what it would refuse is not even sent."""
    staffed.does("import", "units", table(tmp_path, WESTERN, "west.csv"))
    rows = [HOMES[0], HOMES[1], [WEST_GRID, "1号", "西村1号", "", "", "", "", ""]]
    before = log_lines(staffed)
    said = staffed.says("import", "households", table(tmp_path, rows), "--by", "zhou")
    assert said.status == 1
    assert faults(said.values) == [(3, "unit", "not-allowed")]
    assert log_lines(staffed) == before
    assert staffed.does("import", "households", table(tmp_path, rows), "--by", "zhou", "--skip-bad")["added"] == 1
    assert log_lines(staffed) == before + 1
    assert staffed.does("import", "households", table(tmp_path, rows), "--by", "chen")["added"] == 1
    assert staffed.fails("import", "households", table(tmp_path, rows), "--by", "nobody")["code"] == "not-possible"
