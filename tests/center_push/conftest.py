"""Two centers on each of the stores."""

from collections.abc import Iterator

import pytest

from tests.center_push.pair import Pair, pair_on
from tests.support.databases import Databases


@pytest.fixture
def pair(databases: Databases) -> Iterator[Pair]:
    """One pushes to the other; nothing has been counted yet."""
    with pair_on(databases) as found:
        found.join()
        yield found


@pytest.fixture(scope="module", params=["sqlite_databases", "volatile_postgres"])
def shared_pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """One for all tests of a module, where a test needs none of its own."""
    with pair_on(request.getfixturevalue(request.param)) as found:
        found.join()
        yield found
