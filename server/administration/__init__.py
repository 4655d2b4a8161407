"""What administrators do from the shell: the county, its units, people, bodies and tablets."""

from server.administration.bodies import NewBody, add_bodies, add_body, bodies, join, leave
from server.administration.changing import NotPossibleError
from server.administration.county import TIMEZONE, figures, init, release, require_known, up_to_date
from server.administration.departure import disable
from server.administration.household_import import COLUMNS as HOUSEHOLD_COLUMNS
from server.administration.household_import import import_households
from server.administration.importing import Asked, Difference, Fault, FaultCode, Imported, Row, Sheet
from server.administration.people import add_person, assign, people, unassign
from server.administration.period import Period, day_start
from server.administration.person_import import import_people
from server.administration.tablets import CODE_HOURS, all_tablets, make_code, replace, revoke
from server.administration.unit_import import import_units
from server.administration.units import add_unit, move_unit, units

__all__ = [
    "CODE_HOURS",
    "HOUSEHOLD_COLUMNS",
    "TIMEZONE",
    "Asked",
    "Difference",
    "Fault",
    "FaultCode",
    "Imported",
    "NewBody",
    "NotPossibleError",
    "Period",
    "Row",
    "Sheet",
    "add_bodies",
    "add_body",
    "add_person",
    "add_unit",
    "all_tablets",
    "assign",
    "bodies",
    "day_start",
    "disable",
    "figures",
    "import_households",
    "import_people",
    "import_units",
    "init",
    "join",
    "leave",
    "make_code",
    "move_unit",
    "people",
    "release",
    "replace",
    "require_known",
    "revoke",
    "unassign",
    "units",
    "up_to_date",
]
