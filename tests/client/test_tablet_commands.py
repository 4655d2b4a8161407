"""`doorstep tablet` at a shell: one JSON object a command, words for people, sensitive values masked."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from cli.tablet_options import STORE_VARIABLE, Surroundings
from cli.words import SHOWN_CHARS_MAX, Words, language_of
from schemas.catalog import CATALOG
from schemas.masking import masked, masked_phone
from tests.client.center import GRID, OTHER_GRID, Center, Link


class Shell:
    """Somebody's shell, with a store of its own."""

    def __init__(self, person: str, center: Center, folder: Path) -> None:
        self.link, self.center = Link(center), center
        self.store = str(folder / f"{person}.tablet")
        self.does("enroll", "https://center.example", person.upper())

    def run(self, *arguments: str, language: str = "zh", charset: str = "utf-8") -> Result:
        around = Surroundings(self.link, lambda: self.center.clock_ms)
        environment = {STORE_VARIABLE: self.store, "LANG": {"zh": "C.UTF-8", "en": "en_GB.UTF-8"}[language]}
        runner = CliRunner(charset, environment)
        return runner.invoke(main, ["tablet", *arguments], obj=around, catch_exceptions=False)

    def does(self, *arguments: str) -> dict[str, Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stdout
        assert result.stdout.count("\n") == 1
        values: dict[str, Any] = json.loads(result.stdout)
        return values

    def fails(self, *arguments: str, status: int = 1) -> str:
        """The code of the error."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, result.stdout
        error = json.loads(result.stdout)["error"]
        assert error["zh"]
        assert error["en"]
        return str(error["code"])

    def text(self, *arguments: str, language: str = "zh") -> str:
        result = self.run(*arguments, language=language)
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def wang(center: Center, tmp_path: Path) -> Shell:
    return Shell("wang", center, tmp_path)


@pytest.fixture
def zhao(center: Center, tmp_path: Path) -> Shell:
    return Shell("zhao", center, tmp_path)


def a_dispute(shell: Shell, *more: str) -> str:
    parties = ("--party", "赵甲", "--party", "钱乙")
    made = shell.does("dispute", "--category", "neighbours", "--title", "围墙", "--summary", "占道。", *parties, *more)
    return str(made["id"])


def test_an_evening_at_the_shell(wang: Shell, center: Center) -> None:
    home = wang.does("household", "--address", "河边一号", "--phone", "13800138000", "people_count=3")["id"]
    made = wang.does("visit", "--household", home, "--result", "met", "--purpose", "errand", "--purpose", "follow_up")
    assert (made["type"], made["pending"]) == ("visit", True)
    fence = a_dispute(wang)
    wang.does("entry", fence, "--kind", "session", "--text", "谈了。")
    wang.does("change", "disputes", fence, "amount_yuan=300", "violence_likely=yes", "place=渠边")
    assert wang.does("status")["waiting"] == 5
    report = wang.does("sync")
    assert report == {"sent": 5, "received": 4, "conflicts": 0, "refused": 0, "held": 0, "waiting": 0}
    document = center.document("dispute", fence)
    assert document is not None
    assert (document["amount_yuan"], document["violence_likely"]) == ("300", True)
    assert [party["role"] for party in document["parties"]] == ["applicant", "respondent"]
    told = wang.does("status")
    assert (told["waiting"], told["person"]["id"], told["last_sync"]) == (0, "wang", "2026-11-21T08:00:01+00:00")


@pytest.mark.parametrize(("charset", "shown"), [("gbk", "河边?号"), ("latin-1", "????")])
def test_what_a_terminal_has_no_letter_for_is_told_all_the_same(wang: Shell, charset: str, shown: str) -> None:
    home = wang.does("household", "--address", "河边𠮷号")["id"]
    for asked in (("list", "household"), ("show", "household", home)):
        result = wang.run(*asked, charset=charset)
        assert (result.exit_code, shown in result.stdout) == (0, True)
    listed = wang.run("list", "household", "--json", charset=charset)
    assert json.loads(listed.stdout)["items"][0]["doc"]["address"] == "河边𠮷号"
    assert wang.run("sync", charset=charset).exit_code == 0


def test_the_words_never_say_more_than_there_is(wang: Shell) -> None:
    assert wang.text("status") == "全部已上传\n尚未同步\n"
    wang.does("household", "--address", "坡上")
    assert wang.text("status", language="en") == "1 waiting\nNot synced yet\n"
    assert wang.text("status", "--lang", "en").startswith("1 waiting")
    wang.link.is_up = False
    result = wang.run("sync")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "无网络,已存本机 · Offline, kept on this tablet\n"
    wang.link.is_up = True
    assert wang.text("sync").startswith("上传 1 条，收到 1 条\n全部已上传\n上次同步 ")


def test_an_identity_number_in_a_text_is_warned_about_once_and_saved(wang: Shell) -> None:
    number = "11010519491231002X"  # The example of GB 11643.
    zh, en = (
        wang.text("household", "--address", "坡上", f"notes=身份证{number}", language=language).splitlines()
        for language in ("zh", "en")
    )
    assert zh[1:] == ["“备注”里像是有身份证号码：这里不记身份证号，请删去"]
    assert en[1:] == ['"Notes" seems to hold an identity-card number: none is kept here, please take it out']
    made = wang.does("household", "--address", "坡下", f"notes=身份证{number}")
    assert [(each["code"], each["field"]) for each in made["warnings"]] == [("identity-number", "notes")]
    assert number not in str(made)
    assert wang.does("show", "household", made["id"])["doc"]["notes"] == f"身份证{number}"
    assert wang.does("change", "household", made["id"], "door_no=3")["warnings"] == [], "told when it is typed"
    fence = a_dispute(wang)
    assert wang.does("change", "dispute", fence, f"place={number}")["warnings"][0]["field"] == "place"


def test_the_last_sync_has_its_date_where_it_was_not_today() -> None:
    words = Words("en")
    assert words.last_sync(datetime(2020, 1, 2, 3, 4, tzinfo=UTC)).startswith("Last sync 2020-01-0")
    assert len(words.last_sync(datetime.now(tz=UTC))) == len("Last sync 10:42")
    assert (language_of({}), language_of({"LANG": "en_US"}), language_of({"LANG": "zh_CN"})) == ("zh", "en", "zh")


def test_lists_mask_what_is_sensitive_and_show_tells_it_when_asked(wang: Shell) -> None:
    wang.does("household", "--address", "河边一号", "--phone", "13800138000", "service_needs=hardship,newcomer")
    (item,) = wang.does("list", "households")["items"]
    assert item["doc"]["phone"] == "138****8000"
    assert item["doc"]["service_needs"] == "***"
    assert item["doc"]["address"] == "河边一号"
    fence = a_dispute(wang)
    assert "赵*" in wang.text("list", "dispute")
    assert wang.does("show", "dispute", fence)["doc"]["parties"][0]["name"] == "赵*"
    assert wang.does("show", "dispute", fence, "--unmasked")["doc"]["parties"][0]["name"] == "赵甲"
    assert "标题: 围墙" in wang.text("show", "dispute", fence)
    assert "Title: 围墙" in wang.text("show", "dispute", fence, language="en")
    assert wang.fails("show", "dispute", "0193f0a0-0000-7000-8000-000000000000") == "record-unknown"


def test_people_read_labels_and_programs_read_codes(wang: Shell) -> None:
    fence = a_dispute(wang, "violence_likely=no")
    assert {"邻里", "待受理"} <= set(wang.text("list", "dispute").split())
    assert {"Neighbours", "Reported"} <= set(wang.text("list", "dispute", language="en").split())
    shown = wang.text("show", "dispute", fence).splitlines()
    assert "类型: 邻里" in shown
    assert "Category: Neighbours" in wang.text("show", "dispute", fence, language="en")
    assert wang.does("show", "dispute", fence)["doc"]["category"] == "neighbours"
    assert wang.does("list", "dispute")["items"][0]["doc"]["status"] == "reported"
    home = wang.does("household", "--address", "河边一号")["id"]
    wang.does("visit", "--household", home, "--result", "met", "--purpose", "errand", "--purpose", "follow_up")
    assert "服务代办、回访" in wang.text("list", "visit")
    assert "–" in wang.text("list", "visit"), "no notes"


def test_values_in_tables_stand_as_they_are(wang: Shell) -> None:
    wang.does("household", "--address", "东村[/a]3号", "--door-no", "[red]B2[/red] :smile:")
    told = wang.text("list", "household")
    assert "东村[/a]3号" in told
    assert "[red]B2[/red] :smile:" in told


def test_nobody_gives_orders_to_anothers_terminal(wang: Shell, zhao: Shell) -> None:
    orders = "\x1b]0;x\x07\x1b[2J\x9b31m\x7f\rA\tB\n状态: 结案"
    fence = a_dispute(wang)
    for shell in (wang, zhao):
        shell.does("sync")
    wang.does("change", "dispute", fence, f"title={orders}")
    zhao.does("change", "dispute", fence, f"title=1{orders}", f"place={orders}")
    for shell in (wang, zhao):
        shell.does("sync")
    for command in (["list", "dispute"], ["show", "dispute", fence], ["conflicts"]):
        told = zhao.text(*command)
        assert "�[2J�31m��A" in told
        assert not {sign for sign in told if ord(sign) < ord(" ") or 0x7F <= ord(sign) < 0xA0} - {"\n", "\t"}
    assert "状态: 待受理" in zhao.text("show", "dispute", fence).splitlines()
    assert "状态: 结案" not in zhao.text("show", "dispute", fence).splitlines()
    assert zhao.does("show", "dispute", fence)["doc"]["place"] == orders


def test_lists_can_be_narrowed(wang: Shell) -> None:
    for address in ("河边一号", "河边二号", "坡上"):
        wang.does("household", "--address", address)
    assert len(wang.does("list", "household", "--find", "河边")["items"]) == 2
    assert len(wang.does("list", "household", "address=坡上")["items"]) == 1
    assert wang.does("list", "entries") == {"items": []}
    assert wang.fails("list", "visit", "nosuch=1") == "invalid"
    assert wang.text("list", "visits") == "无 · None\n"


def test_values_are_read_as_their_fields_ask(wang: Shell) -> None:
    home = wang.does("household", "--address", "x", 'location={"lat":"25.5","lon":"102.4"}', "people_count=4")["id"]
    document = wang.does("show", "household", home)["doc"]
    assert (document["location"], document["people_count"]) == ({"lat": "25.5", "lon": "102.4"}, 4)
    wang.does("change", "household", home, "people_count=", 'service_needs=["hardship"]')
    shown = wang.does("show", "household", home, "--unmasked")["doc"]
    assert shown["service_needs"] == ["hardship"]
    assert "people_count" not in shown
    assert wang.fails("change", "household", home, "people_count=many") == "invalid"
    assert wang.fails("change", "household", home, "location={") == "invalid"
    assert wang.fails("change", "household", home, f"people_count={'9' * 5000}") == "invalid"
    assert wang.fails("change", "household", home, f"location={'[' * 100_000}") == "invalid"
    assert wang.fails("change", "household", home, "nonsense", status=2) == "usage"
    assert wang.fails("list", "meteors") == "unknown-type"
    assert wang.fails("list", "conflict") == "unknown-type"
    fence = a_dispute(wang, "violence_likely=否")
    assert wang.fails("change", "dispute", fence, "violence_likely=perhaps") == "invalid"


def test_a_conflict_is_settled_for_a_side_or_with_another_value(wang: Shell, zhao: Shell) -> None:
    for number, choice in enumerate((["--mine"], ["--theirs"], ["别的"])):
        fence = a_dispute(wang)
        for shell in (wang, zhao):
            shell.does("sync")
        wang.does("change", "dispute", fence, "title=围墙与排水")
        zhao.does("change", "dispute", fence, "title=围墙占道")
        for shell in (wang, zhao):
            shell.does("sync")
        (conflict,) = zhao.does("conflicts")["items"]
        assert {each["value"] for each in conflict["values"]} == {"围墙与排水", "围墙占道"}
        assert "标题" in zhao.text("conflicts")
        assert zhao.text("status").splitlines()[1] == "1 条需要处理"
        assert zhao.fails("settle", conflict["id"], status=2) == "usage"
        assert zhao.fails("settle", conflict["id"], "--suggestion") == "value-missing"
        zhao.does("settle", conflict["id"], *choice)
        assert zhao.fails("settle", conflict["id"], *choice) == "conflict-unknown"
        assert zhao.does("sync")["refused"] == 0
        wanted = ["围墙占道", "围墙与排水", "别的"][number]
        assert zhao.does("show", "dispute", fence)["doc"]["title"] == wanted


@pytest.mark.parametrize(
    ("choice", "amount", "people", "violent"),
    [
        (("--mine", "--mine", "--mine"), None, 6, True),
        (("--theirs", "--theirs", "--theirs"), "400", None, None),
        (("", "7", "no"), None, 7, False),
    ],
)
def test_a_conflict_is_settled_for_no_value_a_number_or_yes_or_no(
    wang: Shell, zhao: Shell, choice: tuple[str, ...], amount: str | None, people: int | None, violent: bool | None
) -> None:
    fields = ("amount_yuan", "people_involved", "routes_told")
    fence = a_dispute(wang, "amount_yuan=300", "people_involved=5", "routes_told=no")
    for shell in (wang, zhao):
        shell.does("sync")
    wang.does("change", "dispute", fence, "amount_yuan=400", "people_involved=", "routes_told=")
    zhao.does("change", "dispute", fence, "amount_yuan=", "people_involved=6", "routes_told=yes")
    for shell in (wang, zhao):
        shell.does("sync")
    conflicts = {each["field"]: each["id"] for each in zhao.does("conflicts")["items"]}
    for field, each in zip(fields, choice, strict=True):
        zhao.does("settle", conflicts[field], each)
    assert zhao.does("sync")["refused"] == 0
    document = zhao.does("show", "dispute", fence)["doc"]
    assert [document.get(field) for field in fields] == [amount, people, violent]


def test_a_side_that_gave_nothing_is_not_one_that_emptied_the_field(wang: Shell, zhao: Shell) -> None:
    sun = Shell("sun", wang.center, Path(wang.store).parent)
    fence = a_dispute(wang, "amount_yuan=300")
    for shell in (wang, zhao):
        shell.does("sync")
    wang.does("change", "dispute", fence, "amount_yuan=400")
    zhao.does("change", "dispute", fence, "amount_yuan=")
    for shell in (wang, zhao, sun):
        shell.does("sync")
    (conflict,) = sun.does("conflicts")["items"]
    assert sun.fails("settle", conflict["id"], "--mine") == "value-missing"


def disagreeing(wang: Shell, zhao: Shell, ours: str, theirs: str) -> str:
    """A dispute of which two people changed the same, not seeing each other."""
    fence = a_dispute(wang)
    for shell in (wang, zhao):
        shell.does("sync")
    wang.does("change", "dispute", fence, ours)
    zhao.does("change", "dispute", fence, theirs)
    for shell in (wang, zhao, wang):
        shell.does("sync")
    return fence


def test_a_conflict_is_told_in_words_with_the_record_that_it_is_about(wang: Shell, zhao: Shell) -> None:
    fence = disagreeing(wang, zhao, "category=contract", "category=labour")
    (conflict,) = zhao.does("conflicts")["items"]
    assert zhao.does("attention")["conflicts"] == [conflict]
    assert "待核对 1 条，见 conflicts" in zhao.text("attention")
    assert (conflict["about"], conflict["unlisted"], conflict["may_settle"]) == ("围墙", 0, True)
    assert {each["cut"] for each in conflict["values"]} == {False}
    told = zhao.text("conflicts", language="en").splitlines()
    assert told[:3] == [f"Id: {conflict['id']}", f"Dispute: 围墙 (dispute {fence})", "Category:"]
    assert [line.partition(" 20")[0] for line in told[3:]] == ["  Me", "  person:wang"]
    assert [line.rpartition(": ")[2] for line in told[3:]] == ["Labour", "Contract"]
    assert "劳动争议" in zhao.text("conflicts")


def test_a_status_in_conflict_is_told_with_all_that_changes_along(wang: Shell, zhao: Shell) -> None:
    disagreeing(wang, zhao, "status=withdrawn", "status=declined")
    told = zhao.text("conflicts")
    assert "状态: 当事人撤回，层级: 网格，承办: –" in told
    assert "状态: 不予受理，层级: 网格，承办: –" in told


def test_a_value_that_the_center_cut_is_no_empty_one(wang: Shell, zhao: Shell) -> None:
    fence = disagreeing(wang, zhao, "title=围墙与排水", "title=围墙占道")
    stored = next(each for (kind, _), each in zhao.center.past.rows.items() if kind == "conflict")
    assert stored.document is not None
    shown, hidden = stored.document["siblings"]
    cut = {**{name: each for name, each in hidden.items() if name != "value"}, "cut": True}
    told = {**stored.document, "siblings": [shown, cut], "unlisted": 2, "suggestion": "长" * (SHOWN_CHARS_MAX + 1)}
    with sqlite3.connect(zhao.store) as store:
        store.execute("UPDATE view SET doc = ? WHERE type = 'conflict'", (json.dumps(told),))
    lines = [line.strip() for line in zhao.text("conflicts").splitlines()]
    assert lines[1] == f"纠纷: 围墙占道 (dispute {fence})"
    assert lines[4].endswith(": （内容过长，未列出）")
    assert lines[5] == "另有 2 份未列出"
    assert lines[6] == f"合并建议: {'长' * SHOWN_CHARS_MAX}……（共 {SHOWN_CHARS_MAX + 1} 字，见 --json）"
    side = "--mine" if cut["by"] == "zhao" else "--theirs"
    assert "过长" in zhao.run("settle", zhao.does("conflicts")["items"][0]["id"], side).stderr
    (item,) = zhao.does("conflicts")["items"]
    assert ([each["cut"] for each in item["values"]], item["unlisted"]) == ([False, True], 2)
    assert "2 more values are not listed" in zhao.text("conflicts", language="en")


def test_conflicts_that_others_are_to_settle_do_not_need_this_person(wang: Shell, zhao: Shell) -> None:
    disagreeing(wang, zhao, "title=围墙与排水", "title=围墙占道")
    assert zhao.text("status", language="en").splitlines()[1] == "1 needs you"
    assert "Others" not in zhao.text("conflicts", language="en")
    assert wang.text("status").splitlines()[1] == "1 条由他人核对"
    assert wang.text("status", language="en").splitlines()[1] == "1 waiting for others to settle"
    assert wang.text("conflicts").splitlines()[-1] == "由他人核对"
    assert wang.does("conflicts")["items"][0]["may_settle"] is False
    told = [shell.does("status") for shell in (wang, zhao)]
    assert [(each["conflicts"], each["conflicts_of_others"]) for each in told] == [(1, 1), (1, 0)]
    (conflict,) = wang.does("conflicts")["items"]
    assert "由他人核对" in wang.text("settle", conflict["id"], "--mine")
    assert wang.does("sync")["held"] == 1
    assert "由他人核对" not in zhao.text("settle", conflict["id"], "--mine")


def test_of_a_long_text_attention_tells_the_beginning(wang: Shell) -> None:
    long = "长" * SHOWN_CHARS_MAX
    wang.does("household", "--address", "坡上", f"unit={OTHER_GRID}", f"notes={long}")
    wang.does("sync")
    assert f"…（共 {len('备注: ') + SHOWN_CHARS_MAX} 字，见 --json）" in wang.text("attention")
    assert long not in wang.text("attention")
    assert wang.does("attention")["items"][0]["values"]["notes"] == long


def test_whom_one_may_assign_to_is_listed_and_then_called_by_name(wang: Shell, zhao: Shell) -> None:
    zhao.center.colleagues = {"person:chen": "陈明", "body:east": "东村调委会"}
    assert zhao.text("colleagues", language="en").split()[:2] == ["Assignee", "Name"]
    zhao.link.is_up = False
    found = zhao.does("colleagues", "--find", "陈")["items"]
    assert found == [{"assignee": "person:chen", "name": "陈明"}], "as the center said last"
    assert wang.does("colleagues")["items"] == []
    zhao.link.is_up = True
    fence = a_dispute(zhao, f"unit={GRID}")
    zhao.does("change", "dispute", fence, "assignee=person:chen")
    assert "承办: 陈明 (person:chen)" in zhao.text("show", "dispute", fence).splitlines()
    assert "陈明 (person:chen)" in zhao.text("list", "dispute")


def test_moments_are_told_by_the_clock_of_the_tablet_and_links_by_what_they_lead_to(wang: Shell) -> None:
    home = wang.does("household", "--address", "河边一号")["id"]
    visit = wang.does("visit", "--household", home, "--result", "met", "--purpose", "errand", "--notes", "长" * 61)
    here = datetime.fromtimestamp(wang.center.clock_ms // 1000, tz=UTC).astimezone()
    told = wang.text("list", "visit")
    assert f"{here:%Y-%m-%d %H:%M}" in told
    assert "河边一号" in told
    assert home not in told
    assert "长" * 60 + "…" in told
    assert "长" * 61 in wang.text("show", "visit", visit["id"])
    assert f"走访时间: {here:%Y-%m-%d %H:%M}" in wang.text("show", "visit", visit["id"])


def test_a_change_that_changes_nothing_says_so(wang: Shell) -> None:
    home = wang.does("household", "--address", "河边一号")["id"]
    assert wang.text("change", "household", home, "address=河边一号") == f"没有变化 {home}\n"
    assert wang.text("change", "household", home, "address=坡上") == f"已存本机 {home}\n"


def test_a_status_is_settled_with_json(wang: Shell, zhao: Shell) -> None:
    fence = a_dispute(wang)
    wang.does("change", "dispute", fence, "status=accepted")
    for shell in (wang, zhao):
        shell.does("sync")
    wang.does("change", "dispute", fence, "status=mediating")
    zhao.does("change", "dispute", fence, "status=withdrawn")
    for shell in (wang, zhao):
        shell.does("sync")
    (conflict,) = zhao.does("conflicts")["items"]
    assert {each["value"]["status"] for each in conflict["values"]} == {"mediating", "withdrawn"}
    zhao.does("settle", conflict["id"], '{"status":"mediating","tier":"grid","assignee":null}')
    zhao.does("sync")
    assert zhao.does("show", "dispute", fence)["doc"]["status"] == "mediating"


def test_refused_edits_are_mended_or_given_up(wang: Shell) -> None:
    first, second = (a_dispute(wang, f"unit={OTHER_GRID}") for _ in range(2))
    wang.does("entry", first, "--text", "x")
    report = wang.does("sync")
    assert (report["refused"], report["held"]) == (2, 1)
    items = wang.does("attention")["items"]
    assert [item["result"] for item in items] == ["refused", "refused", "held"]
    assert items[0]["values"]["parties"][0]["name"] == "赵*"
    assert "您没有这项权限" in wang.text("attention")
    assert "This is not yours to do" in wang.text("attention", language="en")
    assert {"被退回", "待中心处理"} <= set(wang.text("attention").split())
    assert {"Refused", "Held"} <= set(wang.text("attention", language="en").split())
    assert wang.text("status").splitlines()[1:3] == ["2 条需要处理", "1 条待中心处理"]
    assert wang.does("mend", first, f"unit={GRID}")["id"] == first
    assert wang.text("discard", second) == "已放弃\n"
    assert wang.fails("discard", second) == "not-refused"
    assert wang.fails("mend", items[2]["edit"]) == "not-refused"
    wang.does("sync")
    assert wang.does("attention") == {"items": [], "set_aside": [], "conflicts": []}


def test_refused_visits_are_told_apart(wang: Shell) -> None:
    for place in ("东村1号", "东村2号"):
        home = wang.does("household", "--address", place)["id"]
        made = ("--household", home, "--result", "met", "--purpose", "errand", f"unit={OTHER_GRID}")
        visit = wang.does("visit", *made, f"notes=在{place}")["id"]
        wang.does("change", "visit", visit, "notes=")
    fence = a_dispute(wang, f"unit={OTHER_GRID}")
    wang.does("entry", fence, "--text", "x")
    wang.does("sync")
    told = wang.text("attention")
    for said in ("东村1号", "内容: 在东村1号", "东村2号", "内容: 在东村2号", "事项: 服务代办", "围墙", "赵*"):
        assert said in told
    assert "赵甲" not in told
    lines = [line.split() for line in wang.text("attention", language="en").splitlines()]
    assert [line[2:4] for line in lines if line[1:2] == ["Refused"]] == [
        ["Visit", "东村1号"],
        ["Visit", "东村2号"],
        ["Dispute", "围墙"],
    ]
    assert [line[2:4] for line in lines if line[1:2] == ["Held"]][-1] == ["Entry", fence], "not known here"


def test_what_was_set_aside_is_listed(wang: Shell, zhao: Shell, center: Center) -> None:
    yesterday = center.backup()
    fence = a_dispute(zhao, f"unit={GRID}")
    for shell in (zhao, wang):
        shell.does("sync")
    center.restore(yesterday)
    wang.does("sync")
    (record,) = wang.does("attention")["set_aside"]
    assert (record["type"], record["id"], record["values"]["parties"][0]["name"]) == ("dispute", fence, "赵*")
    told = wang.text("attention", language="en")
    for said in ("Set aside", "围墙", "A restored center has it no more"):
        assert said in told


def test_enrolling_says_for_whom_and_why_not(wang: Shell, center: Center, tmp_path: Path) -> None:
    assert wang.fails("enroll", "https://center.example", "NOBODY") == "code-unknown"
    assert wang.fails("enroll", "https://center.example", "LI") == "person-differs"
    wang.store = str(tmp_path / "sun.tablet")
    assert wang.fails("status") == "store-missing"
    assert wang.text("enroll", "https://center.example", "SUN", "--name", "平板二") == "已注册，使用人 王一\n"


def test_masks(wang: Shell) -> None:
    assert (masked_phone("13800138000"), masked_phone("08731234"), masked_phone("")) == ("138****8000", "****", "****")
    dispute = CATALOG.types["dispute"]
    assert masked(dispute, {"parties": 7, "title": "x", "mood": "calm"}) == {"parties": "***", "title": "x"}
    assert masked(dispute, {"parties": [7]}) == {"parties": ["***"]}
    entry = CATALOG.types["entry"]
    assert masked(entry, {"people_present": "赵", "text": None}) == {"people_present": "赵*", "text": None}
