"""Who may do what, cell by cell."""

import pytest

from schemas.catalog import CATALOG
from schemas.codes import CODES
from schemas.permissions import PERMISSIONS

STAFF = ("village_staff", "township_staff", "county_staff")
ACTIONS = ("create", "change", "settle")
UNIT, ASSIGNEE, BOTH = frozenset({"unit"}), frozenset({"assignee"}), frozenset({"unit", "assignee"})
ALLOWED = {
    ("grid_worker", "household", "create"): UNIT,
    ("grid_worker", "household", "change"): UNIT,
    ("grid_worker", "visit", "create"): UNIT,
    ("grid_worker", "visit", "change"): UNIT,
    ("grid_worker", "dispute", "create"): UNIT,
    ("grid_worker", "dispute", "change"): UNIT,
    ("grid_worker", "dispute", "settle"): ASSIGNEE,
    ("grid_worker", "entry", "create"): BOTH,
    ("mediator", "dispute", "change"): ASSIGNEE,
    ("mediator", "dispute", "settle"): BOTH,
    ("mediator", "entry", "create"): ASSIGNEE,
    **{
        (role, name, action): BOTH for role in STAFF for name in ("household", "visit", "dispute") for action in ACTIONS
    },
    **{(role, "entry", "create"): BOTH for role in STAFF},
}
DENIED = {
    ("grid_worker", "dispute", "change"): {"unit", "duplicate_of"},
    ("grid_worker", "dispute", "settle"): {"unit", "duplicate_of"},
    ("mediator", "dispute", "change"): {"unit"},
    ("mediator", "dispute", "settle"): {"unit"},
}


@pytest.mark.parametrize("role", CODES["role"])
@pytest.mark.parametrize("action", ACTIONS)
def test_every_cell_of_the_table(role: str, action: str) -> None:
    for name in CATALOG.types:
        assert PERMISSIONS.ties(role, name, action) == ALLOWED.get((role, name, action), frozenset())
        assert PERMISSIONS.denied_fields(role, name, action) == DENIED.get((role, name, action), set())


def test_what_is_not_in_the_table_is_not_allowed() -> None:
    assert PERMISSIONS.ties("nobody", "dispute", "change") == frozenset()
    assert PERMISSIONS.ties("county_staff", "dispute", "erase") == frozenset()


def test_the_table_names_only_what_exists() -> None:
    for role, name, action in PERMISSIONS.ties_by_cell:
        assert role in CODES["role"]
        assert action in ACTIONS
        assert PERMISSIONS.ties(role, name, action) <= BOTH
        assert PERMISSIONS.denied_fields(role, name, action) <= CATALOG.types[name].fields.keys()


def test_nobody_writes_what_the_server_writes_or_changes_what_is_only_added() -> None:
    for _, name, action in PERMISSIONS.ties_by_cell:
        assert CATALOG.types[name].editable
        assert action == "create" or not CATALOG.types[name].append_only
