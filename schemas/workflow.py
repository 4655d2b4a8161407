"""A dispute's life: the steps of status, tier and assignee, and who may take them (schemas/data/workflow.json)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from schemas.shipped import shipped


@dataclass(frozen=True, slots=True)
class TierStep:
    """A change of tier, up or down: from which statuses, to which status, by whom."""

    starts: frozenset[str]
    to: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Workflow:
    """The workflow as data. `forward` is closed under "then"; `moves` gives the roles that may take a step of status.

    `alone` are the ends that agree only with their equal, `open` the statuses of a dispute that is still being handled.
    """

    start: str
    tiers: tuple[str, ...]
    start_tier: Mapping[str, str]
    ranks: Mapping[str, int]
    forward: frozenset[tuple[str, str]]
    alone: frozenset[str]
    open: frozenset[str]
    moves: Mapping[tuple[str, str], frozenset[str]]
    escalation: TierStep
    returning: TierStep
    assigners: frozenset[str]

    def rank(self, status: str) -> int:
        """The place of a status among those written at once: the highest is shown. Raises KeyError for no status."""
        return self.ranks[status]

    def is_forward(self, was: str, now: str) -> bool:
        """Whether `now` lies ahead of `was` on the path to closing."""
        return (was, now) in self.forward

    def comparable(self, a: str, b: str) -> bool:
        """Whether two statuses lie on one path: equal, or one ahead of the other."""
        return a == b or self.is_forward(a, b) or self.is_forward(b, a)

    def legal(self, was: Mapping[str, object], now: Mapping[str, object], roles: Collection[str]) -> bool:
        """Whether somebody in `roles` may move a dispute from `was` to `now`, each `{"status", "tier", "assignee"}`.

        Standing still is legal for anybody. A change of tier is an escalation or a return, which may clear the
        assignee; any other change of assignee, with or without a step of status, needs a role that may assign.
        """
        held = frozenset(roles)
        is_same_tier = was.get("tier") == now.get("tier")
        is_step = self._is_status_step(was, now, held) if is_same_tier else self._is_tier_step(was, now, held)
        return is_step and self._is_assignment(was, now, held, may_clear=not is_same_tier)

    def next_statuses(self, was: Mapping[str, object], roles: Collection[str]) -> list[str]:
        """To which other statuses somebody in `roles` may move a dispute from `was`, all else left as it is."""
        others = (status for status in self.ranks if status != was.get("status"))
        return [status for status in others if self.legal(was, {**was, "status": status}, roles)]

    def next_tiers(self, was: Mapping[str, object], roles: Collection[str]) -> list[str]:
        """To which other tiers, the lowest first: by an escalation or a return, each to its status."""
        starts = {self.escalation.to, self.returning.to}
        others = (tier for tier in self.tiers if tier != was.get("tier"))
        return [
            tier
            for tier in others
            if any(self.legal(was, {**was, "tier": tier, "status": start}, roles) for start in starts)
        ]

    def _is_status_step(self, was: Mapping[str, object], now: Mapping[str, object], roles: frozenset[str]) -> bool:
        a, b = was.get("status"), now.get("status")
        return a == b or (
            isinstance(a, str) and isinstance(b, str) and not roles.isdisjoint(self.moves.get((a, b), ()))
        )

    def _is_tier_step(self, was: Mapping[str, object], now: Mapping[str, object], roles: frozenset[str]) -> bool:
        if was.get("tier") not in self.tiers or now.get("tier") not in self.tiers:
            return False
        is_rise = self.tiers.index(str(now["tier"])) > self.tiers.index(str(was["tier"]))
        step = self.escalation if is_rise else self.returning
        return was.get("status") in step.starts and now.get("status") == step.to and not roles.isdisjoint(step.roles)

    def _is_assignment(
        self, was: Mapping[str, object], now: Mapping[str, object], roles: frozenset[str], *, may_clear: bool
    ) -> bool:
        a, b = was.get("assignee"), now.get("assignee")
        return a == b or (may_clear and b is None) or not roles.isdisjoint(self.assigners)


def _closed(pairs: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """The transitive closure: a step, and every step that can follow it."""
    closed = set(pairs)
    while more := {(a, d) for a, b in closed for c, d in closed if b == c} - closed:
        closed |= more
    return frozenset(closed)


def _tier_step(data: Mapping[str, Any]) -> TierStep:
    return TierStep(frozenset(data["from"]), data["to"], frozenset(data["roles"]))


def workflow(data: Mapping[str, Any]) -> Workflow:
    """Read a workflow from parsed JSON, formed as the shipped one is. Raises KeyError for a missing member."""
    return Workflow(
        start=data["start"],
        tiers=tuple(data["tiers"]),
        start_tier=MappingProxyType(dict(data["start_tier"])),
        ranks=MappingProxyType(dict(data["rank"])),
        forward=_closed((was, now) for was, now in data["forward"]),
        alone=frozenset(data["alone"]),
        open=frozenset(data["open"]),
        moves=MappingProxyType({(move["from"], move["to"]): frozenset(move["roles"]) for move in data["moves"]}),
        escalation=_tier_step(data["escalate"]),
        returning=_tier_step(data["return"]),
        assigners=frozenset(data["assign"]["roles"]),
    )


WORKFLOW = workflow(shipped("workflow.json"))
