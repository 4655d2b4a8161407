"""Households come from tables as edits of somebody who may write them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server.administration import household_import
from server.store import tables
from tests.cli.conftest import Shell
from tests.cli.importing import (
    GRID,
    WEST_GRID,
    WESTERN,
    Rows,
    faults,
    homes,
    kept,
    log_lines,
    table,
    workbook,
)

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
    assert ["within" in each["en"] for each in said.values["bad"]] == [True, False, False], "it is one, but too large"


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
