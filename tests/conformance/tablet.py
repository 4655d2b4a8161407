"""A tablet that speaks the protocol over HTTP, written from docs/protocol.md alone."""

import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.conformance.answer import Answer, Document

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
PAGES_MAX = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(now_ms: int, counter: int = 0) -> str:
    moment = EPOCH + timedelta(milliseconds=now_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z-{counter:04x}"


def milliseconds(text: str) -> int:
    """Of a stamp, since 1970."""
    return (datetime.fromisoformat(text[:23] + "+00:00") - EPOCH) // timedelta(milliseconds=1)


def edit_name() -> str:
    """A new UUID of version 7 (RFC 9562, section 5.7)."""
    bits = random.getrandbits(74)
    value = (time.time_ns() // 1_000_000) << 80 | 0x7 << 76 | (bits >> 62) << 64 | 0b10 << 62 | bits & (2**62 - 1)
    return str(uuid.UUID(int=value))


def line(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(slots=True)
class Tablet:
    """One tablet of one person. `rows` is what the feed brought, by record; `ahead_ms` puts its clock wrong."""

    http: httpx.Client
    code: str
    tablet: str = ""
    token: str = ""
    person: Document = field(default_factory=dict)
    scope: list[str] = field(default_factory=list)
    cursor: str | None = None
    mark: str | None = None
    server_ahead_ms: int = 0
    last_stamp: str = ""
    grid_before: str = ""
    rows: dict[str, Document] = field(default_factory=dict)

    # -- enrolment

    @property
    def nonce(self) -> str:
        """The same in every run, so that a code serves for any number of them."""
        return f"conformance of {self.code}"

    def ask(self, **members: object) -> httpx.Response:
        """Asks for a token; any member of the request may be said otherwise, and None leaves it out."""
        said = {"code": self.code, "nonce": self.nonce, "tablet": {"name": "平板"}} | members
        return self.http.post("/api/v1/enroll", json={name: value for name, value in said.items() if value is not None})

    def enroll(self) -> Document:
        answer = self.ask()
        assert answer.status_code == 201, answer.text
        enrolled: Document = answer.json()
        self.tablet, self.token, self.person = enrolled["tablet"], enrolled["token"], enrolled["person"]
        self.scope = enrolled["scope"]
        self._heard(enrolled["clock"])
        return enrolled

    @property
    def id(self) -> str:
        return str(self.person["id"])

    @property
    def grid(self) -> str:
        """The code of the one grid that a worker has."""
        (key,) = [key for key in self.scope if key.startswith("unit:")]
        return key.removeprefix("unit:")

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})

    # -- clock

    def now_ms(self) -> int:
        """The server's clock, as far as its last answer told."""
        return time.time_ns() // 1_000_000 + self.server_ahead_ms

    def _heard(self, clock: str) -> None:
        self.server_ahead_ms = milliseconds(clock) - time.time_ns() // 1_000_000

    def stamp(self) -> str:
        """The next stamp: each is later than the one before."""
        last_ms = milliseconds(self.last_stamp) if self.last_stamp else 0
        self.last_stamp = stamp(max(self.now_ms(), last_ms + 1))
        return self.last_stamp

    # -- edits

    def members(self, record_type: str, **members: object) -> Document:
        """The members that every edit has, with these beside or instead; None leaves one out."""
        said: Document = {"edit": edit_name(), "schema": 1, "by": self.id, "type": record_type, "at": self.stamp()}
        return {name: value for name, value in (said | members).items() if value is not None}

    def creation(self, record_type: str, now: Mapping[str, object] | None = None, **members: object) -> Document:
        """A creation; what it needs and is not given is made up."""
        return self.members(
            record_type, **{"do": "create", "now": self._made_up(record_type) | dict(now or {})} | members
        )

    def change(
        self, record_type: str, record: str, now: object = None, over: object = None, **members: object
    ) -> Document:
        return self.members(record_type, **{"do": "change", "id": record, "over": over, "now": now} | members)

    def _made_up(self, record_type: str) -> Document:
        moment = f"{self.stamp()[:23]}Z"
        made: dict[str, Document] = {
            "household": {"address": "渠边路 3 号"},
            "visit": {
                "visited_at": moment, "visitor": self.id, "mode": "door", "result": "met", "purposes": ["errand"],
            },
            "dispute": {
                "category": "neighbours", "source": "found_by_grid", "title": "围墙", "summary": "围墙占路。",
                "parties": [{"role": "applicant", "kind": "person", "name": "甲某"}], "difficulty": "ordinary",
                "violence_likely": False, "tier": "village", "status": "reported", "registered_by": self.id,
            },
            "entry": {"kind": "note", "at": moment, "by": self.id, "text": "了解情况"},
        }  # fmt: skip
        placed = {} if record_type == "entry" or not self._has_grid() else {"unit": self.grid}
        return made[record_type] | placed

    def _has_grid(self) -> bool:
        return len([key for key in self.scope if key.startswith("unit:")]) == 1

    # -- sync

    def body(self, *edits: Document | bytes, **head: object) -> bytes:
        """A request's body. Edits that are bytes are lines already; None leaves a member of the head out."""
        said: Document = {"v": 1, "cursor": self.cursor, "mark": self.mark, "owes": 0, "now": stamp(self.now_ms())}
        said = {name: value for name, value in (said | head).items() if value is not None}
        lines = [each if isinstance(each, bytes) else line(each) for each in edits]
        return b"".join(each + b"\n" for each in (line(said), *lines))

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        said = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"} | headers
        return self.http.post("/api/v1/sync", content=body, headers=said)

    def sync(self, *edits: Document | bytes, **head: object) -> Answer:
        """One round trip, whose page is kept."""
        answer = Answer.read(self.post(self.body(*edits, **head)))
        self.keep(answer)
        return answer

    def peek(self, *edits: Document | bytes, **head: object) -> Answer:
        """One round trip, whose page is not kept."""
        return Answer.read(self.post(self.body(*edits, **head)))

    def keep(self, answer: Answer) -> None:
        self._heard(answer.head["clock"])
        for key in answer.lost:
            self.rows = {name: row for name, row in self.rows.items() if row["keys"] != [key]}
        for row in answer.rows:
            if "gone" in row:
                self.rows.pop(row["id"], None)
            elif row["rev"] >= self.rows.get(row["id"], {"rev": 0})["rev"]:
                self.rows[row["id"]] = row
        self.cursor, self.mark = answer.last["cursor"], answer.head["mark"]

    def catch_up(self) -> list[Answer]:
        """Pulls until nothing more is to come."""
        answers = [self.sync()]
        while answers[-1].last["more"]:
            assert len(answers) < PAGES_MAX
            answers.append(self.sync())
        return answers

    def sees(self, record: str) -> bool:
        self.catch_up()
        return record in self.rows

    def row(self, record: str) -> Document:
        """A record's row, after catching up."""
        assert self.sees(record), f"{record} is not in the feed"
        return self.rows[record]

    def doc(self, record: str) -> Document:
        found: Document = self.row(record)["doc"]
        return found

    def dots(self, record: str, register: str) -> list[str]:
        """The siblings of a register."""
        dots: dict[str, list[str]] = self.row(record).get("dots", {})
        return dots.get(register) or dots.get("*") or [record]

    def conflict(self, record: str, register: str) -> Document:
        """The conflict of a record's register, after catching up."""
        return self.doc(str(uuid.uuid5(uuid.UUID(record), register)))

    # -- what most tests begin with

    def makes(self, record_type: str, now: Mapping[str, object] | None = None) -> str:
        """Creates a record, which is applied. Gives its id."""
        edit = self.creation(record_type, now)
        answer = self.sync(edit)
        assert answer.outcomes == []
        return str(edit["edit"])

    def changes(self, record_type: str, record: str, **now: Any) -> str:
        """Changes fields of registers of their own over the record's creation. Gives the edit's name."""
        edit = self.change(record_type, record, now, {name: [record] for name in now})
        assert self.sync(edit).outcome(edit["edit"])["result"] in {"applied", "conflict"}
        return str(edit["edit"])
