"""A county on each of the stores."""

from collections.abc import Iterator

import pytest

from tests.support.clock import MINUTE_MS
from tests.support.county import FAR_GRID, GRID, County, county_on
from tests.support.databases import Databases
from tests.support.device import Device

POINT = {"lat": "25.531234", "lon": "102.401234", "accuracy_m": 8}


@pytest.fixture
def county(databases: Databases) -> Iterator[County]:
    """A county of its own for each test; where it is found that log and records differ, the test has failed."""
    with county_on(databases) as found:
        yield found
        if found.is_checked:
            assert found.differences() == []


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_county(request: pytest.FixtureRequest) -> Iterator[County]:
    """One county for all tests of a module, where a test needs none of its own: take it as `county`."""
    stores = {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}
    with county_on(request.getfixturevalue(stores[request.param])) as found:
        yield found
        assert found.differences() == []


@pytest.fixture
def wang(county: County) -> Device:
    """A grid worker."""
    return county.worker("王小满")


@pytest.fixture
def li(county: County) -> Device:
    """Another grid worker of the same grid."""
    return county.worker("李秋生")


@pytest.fixture
def zhao(county: County) -> Device:
    """A grid worker of another village."""
    return county.worker("赵春来", FAR_GRID)


@pytest.fixture
def homes(county: County, wang: Device) -> list[str]:
    """A household with everything that is sensitive, and one with a formula for an address."""
    first = wang.create(
        "household", unit=GRID, phone="13812348000", service_needs=["hardship"], location=POINT, people_count=3,
        notes="门朝东，\n有狗。",
    )  # fmt: skip
    county.clock.pass_ms(MINUTE_MS)
    second = wang.create(
        "household", unit=GRID, address="=1+1", door_no="+86", head_name="-甲", phone="+86 13812348000"
    )
    wang.sync()
    county.clock.pass_ms(MINUTE_MS)
    return [first, second]
