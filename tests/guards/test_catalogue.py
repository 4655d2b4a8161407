"""The catalogue of guards says what the code says."""

import pytest

from tests.guards.__main__ import ROOT
from tests.guards.catalogue import GUARDS, Guard


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_stands_where_it_is_said_to(guard: Guard) -> None:
    assert (ROOT / guard.file).read_text().count(guard.right) == 1
    assert guard.wrong != guard.right
    assert all((ROOT / tests.partition("::")[0]).exists() for tests in guard.tests)
