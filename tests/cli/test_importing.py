"""A county's units and people come from tables."""

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest

from cli.importing import LISTED_MAX
from tests.cli.conftest import Shell
from tests.cli.importing import (
    EAST,
    GRID,
    VILLAGE,
    WEST,
    WEST_GRID,
    WEST_VILLAGE,
    WESTERN,
    Rows,
    faults,
    log_lines,
    parents,
    table,
    text,
    workbook,
)


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
    said = shell.text("import", "units", table(tmp_path, rows[: 2 + LISTED_MAX]), "--skip-bad").splitlines()
    assert said[1 + LISTED_MAX].endswith(" · 0 added, 1 known already, 100 bad"), "all are listed"


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
