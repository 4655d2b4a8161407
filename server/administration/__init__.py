"""What administrators do from the shell: the county, its units, people, bodies and tablets."""

from server.administration.bodies import add_body, bodies, join, leave
from server.administration.changing import NotPossibleError
from server.administration.county import TIMEZONE, init, release
from server.administration.people import add_person, assign, people, unassign
from server.administration.period import Period, day_start
from server.administration.tablets import CODE_HOURS, all_tablets, make_code, revoke
from server.administration.units import add_unit, move_unit, units

__all__ = [
    "CODE_HOURS",
    "TIMEZONE",
    "NotPossibleError",
    "Period",
    "add_body",
    "add_person",
    "add_unit",
    "all_tablets",
    "assign",
    "bodies",
    "day_start",
    "init",
    "join",
    "leave",
    "make_code",
    "move_unit",
    "people",
    "release",
    "revoke",
    "unassign",
    "units",
]
