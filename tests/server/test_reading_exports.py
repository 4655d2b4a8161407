"""Exports: in scope, masked, harmless, and in words."""

import io
import zipfile
from datetime import datetime
from typing import Any

import openpyxl  # type: ignore[import-untyped]  # It carries no types.
import pytest
import xlsxwriter  # type: ignore[import-untyped]  # Nor does this.

from schemas.catalog import CATALOG
from server import administration
from server.reading import cells, comma_separated, workbook
from sync.codes import DETAILS, Code
from tests.support.clock import MINUTE_MS
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.reader import answered, column, features, items, sheet
from tests.support.reader import workbook as workbook_of
from tests.support.statements import statements


def test_a_sheet_in_chinese(wang: Device, homes: list[str]) -> None:
    table = sheet(wang, "household")
    header, _, last = table
    assert header[:8] == ["编号", "版本", "登记时间", "录入人", "录入人姓名", "所属网格", "所属网格名称", "户号"]
    assert last == "共 2 条"
    assert column(table, "编号") == homes
    assert column(table, "电话") == ["138****8000", "'+86****8000"]
    assert column(table, "服务需求") == ["***", ""]
    assert column(table, "人口数") == ["3", ""]
    assert column(table, "备注") == ["门朝东，\n有狗。", ""]
    assert column(table, "位置") == ["25.531234, 102.401234", ""]


def test_a_sheet_in_english(wang: Device, homes: list[str]) -> None:
    wang.create("visit", household=homes[0], unit=GRID, purposes=["errand", "follow_up"], mode="phone")
    wang.create("dispute", unit=GRID, violence_likely=True, amount_yuan="1250.50")
    wang.sync()
    visits = sheet(wang, "visit", lang="en")
    assert visits[2] == "1 row"
    assert column(visits, "Mode") == ["By phone"]
    assert sorted(column(visits, "Purposes")[0].split(", ")) == ["Errand", "Follow-up"]
    disputes = sheet(wang, "dispute", lang="en")
    assert column(disputes, "Violence likely") == ["yes"]
    assert column(disputes, "Amount in yuan") == ["1250.50"]
    assert column(disputes, "Parties") == ["Applicant Person 甲*"]
    headers = {"Authorization": f"Bearer {wang.token}", "Accept-Language": "en-GB,en;q=0.9"}
    assert "Grid" in wang.http.get("/api/v1/export/visit.csv", headers=headers).text.splitlines()[0]
    headers["Accept-Language"] = "fr"
    assert "所属网格" in wang.http.get("/api/v1/export/visit.csv", headers=headers).text.splitlines()[0]


def test_no_cell_is_a_formula(wang: Device, homes: list[str]) -> None:
    table = sheet(wang, "household")
    assert column(table, "地址")[1] == "'=1+1"
    assert column(table, "户号")[1] == "'+86"
    assert column(table, "户主")[1] == "'-甲"
    assert comma_separated.harmless(["@x", "\tx", "\rx", "x=1", 5]) == ["'@x", "'\tx", "'\rx", "x=1", 5]
    wide = ["\uff1d1+1", "\uff0b86", "\uff0d1", "\uff20x", "\n=1"]
    assert comma_separated.harmless(wide) == [f"'{each}" for each in wide]
    book = openpyxl.load_workbook(io.BytesIO(answered(wang, "export/household.xlsx").content))
    found = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in found} == {"s", "n", "d"}
    assert "=1+1" in [cell.value for cell in found]


def test_a_workbook(wang: Device, homes: list[str]) -> None:
    table = workbook_of(wang, "household")
    assert table[2] == "共 2 条"
    assert column(table, "编号") == homes
    assert column(table, "人口数") == [3, None]
    assert column(table, "电话") == ["138****8000", "+86****8000"]
    empty = workbook_of(wang, "visit", lang="en")
    assert (empty[1], empty[2]) == ([], "0 rows")


