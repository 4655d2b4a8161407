"""What units and people are called, as far as a viewer may know."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from server.reading.viewer import Viewer
from server.store import directory
from sync.scope import IS_STAFF


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a viewer may be told: those of the units at which records stand that they see, and of people who
    work, or have worked, at one of the units `near`."""

    viewer: Viewer
    near: frozenset[str]

    @classmethod
    def of(cls, viewer: Viewer) -> "Names":
        """Near are the units of the viewer's scope and, for staff, those above: there their colleagues are, too."""
        held = (each.unit for each in viewer.person.assignments if each.role in IS_STAFF and each.holds(viewer.now))
        above = {unit for top in held for unit in viewer.units.lineage(top, viewer.now)}
        under = {key.removeprefix("unit:") for key in viewer.scope.keys if key.startswith("unit:")}
        return cls(viewer, frozenset(above | under))

    def units(self, codes: Collection[str]) -> dict[str, str]:
        """The names of units, by code. One statement, none for no code."""
        return directory.unit_names(self.viewer.connection, self.viewer.county.code, codes) if codes else {}

    def people(self, ids: Iterable[str]) -> dict[str, str]:
        """The names of people, by id. One statement."""
        found = directory.workers(self.viewer.connection, self.viewer.county.code, ids)
        own = self.viewer.person.id
        return {identity: name for identity, name, unit in found if unit in self.near or identity == own}
