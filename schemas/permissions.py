"""Who may do what by which tie to a record: role × type × action × field, one table (schemas/data/permissions.json).

Fields of the rules `server` and `once` are kept from people by their rule, not by this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.shipped import shipped

Cell = tuple[str, str, str]
"""Role, record type, action ("create", "change" or "settle")."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """The table, by cell. What is not in it is not allowed."""

    ties_by_cell: Mapping[Cell, frozenset[str]]
    denied_by_cell: Mapping[Cell, frozenset[str]]

    def ties(self, role: str, record_type: str, action: str) -> frozenset[str]:
        """The ties by which the role may act, empty for none.

        `unit`: the record's grid lies under the unit of the role's assignment; `assignee`: the record is assigned to
        the person or to a body of theirs.
        """
        return self.ties_by_cell.get((role, record_type, action), frozenset())

    def denied_fields(self, role: str, record_type: str, action: str) -> frozenset[str]:
        """The fields that the role may not write where it may act."""
        return self.denied_by_cell.get((role, record_type, action), frozenset())


def permissions(data: Mapping[str, Mapping[str, Mapping[str, Mapping[str, list[str]]]]]) -> Permissions:
    """Read the table from parsed JSON: `{role: {type: {action: {"ties": […], "deny": […]}}}}`, `deny` optional."""
    cells = {
        (role, record_type, action): cell
        for role, types in data.items()
        for record_type, actions in types.items()
        for action, cell in actions.items()
    }
    return Permissions(
        ties_by_cell=MappingProxyType({key: frozenset(cell["ties"]) for key, cell in cells.items()}),
        denied_by_cell=MappingProxyType({key: frozenset(cell.get("deny", ())) for key, cell in cells.items()}),
    )


PERMISSIONS = permissions(shipped("permissions.json"))