@pytest.fixture
def moments(county: County, wang: Device, homes: list[str]) -> list[Any]:
    """A visit with moments at the edges of a local day, of Excel and of the calendar; what its row says of them."""
    wang.create(
        "visit", household=homes[0], unit=GRID, visited_at="2026-11-24T15:59:59.900Z", follow_up_on="2026-12-01"
    )  # fmt: skip
    county.clock.pass_ms(MINUTE_MS)
    wang.create("visit", household=homes[0], unit=GRID, visited_at="1900-12-31T16:00:00Z", follow_up_on="1900-12-31")
    county.clock.pass_ms(MINUTE_MS)
    wang.create("visit", household=homes[0], unit=GRID, visited_at="9999-12-31T16:00:00Z")
    wang.sync()
    return [
        [datetime.fromisoformat("2026-11-24 23:59:59"), datetime.fromisoformat("2026-12-01")],
        [datetime.fromisoformat("1901-01-01 00:00:00"), "1900-12-31"],
        ["9999-12-31T16:00:00Z", None],
    ]


def test_a_sheet_tells_the_countys_own_time(wang: Device, moments: list[Any]) -> None:
    table = sheet(wang, "visit")
    assert column(table, "走访时间") == [str(visited) for visited, _ in moments]
    assert column(table, "回访日期") == ["2026-12-01", "1900-12-31", ""]
    assert column(table, "登记时间") == ["2026-11-21 16:35:20", "2026-11-21 16:36:20", "2026-11-21 16:37:20"]


def test_a_workbook_has_days_and_moments_that_excel_knows(wang: Device, moments: list[Any]) -> None:
    table = workbook_of(wang, "visit")
    assert [list(each) for each in zip(column(table, "走访时间"), column(table, "回访日期"), strict=True)] == moments
    assert column(table, "登记时间")[0] == datetime.fromisoformat("2026-11-21 16:35:20")
    book = openpyxl.load_workbook(io.BytesIO(answered(wang, "export/visit.xlsx").content))
    found = {cell.value: cell.number_format for row in book.worksheets[0].iter_rows() for cell in row}
    assert found[datetime.fromisoformat("2026-11-24 23:59:59")] == "yyyy-mm-dd hh:mm:ss"
    assert found[datetime.fromisoformat("2026-12-01")] == "yyyy-mm-dd"


def test_features_tell_utc(wang: Device, moments: list[Any]) -> None:
    said = [each["properties"] for each in features(wang, "visit")["features"]]
    assert said[0]["visited_at"] == "2026-11-24T15:59:59.900Z"
    assert said[0]["made_at"] == "2026-11-21T08:35:20.000Z"


def test_a_workbook_is_to_be_filtered_and_read(wang: Device, homes: list[str]) -> None:
    page = openpyxl.load_workbook(io.BytesIO(answered(wang, "export/household.xlsx").content)).worksheets[0]
    assert page.freeze_panes == "A2", "the heading stays in sight"
    assert page.auto_filter.ref == f"A1:{page.cell(3, page.max_column).coordinate}", "what is said last stays last"
    widths = [page.column_dimensions[each.column_letter].width for each in page[1]]
    labels = [each.value for each in page[1]]
    assert all(width > 2 * len(label) for width, label in zip(widths, labels, strict=True))
    assert widths[0] > len(homes[0])
    assert widths[2] > len("2026-11-24 23:59:59")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", CATALOG.types)
def test_no_two_columns_are_called_alike(wang: Device, kind: str, language: str) -> None:
    header, _, _ = sheet(wang, kind, lang=language)
    assert len(set(header)) == len(header)


