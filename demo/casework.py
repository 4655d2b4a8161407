"""The cases after the evening: village officers accept and assign them, mediators bring them to an end."""

from itertools import cycle

from demo.actor import Actor
from demo.crew import Crew
from demo.people import MEDIATORS, STAFF, TOWN_MEDIATOR, Role

SETTLED_OF, MEDIATED = 547, 582
"""Of the disputes that Wuding mediated, as it published them."""
TERMS = "双方各退一步，按调解意见履行。"


class Casework:
    """Works the cases of the crew's villages to their ends. `ended` counts them by status."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.ended: dict[str, int] = {}

    def assign(self) -> int:
        """Each village's officer accepts what its grid workers registered, and gives it to the village's mediator; the
        last village's goes to the township's."""
        self.crew.sync(STAFF)
        takers = dict(zip(STAFF, (*MEDIATORS[:2], TOWN_MEDIATOR), strict=True))
        return sum(self.crew.all(STAFF, lambda role, actor: self._assign(actor, takers[role])))

    def _assign(self, actor: Actor, mediator: Role) -> int:
        cases = [each for each in actor.records("dispute") if each["status"] == "reported"]
        for case in cases:
            given = {"status": "accepted", "assignee": f"person:{mediator.person}"}
            actor.change("dispute", case["id"], given)
        return len(cases)

    def mediate(self, total: int) -> None:
        """Mediators work their cases, in the proportions of Wuding: of `total` all but a few are settled."""
        mediators = (*MEDIATORS, TOWN_MEDIATOR)
        self.crew.sync(mediators)
        unsettled = total - round(total * SETTLED_OF / MEDIATED)
        ends = iter(
            [*(end for _, end in zip(range(unsettled), cycle(("failed", "withdrawn", "suspended")), strict=False))]
        )
        for mediator in mediators:
            actor = self.crew.tablets[mediator]
            for case in actor.records("dispute"):
                self._work(actor, case["id"], next(ends, "closed"))

    def _work(self, actor: Actor, case: str, end: str) -> None:
        self.ended[end] = self.ended.get(end, 0) + 1
        actor.change("dispute", case, {"status": "mediating"})
        actor.create("entry", {"dispute": case, "kind": "session", "text": "双方到场，听取意见。"})
        match end:
            case "closed":
                self._settle(actor, case)
            case "failed":
                actor.change("dispute", case, {"status": "failed", "routes_told": True})
            case _:
                actor.change("dispute", case, {"status": end})

    def _settle(self, actor: Actor, case: str) -> None:
        actor.change("dispute", case, {"status": "agreed", "agreement_form": "oral", "agreement_terms": TERMS})
        actor.change("dispute", case, {"status": "performed", "performed": "yes"})
        actor.create("entry", {"dispute": case, "kind": "follow_up", "text": "回访：已履行，双方无异议。"})
        actor.change("dispute", case, {"status": "closed", "satisfaction": 5})
