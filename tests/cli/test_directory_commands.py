"""The county, its units, people and bodies from the shell."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from server.settings import Settings
from tests.cli.conftest import Shell

EAST, VILLAGE, GRID = "990101001", "990101001001", "990101001001001"


def test_it_says_its_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == "doorstep 0.1.0\n"


def test_a_county_is_made_once_and_brought_up_to_date_after_that(bare: Shell) -> None:
    assert bare.fails("unit", "list")["code"] == "no-county"
    first = bare.does("init", "--county", "990101", "--name", "示例县")
    assert first == {"county": "990101", "name": "示例县", "created": True}
    again = bare.does("init", "--county", "990101", "--name", "另一个名字")
    assert again == {"county": "990101", "name": "示例县", "created": False}
    assert bare.does("unit", "list") == {"items": [{"code": "990101", "name": "示例县", "parent": None}]}


def test_init_makes_the_tables_of_an_empty_database(database_url: str, tmp_path: Path) -> None:
    shell = Shell({"DOORSTEP_DATABASE_URL": database_url, "DOORSTEP_DATA_DIR": str(tmp_path)})
    # An empty SQLite database has no file, and is not made by looking.
    wanted = "no-county" if database_url.startswith("sqlite") else "no-tables"
    assert shell.fails("unit", "list")["code"] == wanted
    assert shell.does("init", "--county", "990101", "--name", "示例县")["created"] is True
    assert shell.does("verify") == {"differences": []}


def test_of_several_counties_the_settings_name_one(shell: Shell) -> None:
    assert "990101" in shell.fails("init", "--county", "990102", "--name", "邻县")["en"]
    assert shell.does("unit", "list"), "a slip of the hand stops nothing"
    other = Shell({**shell.environment, "DOORSTEP_COUNTY": "990102"})
    other.does("init", "--county", "990102", "--name", "邻县")
    assert shell.fails("unit", "list")["code"] == "no-county"
    assert [unit["code"] for unit in other.does("unit", "list")["items"]] == ["990102"]
    nobody = Shell({**shell.environment, "DOORSTEP_COUNTY": "990103"})
    assert "990103" in nobody.fails("unit", "list")["en"]


def test_units_form_a_tree(shell: Shell) -> None:
    parents = {unit["code"]: unit["parent"] for unit in shell.does("unit", "list")["items"]}
    assert parents == {"990101": None, EAST: "990101", VILLAGE: EAST, GRID: VILLAGE}


@pytest.mark.parametrize(
    ("code", "name", "parent"),
    [
        (EAST, "东镇", "990101"),
        ("990101002", "西镇", "990199"),
        ("990 101", "西镇", "990101"),
        ("990101002", " ", "990101"),
        ("990101002", "长" * 201, "990101"),
    ],
    ids=["known code", "unknown parent", "impossible code", "no name", "too long a name"],
)
def test_a_unit_that_cannot_be_is_not_added(shell: Shell, code: str, name: str, parent: str) -> None:
    assert shell.fails("unit", "add", code, name, "--parent", parent)["code"] == "not-possible"
    assert len(shell.does("unit", "list")["items"]) == 4


def test_a_grid_is_moved_to_another_village(shell: Shell) -> None:
    shell.does("unit", "add", "990101001002", "西村", "--parent", EAST)
    assert shell.does("unit", "move", GRID, "--parent", "990101001002") == {"code": GRID, "parent": "990101001002"}
    parents = {unit["code"]: unit["parent"] for unit in shell.does("unit", "list")["items"]}
    assert parents[GRID] == "990101001002"
    for code, parent in ((GRID, "990101001002"), (GRID, "990199"), (EAST, GRID), ("990101", EAST), ("990199", EAST)):
        assert shell.fails("unit", "move", code, "--parent", parent)["code"] == "not-possible"
    # The code of a village does not begin with its new parent's: nothing relies on prefixes.
    shell.does("unit", "move", VILLAGE, "--parent", "990101")
    assert shell.does("verify") == {"differences": []}


def test_a_person_has_assignments_for_a_time(shell: Shell) -> None:
    made = shell.does(
        "person", "add", "--name", "李二", "--role", "mediator", "--unit", VILLAGE,
        "--from", "2026-01-01", "--until", "2026-06-30", "--id", "li",
    )  # fmt: skip
    assert made == {"id": "li", "name": "李二", "role": "mediator", "unit": VILLAGE}
    assert shell.does("person", "list")["items"] == [
        {
            "id": "li",
            "name": "李二",
            # Days are the county's: its midnight is at 16:00 UTC, and the last day is included.
            "assignments": [
                {
                    "role": "mediator",
                    "unit": VILLAGE,
                    "from": "2025-12-31T16:00:00.000Z",
                    "until": "2026-06-30T16:00:00.000Z",
                }
            ],
        }
    ]
    shown = shell.text("person", "list")
    assert f"mediator {VILLAGE} 2026-01-01 00:00 2026-07-01 00:00" in shown, "people read the county's own time"


def test_assignments_are_added_and_ended(shell: Shell, wang: str) -> None:
    shell.does("person", "assign", wang, "--unit", EAST, "--role", "township_staff")
    assert shell.fails("person", "assign", wang, "--unit", VILLAGE)["en"] == "Say which role, with --role"
    shell.does("person", "assign", wang, "--unit", EAST, "--role", "mediator")
    shell.does("person", "unassign", wang, "--unit", EAST, "--role", "mediator")
    ends = {each["role"]: each["until"] for each in shell.does("person", "list")["items"][0]["assignments"]}
    assert ends["mediator"] is not None
    assert ends["township_staff"] is None
    assert ends["grid_worker"] is None
    assert shell.fails("person", "unassign", wang, "--unit", VILLAGE)["code"] == "not-possible"


def test_an_assignment_that_is_there_is_not_added_again(shell: Shell, wang: str) -> None:
    again = ("person", "assign", wang, "--unit", GRID)
    assert shell.fails(*again)["en"] == f"The person has this assignment at {GRID} already (grid_worker)"
    assert shell.fails(*again, "--until", "2099-12-31")["code"] == "not-possible", "a part of it is there too"
    for period in (
        ("--from", "2099-01-01", "--until", "2099-06-30"),
        ("--from", "2099-04-01", "--until", "2099-09-30"),
    ):
        shell.does("person", "assign", wang, "--unit", VILLAGE, *period)
        assert shell.fails("person", "assign", wang, "--unit", VILLAGE, *period)["code"] == "not-possible"
    within = ("--from", "2099-02-01", "--until", "2099-06-30")
    assert shell.fails("person", "assign", wang, "--unit", VILLAGE, *within)["code"] == "not-possible"
    shell.does("person", "unassign", wang, "--unit", GRID)
    shell.does(*again)
    held = [each["unit"] for each in shell.does("person", "list")["items"][0]["assignments"]]
    assert sorted(held) == sorted([GRID, GRID, VILLAGE, VILLAGE])


def test_an_assignment_never_ends_in_the_past(shell: Shell, wang: str) -> None:
    """What was done until today on a tablet without signal stays allowed."""
    ended = shell.does("person", "unassign", wang, "--unit", GRID, "--until", "2020-01-31")
    assert ended["until"] > "2026-01-01"


def test_an_assignment_ends_from_a_day_on_or_after_the_day_before(shell: Shell, wang: str) -> None:
    end = {"person": wang, "unit": GRID, "until": "2098-12-31T16:00:00.000Z"}
    leave = ("person", "unassign", wang, "--unit", GRID)
    assert shell.does(*leave, "--until", "2099-12-31")["until"] == "2099-12-31T16:00:00.000Z"
    assert shell.does(*leave, "--from", "2099-01-01") == end
    for option, day in (("--until", "2098-12-31"), ("--from", "2099-06-01")):
        assert shell.fails(*leave, option, day) == {
            "code": "not-possible",
            "zh": f"该人员在 {GRID} 的任职到 2098-12-31 就已结束",
            "en": f"The person's assignment at {GRID} ends after 2098-12-31 already",
        }
    assert shell.does(*leave, "--from", "2098-01-01", "--until", "2097-12-31")["until"] < end["until"]
    for first in ("2090-01-02", "0001-01-01"):
        told = shell.fails(*leave, "--from", first, "--until", "2090-01-02")["en"]
        assert told == f"What lasts until 2090-01-02 ends from the day after on, not from {first} on: say one of them"
    assert shell.does(*leave, "--from", "0001-01-01")["until"] > "2026-01-01", "a past day counts as now"
    assert shell.fails("person", "unassign", wang, "--unit", EAST)["en"] == (f"The person has no assignment at {EAST}")


def test_a_person_is_disabled(shell: Shell, wang: str) -> None:
    shell.does("code", wang)
    told = shell.does("person", "disable", wang, "--reason", "调离")
    assert told == {"person": wang, "assignments": 1, "memberships": 0, "tablets": 0, "codes": 1, "cases": []}
    assert "0 assignments" in shell.text("person", "disable", wang)
    shell.does("person", "assign", wang, "--unit", VILLAGE)
    shell.does("code", wang)
    assert "1 assignment or membership ended, 0 tablets revoked, 1 code void" in shell.text("person", "disable", wang)
    assert shell.does("person", "list")["items"][0]["assignments"][0]["until"] is not None
    assert shell.fails("person", "disable", "nobody")["code"] == "not-possible"
    assert shell.does("verify") == {"differences": []}


def test_only_one_role_need_not_be_named(shell: Shell, wang: str) -> None:
    assert shell.does("person", "assign", wang, "--unit", VILLAGE)["role"] == "grid_worker"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--name", "李二", "--role", "boss", "--unit", VILLAGE],
        ["--name", "李二", "--role", "mediator", "--unit", "990199"],
        ["--name", "李二", "--role", "mediator", "--unit", VILLAGE, "--id", "li er"],
        ["--name", "", "--role", "mediator", "--unit", VILLAGE],
        ["--name", "李二", "--role", "mediator", "--unit", VILLAGE, "--from", "2026-06-30", "--until", "2026-01-01"],
    ],
    ids=["role", "unit", "id", "name", "period"],
)
def test_a_person_that_cannot_be_is_not_added(shell: Shell, arguments: list[str]) -> None:
    assert shell.fails("person", "add", *arguments)["code"] == "not-possible"
    assert shell.does("person", "list") == {"items": []}


def test_a_person_joins_and_leaves_a_body(shell: Shell, wang: str) -> None:
    committee = shell.does("body", "add", "--name", "东村调委会", "--unit", VILLAGE)["id"]
    shell.does("body", "join", committee, wang)
    assert shell.fails("body", "join", committee, wang)["code"] == "not-possible"
    assert shell.does("body", "list")["items"] == [
        {"id": committee, "name": "东村调委会", "unit": VILLAGE, "members": [wang]}
    ]
    shell.does("body", "leave", committee, wang)
    assert shell.does("body", "list")["items"][0]["members"] == []
    assert shell.fails("body", "leave", committee, wang)["code"] == "not-possible"


def test_without_json_people_read_both_languages(shell: Shell, wang: str) -> None:
    assert "添加" in shell.text("unit", "add", "990101002", "西镇", "--parent", "990101")
    listed = shell.text("person", "list")
    assert wang in listed
    assert "姓名 Name" in listed
    assert shell.text("held", "list") == "无 · None\n"
    assert shell.text("verify") == "一致 · No differences\n"


def test_an_error_without_json_is_one_line_on_stderr(shell: Shell) -> None:
    result = CliRunner(env=shell.environment).invoke(main, ["unit", "add", EAST, "东镇", "--parent", "990101"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == f"辖区 {EAST} 已存在 · Unit {EAST} exists already\n"


def test_a_wrong_use_is_told_from_a_failure(shell: Shell) -> None:
    result = CliRunner(env=shell.environment).invoke(main, ["unit", "add", EAST])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr


@pytest.mark.parametrize(
    "asked",
    [
        ["nonsense"],
        ["unit", "nonsense"],
        ["unit", "add", EAST],
        ["verify", "--nonsense"],
        ["import", "units", "nowhere.csv"],
        ["person", "assign", "wang", "--unit", EAST, "--from", "2020/1/1"],
        ["init", "--demo", "--name", "示例县"],
        ["tablet", "show"],
        [],
    ],
)
def test_with_json_a_wrong_use_is_the_one_object_too(shell: Shell, asked: list[str]) -> None:
    said = shell.says(*asked)
    assert (said.status, said.stderr) == (2, "")
    error = said.values["error"]
    assert error["code"] == "usage"
    assert error["zh"].startswith("命令用法有误：")
    assert error["en"]


@pytest.mark.parametrize(
    ("asked", "zh"),
    [
        (["verify", "--nonsense"], "没有选项 --nonsense（"),
        (["unit", "add", EAST], "缺少 'NAME'（"),
        (["person", "assign", "wang"], "缺少 '--unit'（"),
        (["serve", "--workers", "none"], "'--workers' 的值不可用（"),
        (["tablet", "list", "visit", "--lang", "fr"], "'--lang' 的值不可用，应为 zh、en（"),
        (["verfy"], "没有命令 verfy（"),
    ],
)
def test_the_usual_faults_of_a_command_line_are_told_in_chinese(shell: Shell, asked: list[str], zh: str) -> None:
    error = shell.says(*asked).values["error"]
    assert zh in error["zh"]
    told = CliRunner(env=shell.environment).invoke(main, asked).stderr
    assert f"Error: {zh.rstrip('（')} · {error['en'].partition(' (see ')[0]}" in told


@pytest.mark.parametrize("word", ["a\udcff", "\udcb5\udcf7"])
def test_what_is_no_text_is_taken_by_no_command(shell: Shell, word: str) -> None:
    """As Python gives what a terminal sends in another encoding."""
    for asked in (["unit", "add", "990101002", word, "--parent", "990101"], ["person", "disable", word], [word]):
        assert shell.fails(*asked)["code"] == "not-text"
    said = CliRunner(env=shell.environment).invoke(main, ["person", "disable", "wang", "--reason", word])
    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith("参数不是 UTF-8 文本：")
    assert len(shell.does("unit", "list")["items"]) == 4


def test_the_last_day_of_calendars_is_for_ever_and_the_first_is_since_ever(shell: Shell, wang: str) -> None:
    ever = ("--from", "0001-01-01", "--until", "9999-12-31")
    shell.does("person", "add", "--name", "李二", "--role", "mediator", "--unit", EAST, "--id", "li", *ever)
    shell.does("person", "assign", wang, "--unit", VILLAGE, *ever)
    held = {each["id"]: each["assignments"] for each in shell.does("person", "list")["items"]}
    since = {"from": "1970-01-01T00:00:00.000Z", "until": None}
    assert held["li"] == [{"role": "mediator", "unit": EAST, **since}]
    assert held[wang][0] == {"role": "grid_worker", "unit": VILLAGE, **since}
    kept = shell.fails("person", "unassign", wang, "--unit", VILLAGE, "--until", "9999-12-31")
    assert kept["en"] == "9999-12-31 is for ever: nothing would end"
    assert shell.does("person", "unassign", wang, "--unit", VILLAGE, "--until", "9999-12-30")["until"] == (
        "9999-12-30T16:00:00.000Z"
    )


def test_a_setting_that_is_empty_is_one_that_is_not_there(shell: Shell) -> None:
    empty = dict.fromkeys(("DOORSTEP_COUNTY", "DOORSTEP_POOL_SIZE", "DOORSTEP_LASTING_FILE"), "")
    assert len(Shell(shell.environment | empty).does("unit", "list")["items"]) == 4
    assert Settings.from_environment({"DOORSTEP_DATA_DIR": ""}) == Settings.from_environment({})


def test_a_code_that_cannot_be_is_told_by_what_may_be(shell: Shell) -> None:
    error = shell.fails("unit", "add", "a/b", "东镇", "--parent", "990101")
    assert "letters, digits, . _ or -" in error["en"]
    shell.does("unit", "add", "a_b", "东镇", "--parent", "990101")


@pytest.mark.parametrize("url", ["mysql://localhost/x", "no url at all"])
def test_settings_that_cannot_be_used_are_said_so(url: str) -> None:
    assert Shell({"DOORSTEP_DATABASE_URL": url}).fails("unit", "list")["code"] == "settings-invalid"


def test_a_database_that_is_away_is_said_so() -> None:
    away = Shell({"DOORSTEP_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert away.fails("unit", "list")["code"] == "database-failed"


@pytest.mark.parametrize("size", ["many", "0", "-1", "²"])
def test_a_pool_size_that_is_no_number_is_said_so(tmp_path: Path, size: str) -> None:
    shell = Shell({"DOORSTEP_DATA_DIR": str(tmp_path), "DOORSTEP_POOL_SIZE": size})
    error = shell.fails("unit", "list")
    assert error["code"] == "settings-invalid"
    assert error["en"] == f"DOORSTEP_POOL_SIZE must be a whole number above 0, not {size}"


@pytest.mark.parametrize("looks", [["unit", "list"], ["tablets"], ["verify"], ["held", "list"], ["code", "wang"]])
def test_who_only_looks_leaves_no_empty_database(tmp_path: Path, looks: list[str]) -> None:
    error = Shell({"DOORSTEP_DATA_DIR": str(tmp_path / "data")}).fails(*looks)
    assert error["code"] == "no-county"
    assert "doorstep init" in error["en"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("identity", ["center", "Center", "county"])
def test_the_servers_own_names_are_nobodys(shell: Shell, identity: str) -> None:
    error = shell.fails("person", "add", "--name", "王一", "--role", "mediator", "--unit", EAST, "--id", identity)
    assert error["en"] == f"The id {identity} is kept for the system"
    assert shell.does("person", "list") == {"items": []}
