"""How often households are visited, and by when disputes are to be settled (schemas/data/periods.json)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from schemas.shipped import shipped


@dataclass(frozen=True, slots=True)
class Periods:
    """The county's periods as data.

    A visit with one of `valid_visit_results` counts for `visit_every_days`, or for `visit_every_days_in_need` where a
    household needs a service. `tier_working_days` is the clock of each tier, `statutory_days` that of the statute
    (30 days from acceptance: the people's mediation rules). `case_no` is the form of case numbers. `work_on` and
    `rest_on` overrule the public holidays that the `holidays` library knows.
    """

    visit_every_days: int
    visit_every_days_in_need: int
    valid_visit_results: frozenset[str]
    tier_working_days: Mapping[str, int]
    statutory_days: int
    case_no: str
    work_on: frozenset[date]
    rest_on: frozenset[date]

    def visit_interval(self, household: Mapping[str, object]) -> int:
        """In days, how often a household of these values is to be visited."""
        return self.visit_every_days_in_need if household.get("service_needs") else self.visit_every_days


def periods(data: Mapping[str, Any]) -> Periods:
    """Read periods from parsed JSON, formed as the shipped ones are. Raises KeyError for a missing member."""
    return Periods(
        visit_every_days=data["visit_every_days"]["default"],
        visit_every_days_in_need=data["visit_every_days"]["with_service_need"],
        valid_visit_results=frozenset(data["valid_visit_results"]),
        tier_working_days=MappingProxyType(dict(data["tier_working_days"])),
        statutory_days=data["statutory_days"],
        case_no=data["case_no"],
        work_on=frozenset(date.fromisoformat(day) for day in data["work_on"]),
        rest_on=frozenset(date.fromisoformat(day) for day in data["rest_on"]),
    )


PERIODS = periods(shipped("periods.json"))
