"""Whatever is read by HTTP reads its parameters in one way: none is passed over, and each is called by its name."""

from typing import Any

import pytest

from tests.support.answers import ProblemAnswerError
from tests.support.county import GRID
from tests.support.device import Device
from tests.support.reader import answered

LIST = {"limit": "0", "from": "yesterday", "sort": "notes"}
WRONG: dict[str, dict[str, str]] = {
    "records/household": LIST,
    "records/household/{home}/history": {"limit": "501", "page": "x" * 501},
    "held": LIST,
    "export/household.csv": {"lang": "fr", "to": "2026-02-30"},
    "feed": {"want": "0"},
    "status": {"unit": "a b", "from": "20261101", "to": "1899-12-31"},
    "center/status": {"source": "a b", "from": "", "to": "2026-13-01"},
}
"""By address, a wrong value for each of some parameters."""
GIVEN = [(path, name, value) for path, wrong in WRONG.items() for name, value in wrong.items()]


@pytest.fixture
def home(wang: Device) -> str:
    made = wang.create("household", unit=GRID)
    wang.sync()
    return made


def problem(device: Device, home: str, path: str, parameters: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(ProblemAnswerError) as refused:
        answered(device, path.format(home=home), **parameters)
    document: dict[str, Any] = refused.value.document
    assert (document["status"], document["code"]) == (422, "invalid")
    return document


@pytest.mark.parametrize("path", WRONG)
def test_a_parameter_that_is_none_is_told_with_those_that_are(wang: Device, home: str, path: str) -> None:
    said = problem(wang, home, path, {"form": "2026-01-01"})
    assert said["field"] == "form"
    assert said["zh"].startswith("没有“form”这个参数，可用的有：")
    assert set(WRONG[path]) <= set(said["en"].partition("; there are ")[2].split(", "))


@pytest.mark.parametrize(("path", "name", "value"), GIVEN)
def test_a_wrong_value_is_told_by_the_name_of_its_parameter(
    wang: Device, home: str, path: str, name: str, value: str
) -> None:
    source = {"source": "990101", "from": "2026-11-01", "to": "2026-11-02"} if path == "center/status" else {}
    said = problem(wang, home, path, source | {name: value})
    assert said["field"] == name
    assert f"“{name}”" in said["zh"]
    assert f'"{name}"' in said["en"]


@pytest.mark.parametrize(("path", "name", "value"), GIVEN)
def test_a_parameter_is_given_once(wang: Device, home: str, path: str, name: str, value: str) -> None:
    said = problem(wang, home, path, {name: ["2026-11-01", value]})
    assert said["en"] == f'"{name}" can be given only once'


def test_days_begin_where_those_to_compare_with_are_days_too(wang: Device, home: str) -> None:
    assert answered(wang, "status", **{"from": "1900-01-01", "to": "1900-01-01"}).status_code == 200
    assert answered(wang, "status", **{"from": "1900-01-01"}).status_code == 200
    assert problem(wang, home, "status", {"from": "1899-12-31"})["field"] == "from"
