"""A tablet as a black box: it makes edit lines by hand, pushes them over HTTP, and keeps what the feed brings.

It is simpler than client_sdk on purpose, and shares none of its code: what it needs of the protocol stands here.
"""

import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from sync import ids, stamps
from sync.lines import write
from tests.support.answers import Answer, Document, ProblemAnswerError

NDJSON = "application/x-ndjson"
PAGES_MAX = 10_000

Clock = Callable[[], int]


@dataclass(slots=True)
class Device:
    """One tablet. `http` reaches the server, `clock` is its own and may be wrong."""

    http: httpx.Client
    clock: Clock
    person: str = ""
    token: str = ""
    tablet: str = ""
    cursor: str | None = None
    mark: str | None = None
    want: int = 1000
    last_stamp: str = ""
    outbox: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    """Edits that have outcomes, kept to be sent again after a restore."""
    outcomes: dict[str, Document] = field(default_factory=dict)
    rows: dict[tuple[str, str], Document] = field(default_factory=dict)
    heads: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """The siblings of registers as own edits left them, by record and register."""
    written: dict[str, list[Document]] = field(default_factory=dict)
    """The members of own edits that the feed has not brought back yet, by record."""

    # -- enrolment

    def enroll(self, code: str, nonce: str = "") -> Document:
        """Turns a code into a token. Raises ProblemAnswerError."""
        body = {"code": code, "nonce": nonce or f"{random.getrandbits(64):x}", "tablet": {"name": "平板"}}
        answer = _checked(self.http.post("/api/v1/enroll", json=body))
        assert answer.status_code == 201
        enrolled: Document = answer.json()
        self.token, self.tablet, self.person = enrolled["token"], enrolled["tablet"], enrolled["person"]["id"]
        return enrolled

    def me(self) -> Document:
        """Raises ProblemAnswerError."""
        found: Document = _checked(self.http.get("/api/v1/me", headers=self._headers())).json()
        return found

    # -- edits

    def stamp(self) -> str:
        self.last_stamp = stamps.tick(self.last_stamp, self.clock()) if self.last_stamp else stamps.stamp(self.clock())
        return self.last_stamp

    def line(self, **members: object) -> tuple[str, bytes]:
        """A line with a new name, not put into the outbox; any member may be said otherwise."""
        name = ids.edit_name(self.clock(), random.getrandbits(74))
        said: dict[str, object] = {"edit": name, "schema": 1, "by": self.person, "at": self.stamp()} | members
        return str(said["edit"]), write(said)

    def put(self, **members: object) -> str:
        """Puts a line with these members into the outbox and gives its name."""
        name, line = self.line(**members)
        self.outbox[name] = line
        self.written.setdefault(str(members.get("id", name)), []).append(members | {"edit": name})
        return name

    def create(self, record_type: str, **now: object) -> str:
        """Creates a record; what it needs and is not given is made up. Gives its id."""
        return self.put(do="create", type=record_type, now=MADE_UP[record_type](self) | now)

    def mend(self, refused: str, record_type: str, **now: object) -> str:
        return self.put(do="create", type=record_type, now=MADE_UP[record_type](self) | now, mends=refused)

    def change(
        self,
        record_type: str,
        record: str,
        *,
        settles: Sequence[str] = (),
        over: Mapping[str, Sequence[str]] | None = None,
        add: Mapping[str, Sequence[str]] | None = None,
        remove: Mapping[str, Sequence[str]] | None = None,
        was: Mapping[str, object] | None = None,
        **now: object,
    ) -> str:
        """Changes fields; `over` and `was` are what this tablet shows, where they are not given."""
        group = {"status", "tier", "assignee"}
        registers = {"status" if name in group else name for name in now}
        registers |= {
            f"{name}/{value}" for sets in (add, remove) for name in sets or {} for value in (sets or {})[name]
        }
        row = self.rows.get((record_type, record), {})
        named = {each: self._named(row, record, each, each in settles) for each in sorted(registers)}
        shown = self.document(record_type, record)
        if record_type == "dispute" and group & now.keys():
            now = {name: shown.get(name) for name in sorted(group)} | now
        said: dict[str, object] = {"do": "change", "type": record_type, "id": record}
        said |= {"over": dict(over) if over is not None else named}
        said |= {"was": dict(was) if was is not None else {name: shown.get(name) for name in now}, "now": now or None}
        said |= {"settles": list(settles) or None, "add": add, "remove": remove}
        name = self.put(**said)
        for register in registers:
            self.heads.setdefault(record, {})[register] = [name]
        return name

    def _named(self, row: Document, record: str, register: str, everything: bool) -> list[str]:
        """What the screen shows in a register; all siblings when it settles."""
        own = self.heads.get(record, {}).get(register)
        if own is not None and not everything:
            return own
        dots: dict[str, list[str]] = row.get("dots", {})
        siblings = dots.get(register) or dots.get("*") or [record]
        return siblings if everything else siblings[:1]

    def document(self, record_type: str, record: str) -> Document:
        """A record as the feed brought it, under what this tablet wrote and has not had back."""
        row = self.rows.get((record_type, record))
        document = dict(row["doc"]) if row else {}
        for members in self.written.get(record, []):
            document |= members.get("now") or {}
        return document

    # -- sync

    def body(self, lines: Sequence[bytes] = (), **head: object) -> bytes:
        said: dict[str, object] = {"v": 1, "cursor": self.cursor, "mark": self.mark, "owes": 0, "want": self.want}
        said |= {"now": stamps.stamp(self.clock())} | head
        return b"".join(line + b"\n" for line in (json.dumps(said).encode(), *lines))

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        return self.http.post("/api/v1/sync", content=body, headers=self._headers() | headers)

    def push(self, lines: Sequence[bytes], **head: object) -> Answer:
        """Hands over lines and looks at nothing: neither cursor nor rows are kept. Raises ProblemAnswerError."""
        return Answer.read(_checked(self.post(self.body(lines, **head))).content)

    def sync(self, batch: int = 500, **head: object) -> Answer:
        """One round trip: up to `batch` edits go, outcomes and a page come, and are kept. Raises ProblemAnswerError."""
        going = dict(list(self.outbox.items())[:batch])
        said = {"owes": len(self.outbox) - len(going)} | head
        answer = self.push(list(going.values()), **said)
        self.keep(answer, going)
        return answer

    def keep(self, answer: Answer, sent: Mapping[str, bytes] | None = None) -> None:
        for name, line in (sent or {}).items():
            self.outcomes[name] = answer.outcome(name)
            self.sent[name] = line
            self.outbox.pop(name, None)
        if answer.head["replay"]:
            self.rows.clear()
        for key in answer.lost:
            for identity, row in list(self.rows.items()):
                row["keys"] = [each for each in row["keys"] if each != key]
                if not row["keys"]:
                    del self.rows[identity]
        for row in answer.rows:
            self._take(row)
        self.mark, self.cursor = answer.head["mark"], answer.last["cursor"]

    def _take(self, row: Document) -> None:
        identity = row["type"], row["id"]
        if "gone" in row:
            self.rows.pop(identity, None)
            return
        self.rows[identity] = row
        # A row is the latest state, so what was sent is in it, or covered.
        own = self.heads.get(row["id"], {})
        self.heads[row["id"]] = {name: edits for name, edits in own.items() if edits[0] in self.outbox}
        written = self.written.get(row["id"], [])
        self.written[row["id"]] = [members for members in written if members["edit"] in self.outbox]

    def catch_up(self, batch: int = 500) -> list[Answer]:
        """Syncs until nothing is left to send and nothing more to come."""
        answers = [self.sync(batch)]
        while (self.outbox or answers[-1].last["more"]) and len(answers) < PAGES_MAX:
            answers.append(self.sync(batch))
        return answers

    def restored(self) -> None:
        """Puts every edit that it kept back into the outbox."""
        self.outbox = self.sent | self.outbox
        self.sent = {}

    # -- what it shows

    def all(self, record_type: str) -> dict[str, Document]:
        return {record: row["doc"] for (kind, record), row in self.rows.items() if kind == record_type}

    def sees(self, record: str) -> bool:
        return any(each == record for _, each in self.rows)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": NDJSON}


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    raise ProblemAnswerError(answer.status_code, answer.json())


def _household(device: Device) -> Document:
    return {"unit": "", "address": "渠边路 3 号"}


def _visit(device: Device) -> Document:
    moment = stamps.instant(device.clock())
    return {
        "household": "",
        "unit": "",
        "visited_at": moment,
        "visitor": device.person,
        "mode": "door",
        "result": "met",
        "purposes": ["check_details"],
    }


def _dispute(device: Device) -> Document:
    return {
        "unit": "",
        "category": "neighbours",
        "source": "found_by_grid",
        "title": "围墙",
        "summary": "围墙占路。",
        "parties": [{"role": "applicant", "kind": "person", "name": "甲某"}],
        "difficulty": "ordinary",
        "violence_likely": False,
        "tier": "village",
        "status": "reported",
        "registered_by": device.person,
    }


def _entry(device: Device) -> Document:
    return {
        "dispute": "",
        "kind": "note",
        "at": stamps.instant(device.clock()),
        "by": device.person,
        "text": "了解情况",
    }


MADE_UP: dict[str, Callable[[Device], dict[str, Any]]] = {
    "household": _household,
    "visit": _visit,
    "dispute": _dispute,
    "entry": _entry,
}
"""What a new record of each type has where a test does not care."""
