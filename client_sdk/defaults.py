"""What a new record says where its author left it open."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from client_sdk.values import instant_of_ms
from schemas.workflow import WORKFLOW


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by whom a record is made, and in which grid, where there is no doubt about it."""

    now_ms: int
    person: str
    grid: str | None


def filled(record_type: str, values: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """The values of a creation with defaults where they are absent or null."""
    given = {field: value for field, value in values.items() if value is not None}
    now = instant_of_ms(moment.now_ms)
    defaults: dict[str, Any]
    match record_type:
        case "visit":
            defaults = {"unit": moment.grid, "visited_at": now, "visitor": moment.person, "mode": "door"}
        case "dispute":
            defaults = _dispute(given, moment)
        case "entry":
            defaults = {"at": now, "by": moment.person}
        case _:
            defaults = {"unit": moment.grid}
    return defaults | given


def _dispute(given: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    difficulty = given.get("difficulty", "simple")
    return {
        "unit": moment.grid,
        "source": "found_by_grid",
        "difficulty": difficulty,
        "violence_likely": False,
        "tier": WORKFLOW.start_tier.get(difficulty) if isinstance(difficulty, str) else None,
        "status": WORKFLOW.start,
        "registered_by": moment.person,
    }
