"""A dispute's life: the steps of status and tier that led to what it shows now.

It is read from the admitted edits alone, so it is the same in whatever order they came: from what is shown back to the
creation, each step to the one that its author saw. What others did at the same time and was settled against is no part
of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

from schemas.rules import WORKFLOW_REGISTER
from sync.edits import Do, Edit

MARK = b'"status"'
"""What the line of a move holds, byte for byte: so the store finds them without reading each line. (Who writes the name
by escapes of JSON moves the dispute, and counts nothing.)"""


@dataclass(frozen=True, slots=True)
class Step:
    """A status and a tier, and the stamp since when: no earlier than that of the step before, which its author saw,
    however far behind their clock was."""

    status: str
    tier: str
    at: str


@dataclass(frozen=True, slots=True)
class Move:
    """An admitted edit of a dispute's status; `over` names those that its author saw."""

    name: str
    step: Step
    over: tuple[str, ...]
    is_creation: bool


def moves(edits: Iterable[Edit]) -> dict[str, Move]:
    """The edits of status among the admitted edits of a dispute, by name."""
    found = {}
    for edit in edits:
        touch = edit.touch(WORKFLOW_REGISTER)
        if touch is not None and isinstance(touch.value, Mapping) and MARK in edit.line:
            step = Step(str(touch.value.get("status")), str(touch.value.get("tier")), edit.at)
            found[edit.name] = Move(edit.name, step, touch.over, edit.do is Do.CREATE)
    return found


def life(shown: Iterable[str], known: Mapping[str, Move], rank: Callable[[str], int]) -> list[Step]:
    """The steps from the creation to now. `shown`: the edits that stand, the shown one first; `rank`: of a status."""
    standing = [known[name] for name in shown if name in known]
    # Two who took the same step at once: the first of them counts.
    same = [each for each in standing if each.step.status == standing[0].step.status]
    move = _first(same) if same else None
    steps: list[Step] = []
    seen: set[str] = set()
    while move is not None and move.name not in seen:
        seen.add(move.name)
        steps.append(move.step)
        move = None if move.is_creation else _before(move, known, rank)
    steps.reverse()
    latest = accumulate((step.at for step in steps), max)
    return [replace(step, at=at) for step, at in zip(steps, latest, strict=True)]


def _before(move: Move, known: Mapping[str, Move], rank: Callable[[str], int]) -> Move | None:
    """The move that was shown where this one was made: of several the one that it agrees with, or the furthest."""
    seen = [known[name] for name in move.over if name in known]
    if not seen:
        return _first([each for each in known.values() if each.is_creation])
    agreeing = [each for each in seen if each.step.status == move.step.status]
    furthest = max(rank(each.step.status) for each in seen)
    return _first(agreeing or [each for each in seen if rank(each.step.status) == furthest])


def _first(found: list[Move]) -> Move | None:
    return min(found, key=lambda each: (each.step.at, each.name), default=None)
