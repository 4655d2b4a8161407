"""What a person may write at a moment: the roles that they held then, by their ties to a record, in the table."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.permissions import Permissions
from sync import scope
from sync.scope import Person, Span, Units
from sync.touches import Touch

Ties = frozenset[tuple[str, str]]
"""Each a role and `unit` or `assignee`."""

CREATE, CHANGE, SETTLE = "create", "change", "settle"


@dataclass(frozen=True, slots=True)
class Rights:
    """Of `person` over records of a type, at the stamp `at`."""

    person: Person
    at: str
    record_type: str
    units: Units
    permissions: Permissions

    def ties(self, placement: Iterable[Span]) -> Ties:
        """How the person reached a record that was placed so."""
        return frozenset(scope.ties(self.person, placement, self.units, self.at))

    def any_ties(self) -> Ties:
        """The ties that some placement of a record could give."""
        held = (each.role for each in self.person.assignments if each.counts(self.at))
        return frozenset((role, tie) for role in held for tie in ("unit", "assignee"))

    def roles(self, ties: Ties, action: str) -> frozenset[str]:
        """The roles that may do `action` by one of the ties."""
        table = self.permissions.ties
        return frozenset(role for role, tie in ties if tie in table(role, self.record_type, action))

    def fault(self, roles: frozenset[str], touches: Iterable[Touch], action: str) -> str | None:
        """The first register that these roles, taken together, may not write, or None. No role may write nothing."""
        if self.person.may_all:
            return None
        if not roles:
            return next((touch.register for touch in touches), None)
        # Asked once, not for each touch; mostly there is nothing.
        denied = frozenset.intersection(
            *(self.permissions.denied_fields(role, self.record_type, action) for role in roles)
        )
        faults = (touch.register for touch in touches if touch.register.partition("/")[0] in denied)
        return next(faults, None) if denied else None
