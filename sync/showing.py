"""What a register shows, and whether its siblings conflict: one pure function of the siblings a merge rule."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from schemas.rules import Rule
from schemas.workflow import Workflow
from sync.lines import same
from sync.registers import Sibling


def shown(siblings: Sequence[Sibling], rule: Rule, workflow: Workflow) -> object:
    """The value on the screen; None where nothing stands."""
    if rule is Rule.SET:
        return any(sibling.value is True for sibling in siblings)
    first = shown_first(siblings, rule, workflow)
    return first[0].value if first else None


def shown_first(siblings: Sequence[Sibling], rule: Rule, workflow: Workflow) -> tuple[Sibling, ...]:
    """The siblings, the shown one first: by rank where the workflow rules, else the latest stamp."""
    if len(siblings) < 2:
        return tuple(siblings)

    def precedence(sibling: Sibling) -> tuple[bool, int, str, str]:
        rank = workflow.rank(_status(sibling.value)) if rule is Rule.WORKFLOW else 0
        inside = rule is Rule.SET and sibling.value is True
        return inside, rank, sibling.at, sibling.edit

    return tuple(sorted(siblings, key=precedence, reverse=True))


def in_conflict(siblings: Sequence[Sibling], rule: Rule, workflow: Workflow) -> bool:
    """Whether a person must decide between the siblings."""
    if len(siblings) < 2 or rule not in (Rule.REVIEW, Rule.TEXT, Rule.WORKFLOW):
        return False
    if same([sibling.value for sibling in siblings]):
        return False
    return rule is not Rule.WORKFLOW or not _one_path(_distinct(siblings), workflow)


def _distinct(siblings: Sequence[Sibling]) -> list[Sibling]:
    """One sibling for each move: there may be hundreds of siblings, and there are few moves."""
    return list({(repr(sibling.was), repr(sibling.value)): sibling for sibling in siblings}.values())


def _one_path(siblings: Sequence[Sibling], workflow: Workflow) -> bool:
    """Whether all siblings are forward moves along one path, with the same tier and assignee."""
    values = [_group(sibling.value) for sibling in siblings]
    statuses = {_status(value) for value in values}
    return (
        same([(value.get("tier"), value.get("assignee")) for value in values])
        and all(_forward(sibling, workflow) for sibling in siblings)
        and all(workflow.comparable(a, b) for a, b in combinations(statuses, 2))
        and statuses.isdisjoint(workflow.alone)
    )


def _forward(sibling: Sibling, workflow: Workflow) -> bool:
    if sibling.was is None:
        return True  # The creation stands at the start of every path.
    was, now = _group(sibling.was), _group(sibling.value)
    return (
        was.get("tier") == now.get("tier")
        and was.get("assignee") == now.get("assignee")
        and workflow.is_forward(_status(was), _status(now))
    )


def _group(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _status(value: object) -> str:
    return str(_group(value).get("status"))
