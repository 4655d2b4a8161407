"""The many: grid workers, mediators and village officers whose tablets run within the story's process, over HTTP."""

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from demo.actor import Actor
from demo.people import CREW, NOTES, PHONE, PURPOSES, QUARRELS, RESULTS, Role

AT_ONCE = 8
"""Tablets that do something at the same time."""
SEED = 20261122

Answer = TypeVar("Answer")


class Crew:
    """Real tablets of the client SDK, each with a store of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.tablets = {role: Actor(str(folder / f"{role.key}.tablet")) for role in CREW}
        self.random = random.Random(SEED)  # The story is told the same way each time.

    def close(self) -> None:
        for actor in self.tablets.values():
            actor.close()

    def all(self, roles: Iterable[Role], work: Callable[[Role, Actor], Answer]) -> list[Answer]:
        """Has these do something at the same time."""
        people = list(roles)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda role: work(role, self.tablets[role]), people))

    def sync(self, roles: Iterable[Role]) -> dict[str, int]:
        """These sync; the sums of what they report. Raises RuntimeError where one is left with something to send."""
        reports = self.all(roles, lambda _role, actor: actor.sync())
        waiting = sum(report["waiting"] for report in reports)
        if waiting:
            raise RuntimeError(f"{waiting} edits were not sent")
        return {name: sum(int(report[name]) for report in reports) for name in ("sent", "received", "conflicts")}

    def visit(self, roles: Iterable[Role], each: int) -> int:
        """So many visits by each; gives how many there are."""
        planned = {role: random.Random(f"{SEED} {role.key}") for role in roles}
        return sum(self.all(planned, lambda role, actor: self._visits(actor, planned[role], each)))

    def _visits(self, actor: Actor, draw: random.Random, count: int) -> int:
        for household in draw.sample(actor.records("household"), count):
            actor.create("visit", visit_values(household["id"], draw))
        return count

    def register(self, roles: Iterable[Role], count: int) -> int:
        """So many disputes in all, by these in turn."""
        people = list(roles)
        for number in range(count):
            self.tablets[people[number % len(people)]].create("dispute", self._quarrel(number))
        return count

    def _quarrel(self, number: int) -> dict[str, Any]:
        category, title, summary, difficulty = QUARRELS[number % len(QUARRELS)]
        return {
            "category": category,
            "title": title,
            "summary": summary,
            "difficulty": difficulty,
            "parties": [
                {"role": "applicant", "kind": "person", "name": "甲某"},
                {"role": "respondent", "kind": "person", "name": "乙某", "phone": PHONE},
            ],
        }


def visit_values(household: str, draw: random.Random) -> dict[str, Any]:
    """What is put down at a door."""
    return {
        "household": household,
        "result": draw.choice(RESULTS),
        "purposes": draw.sample(PURPOSES, 2),
        "notes": draw.choice(NOTES),
    }
