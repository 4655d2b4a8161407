"""A sensitive field is unmasked for a reason, by staff, and it is kept who asked."""

import json
from typing import Any

import pytest

from server.reading import export
from tests.support.answers import Document, ProblemAnswerError
from tests.support.county import COUNTY, GRID, VILLAGE, County
from tests.support.device import Device
from tests.support.reader import answered, column, sheet
from tests.support.reader import workbook as workbook_of


def audits(county: County) -> list[Document]:
    with county.center.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT line FROM edit_log WHERE kind = 'audit' ORDER BY revision")
        return [json.loads(bytes(line)) for (line,) in rows]


@pytest.mark.parametrize("form", export.MEDIA)
def test_one_field_is_unmasked_for_a_reason_and_that_is_kept(county: County, homes: list[str], form: str) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    asked = {"unmask": "phone", "reason": "回访核实", "unit": GRID}
    body = answered(sun, f"export/household.{form}", **asked).content
    if form == "xlsx":
        phones = column(workbook_of(sun, "household", **asked), "电话")
        assert phones == ["13812348000", "+86 13812348000"]
    else:
        assert "13812348000" in body.decode()
        assert "hardship" not in body.decode()
    said = {
        "at": county.clock.stamp,
        "by": sun.person,
        "tablet": sun.tablet,
        "do": "unmask",
        "type": "household",
        "form": form,
        "fields": ["phone"],
        "reason": "回访核实",
        "filters": {"unit": [GRID]},
    }
    assert audits(county) == [said] * (2 if form == "xlsx" else 1)
    assert county.differences() == [], "it is in the chain"


def test_whole_parties_are_unmasked_together(county: County, wang: Device) -> None:
    wang.create("dispute", unit=GRID)
    wang.sync()
    sun = county.worker("孙立", VILLAGE, "village_staff")
    assert column(sheet(sun, "dispute", unmask="parties", reason="通知到场"), "当事人") == ["申请 自然人 甲某"]


@pytest.mark.parametrize(
    ("parameters", "status", "field"),
    [
        ({"unmask": "phone"}, 422, "reason"),
        ({"unmask": "phone", "reason": "  "}, 422, "reason"),
        ({"unmask": "phone", "reason": "a\0"}, 422, "reason"),
        ({"unmask": "address", "reason": "x"}, 422, "unmask"),
        ({"unmask": "nothing", "reason": "x"}, 422, "unmask"),
        ({"unmask": ["phone", "service_needs"], "reason": "x"}, 422, "unmask"),
        ({"lang": "fr"}, 422, "lang"),
        ({"limit": "5"}, 422, "limit"),
        ({"sort": "rev"}, 422, "sort"),
    ],
)
def test_what_cannot_be_asked_is_said_and_nothing_is_kept(
    county: County, homes: list[str], parameters: dict[str, Any], status: int, field: str
) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    with pytest.raises(ProblemAnswerError) as refused:
        answered(sun, "export/household.csv", **parameters)
    assert (refused.value.status, refused.value.document["field"]) == (status, field)
    assert audits(county) == []


def test_only_staff_have_anything_unmasked(county: County, wang: Device, homes: list[str]) -> None:
    for reader in (wang, county.worker("陈和", VILLAGE, "mediator"), county.worker("何来", COUNTY, "admin")):
        with pytest.raises(ProblemAnswerError) as refused:
            answered(reader, "export/household.csv", unmask="phone", reason="x")
        assert (refused.value.status, refused.value.code) == (403, "not-allowed")
    assert audits(county) == []


@pytest.mark.parametrize("path", ["export/matter.csv", "export/visit.pdf", "export/visit", "export/visit."])
def test_what_there_is_no_export_of(wang: Device, path: str) -> None:
    with pytest.raises(ProblemAnswerError) as refused:
        answered(wang, path)
    assert (refused.value.status, refused.value.code) == (404, "not-found")