def test_flags_are_told_in_words(wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    for status in ("accepted", "mediating", "agreed", "performed", "closed"):
        wang.change("dispute", fence, status=status)
    wang.sync()
    assert column(sheet(wang, "dispute"), "提醒") == ["结案未回访"]
    assert column(workbook_of(wang, "dispute", lang="en"), "Flags") == ["Closed without a follow-up"]


def test_a_conflict_names_type_and_field_in_words_and_tells_local_times(wang: Device, li: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    li.catch_up()
    wang.catch_up()
    wang.change("dispute", fence, amount_yuan="100")
    li.change("dispute", fence, amount_yuan="200")
    wang.sync()
    li.sync()
    table = sheet(wang, "conflict")
    assert (column(table, "记录类型"), column(table, "字段")) == (["纠纷"], ["涉及金额（元）"])
    assert column(table, "各方内容")[0].count("2026-11-21 16:33:20") == 2
    english = workbook_of(wang, "conflict", lang="en")
    assert (column(english, "Record type"), column(english, "Field")) == (["Dispute"], ["Amount in yuan"])


def test_a_held_edit_says_in_words_why(wang: Device) -> None:
    missing = "01a1fe00-0000-7000-8000-000000000001"
    wang.change("household", missing, over={}, door_no="7")
    wang.sync()
    (row,) = items(wang, "records/held")
    assert row["doc"]["code"] == "unknown-record"
    table = sheet(wang, "held")
    assert (column(table, "记录类型"), column(table, "原因")) == (["户"], [DETAILS[Code.UNKNOWN_RECORD].zh])


def test_units_and_people_are_named_beside_their_codes(
    county: County, wang: Device, zhao: Device, homes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    monkeypatch.setattr(cells, "ROWS_AT_ONCE", 2)
    for table in (
        read_by(county.worker("孙立", COUNTY, "county_staff"), "household")
        for read_by in (sheet, workbook_of)
    ):  # fmt: skip
        assert column(table, "录入人") == [wang.person, wang.person, zhao.person]
        assert column(table, "录入人姓名") == ["王小满", "王小满", "赵春来"]
        assert column(table, "所属网格") == [GRID, GRID, FAR_GRID]
        assert column(table, "所属网格名称") == ["柳沟一组", "柳沟一组", "桥头一组"]


def test_a_name_is_told_to_whoever_has_its_bearer_in_their_scope(county: County, wang: Device, zhao: Device) -> None:
    """One who saw a record is told where it stands, and who made it where they work under the same units."""
    sun = county.worker("孙立", VILLAGE, "village_staff")
    clerk = county.worker("何来", TOWNSHIP, "township_staff")
    chen = county.worker("陈和", VILLAGE, "mediator")
    for maker in (wang, sun, clerk):
        case = maker.create("dispute", unit=GRID)
        maker.sync()
        clerk.catch_up()
        clerk.change("dispute", case, status="accepted", assignee=f"person:{chen.person}")
        clerk.sync()
        county.clock.pass_ms(MINUTE_MS)

    def makers(reader: Device) -> list[str]:
        table = sheet(reader, "dispute")
        assert column(table, "所属网格名称") == ["柳沟一组"] * 3
        return column(table, "录入人姓名")

    assert sorted(makers(sun)) == sorted(["王小满", "孙立", "何来"]), "staff know those over them"
    assert sorted(makers(wang)) == sorted(["王小满", "", ""])
    assert makers(chen) == ["", "", ""]
    assert sheet(zhao, "dispute")[1] == []
    moved = administration.assign(county.center, zhao.person, GRID, None, ALWAYS)
    assert moved["unit"] == GRID
    assert sorted(makers(zhao)) == sorted(["王小满", "", ""])


def test_names_cost_no_statement_a_record(
    county: County, wang: Device, homes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> int:
        with statements(county.center.engine) as found:
            answered(wang, "export/household.csv")
        return len(found)

    few = said()
    for _ in range(8):
        wang.create("household", unit=GRID)
    wang.sync()
    assert said() == few
    monkeypatch.setattr(cells, "ROWS_AT_ONCE", 5)
    assert said() == few + 2, "two more for a second part"


def test_a_line_break_of_windows_is_one_line_break(wang: Device) -> None:
    wang.create("household", unit=GRID, notes="门朝东，\r\n有狗。")
    wang.sync()
    assert column(workbook_of(wang, "household"), "备注") == ["门朝东，\n有狗。"]
    book = zipfile.ZipFile(io.BytesIO(answered(wang, "export/household.xlsx").content))
    assert not any(b"_x000D_" in book.read(part) for part in book.namelist())


def test_what_is_too_long_for_a_cell_is_cut() -> None:
    """Excel itself would leave it out."""
    book = io.BytesIO()
    most = workbook.CELL_CHARS_MAX
    with xlsxwriter.Workbook(book) as written:
        sheet = workbook._Sheet(written.add_worksheet(), None, None)
        workbook._row(sheet, 0, ["a" * most, "a" * most + "b"])
    [[whole, cut]] = openpyxl.load_workbook(book).worksheets[0].iter_rows(values_only=True)
    assert whole == cut == "a" * most


def test_needs_that_were_all_taken_off_are_no_needs(wang: Device, homes: list[str]) -> None:
    wang.change("household", homes[0], remove={"service_needs": ["hardship"]})
    wang.sync()
    assert column(sheet(wang, "household"), "服务需求") == ["", ""]
    assert [each["doc"].get("service_needs") for each in items(wang, "records/household")] == [[], None]


def test_a_workbook_of_several_sheets(wang: Device, homes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS_MAX", 2)
    third = wang.create("household", unit=GRID)
    wang.sync()
    book = openpyxl.load_workbook(io.BytesIO(answered(wang, "export/household.xlsx").content))
    first, second = ([row[0] for row in each.iter_rows(values_only=True)] for each in book.worksheets)
    assert first == ["编号", *homes]
    assert second == ["编号", third, "共 3 条"]


def test_features(wang: Device, homes: list[str]) -> None:
    found = features(wang, "household")
    first, second = found["features"]
    assert found["count"] == 2
    assert (first["type"], first["id"]) == ("Feature", homes[0])
    assert first["geometry"] == {"type": "Point", "coordinates": [102.401234, 25.531234]}
    assert first["properties"]["phone"] == "138****8000"
    assert first["properties"]["accuracy_m"] == 8
    assert "location" not in first["properties"]
    assert second["geometry"] is None
    assert features(wang, "visit") == {"type": "FeatureCollection", "features": [], "count": 0}


def test_filters_narrow_an_export_as_they_do_a_list(
    county: County, wang: Device, zhao: Device, homes: list[str]
) -> None:
    far = zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    for role, unit in (("township_staff", TOWNSHIP), ("county_staff", COUNTY)):
        reader = county.worker("孙立", unit, role)
        assert column(sheet(reader, "household"), "编号") == [*homes, far]
        assert column(sheet(reader, "household", unit=VILLAGE), "编号") == homes
        assert column(sheet(reader, "household", unit=VILLAGE, first="2026-11-22"), "编号") == []
    assert column(sheet(zhao, "household"), "编号") == [far]


@pytest.mark.parametrize("kind", CATALOG.types)
def test_every_type_can_be_exported(wang: Device, li: Device, kind: str) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.create("visit", household=wang.create("household", unit=GRID), unit=GRID)
    wang.create("entry", dispute=fence, people_present="甲某、乙某")
    wang.change("household", fence, over={}, door_no="7")
    wang.sync()
    li.catch_up()
    wang.change("dispute", fence, summary="围墙占路。水渠不通。")
    li.change("dispute", fence, summary="围墙占路三尺。")
    wang.sync()
    li.sync()
    listed = [each["id"] for each in items(wang, f"records/{kind}")]
    assert len(listed) == 1
    assert [row[0] for row in sheet(wang, kind)[1]] == listed
    assert [row[0] for row in workbook_of(wang, kind)[1]] == listed
    assert [each["id"] for each in features(wang, kind)["features"]] == listed
