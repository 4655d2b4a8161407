"""A county on each of the stores, whose counters a recount proves when the test ends."""

from collections.abc import Iterator

import pytest

from tests.support.county import GRID, TOWNSHIP, VILLAGE, County, county_on
from tests.support.databases import Databases
from tests.support.device import Device


@pytest.fixture
def county(databases: Databases, caplog: pytest.LogCaptureFixture) -> Iterator[County]:
    with county_on(databases) as found:
        yield found
        assert found.differences() == []
        assert [each.message for each in caplog.records if each.message == "batch_failed"] == [], (
            "line by line hides faults"
        )


@pytest.fixture
def wang(county: County) -> Device:
    """A grid worker."""
    return county.worker("王小满", GRID)


@pytest.fixture
def sun(county: County) -> Device:
    """Village staff."""
    return county.worker("孙立", VILLAGE, "village_staff")


@pytest.fixture
def tang(county: County) -> Device:
    """Township staff."""
    return county.worker("唐明", TOWNSHIP, "township_staff")
