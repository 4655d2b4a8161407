"""The county that is fuzzed: a worker with some records, and what must hold of every answer."""

import hashlib
import json
import logging
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from sync.codes import PROBLEMS
from tests.support.answers import Answer
from tests.support.county import GRID, County
from tests.support.device import NDJSON, Device

Document = dict[str, Any]
EXPECTED = {code for code, kind in PROBLEMS.items() if kind.status < 500}
PAGES_MAX = 50


class Failures(logging.Handler):
    """What the server logged as an error; a line that is held as `server-error` is one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


@dataclass(slots=True)
class Ground:
    """`seeds` are edits that are right, one of each kind, without their names."""

    county: County
    wang: Device
    failures: Failures = field(default_factory=Failures)
    seeds: list[Document] = field(default_factory=list)
    neighbours: int = 0

    def __post_init__(self) -> None:
        wang = self.wang
        home = wang.create("household", unit=GRID, service_needs=["hardship"])
        fence = wang.create("dispute", unit=GRID)
        visit = wang.create("visit", household=home, unit=GRID)
        wrong = wang.create("household", unit=GRID, address="")
        wang.create("entry", dispute=fence)
        beside = wang.change("household", home, over={}, door_no="7")
        made = [json.loads(line) for line in wang.outbox.values()]
        wang.catch_up()
        wang.create("household", unit=GRID, service_needs=["newcomer"], location={"lat": "1.5", "lon": "2.5"})
        wang.mend(wrong, "household", unit=GRID)
        wang.change("household", home, notes="门朝东。", door_no="8", over={"notes": [home], "door_no": [home, beside]})
        wang.change("household", home, add={"service_needs": ["newcomer"]}, remove={"service_needs": ["hardship"]})
        wang.change("dispute", fence, status="accepted")
        wang.change("dispute", fence, title="渠", settles=["title"])
        wang.change("visit", visit, satisfaction=5, follow_up_on="2026-12-01")
        made += [json.loads(line) for line in wang.outbox.values()]
        wang.outbox.clear()
        self.seeds = [{name: value for name, value in each.items() if name != "edit"} for each in made]

    def neighbour(self) -> tuple[str, bytes]:
        """A good line, new each time: not by chance, which Hypothesis takes back after each example."""
        self.neighbours += 1
        name = f"01a1fd3d-1080-7000-8000-{self.neighbours:012x}"
        return self.wang.line(edit=name, do="create", type="household", now={"unit": GRID, "address": "邻"})

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        return self.wang.post(body, **headers)

    def has_not_failed(self) -> None:
        """Raises AssertionError, with what the server logged since this was last asked."""
        said, self.failures.said = self.failures.said, []
        assert said == []

    def answered(self, response: httpx.Response) -> Answer | None:
        """The answer, which must be whole; or None for a problem, which must be one of those that are stated."""
        self.has_not_failed()
        if response.status_code == 200:
            answer = Answer.read(response.content)
            assert not [each for each in answer.outcomes if each.get("code") == "server-error"]
            return answer
        assert response.headers["Content-Type"] == "application/problem+json"
        document = response.json()
        assert document["code"] in EXPECTED, document
        assert document["status"] == response.status_code
        return None

    def takes(self, lines: list[bytes]) -> Answer:
        """Pushes lines between two good ones: each has an outcome, and the good ones are applied."""
        (first, before), (last, after) = self.neighbour(), self.neighbour()
        body = self.wang.body([before, *lines, after])
        answer = self.answered(self.post(body))
        assert answer is not None, "lines are judged one by one"
        for name in (first, last):
            assert answer.outcome(name) == {"edit": name, "result": "applied"}
        again = self.answered(self.post(body))
        assert again is not None
        assert _settled(again) == _settled(answer), "sent again, they are answered alike"
        self.wang.keep(again)
        self.wang.catch_up()
        assert self.wang.sees(first)
        assert self.wang.sees(last)
        return answer


def _settled(answer: Answer) -> list[Document]:
    """Outcomes, without the conflicts: another line of the same batch may have ended one."""
    return [
        {name: value for name, value in each.items() if name != "conflicts"}
        for each in answer.outcomes
        if each["result"] in {"refused", "held"}
    ]


def named(members: Document) -> Document:
    """The same line with a name that follows from what it says, so that one example is one edit however often tried."""
    if "edit" in members:
        return members
    digest = hashlib.sha256(repr(members).encode(errors="surrogatepass")).digest()
    value = int.from_bytes(digest[:16], "big") & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return {"edit": str(uuid.UUID(int=value)), **members}


__all__ = ["NDJSON", "Document", "Failures", "Ground", "named"]
