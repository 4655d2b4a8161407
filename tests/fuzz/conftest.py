"""A county on each of the stores, fuzzed by all tests; where log and records differ afterwards, they have failed."""

import logging
from collections.abc import Iterator

import pytest

from tests.fuzz.ground import Ground
from tests.support.county import county_on

STORES = {"sqlite": "sqlite_databases", "postgresql": "volatile_postgres"}


@pytest.fixture(scope="session", params=list(STORES))
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with county_on(request.getfixturevalue(STORES[request.param])) as county:
        found = Ground(county, county.worker("王小满"))
        log = logging.getLogger("doorstep")
        log.addHandler(found.failures)
        yield found
        log.removeHandler(found.failures)
        assert county.differences() == []
