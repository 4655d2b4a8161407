"""An edit's name is its author's to take: nobody else's line, nor any garbage, stands in its way."""

import pytest

from tests.support.county import GRID, County
from tests.support.device import Device


@pytest.fixture
def home(wang: Device) -> tuple[str, bytes]:
    """A household's creation that has not been sent yet."""
    return wang.line(do="create", type="household", now={"unit": GRID, "address": "渠边路 3 号"})


def test_a_line_that_somebody_else_hands_over_can_still_come_from_its_author(
    county: County, wang: Device, li: Device, home: tuple[str, bytes]
) -> None:
    name, line = home
    (outcome,) = li.push([line]).outcomes
    assert (outcome["edit"], outcome["code"], outcome["field"]) == (name, "not-allowed", "by")
    assert li.push([line]).outcomes == [outcome]

    answer = wang.push([line])

    assert answer.outcomes == []
    assert name in answer.ids("household")


@pytest.mark.parametrize("garbage", ['{"edit":"%s"}', '{"edit":"%s","schema":9,"by":"nobody"}'])
def test_garbage_takes_no_name(county: County, wang: Device, li: Device, home: tuple[str, bytes], garbage: str) -> None:
    name, line = home
    (outcome,) = li.push([(garbage % name).encode()]).outcomes
    assert (outcome["edit"], outcome["result"]) == (name, "refused")

    assert wang.push([line]).outcomes == []


def test_in_one_request_too(county: County, wang: Device, li: Device, home: tuple[str, bytes]) -> None:
    name, line = home
    (outcome,) = wang.push([line.replace(wang.person.encode(), li.person.encode()), line]).outcomes
    assert (outcome["edit"], outcome["code"]) == (name, "edit-reused")
    assert wang.push([line]).outcomes == []
