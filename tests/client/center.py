"""A small center for tests of the tablet: the engine of sync/ behind the wire, in memory, with a link that can fail."""

import gzip
import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from schemas.catalog import CATALOG
from schemas.permissions import PERMISSIONS
from schemas.workflow import WORKFLOW
from sync import edits, frames, records, scope, stamps
from sync.batch import Arrival, Batch, Decision
from sync.codes import PROBLEMS, Code, Result
from sync.edits import Edit
from sync.frames import AnswerHead, LastLine, Outcome, RequestHead, Row
from sync.ids import conflict_id
from sync.scope import Assignment, Person, Span, Units
from sync.world import Placed, World
from tests.support.rows import row_line

COUNTY, VILLAGE, GRID, OTHER_GRID = "5301", "5301-1", "5301-1-1", "5301-1-2"
UNITS = Units({COUNTY: (), VILLAGE: (Span(COUNTY),), GRID: (Span(VILLAGE),), OTHER_GRID: (Span(VILLAGE),)})
START_MS = stamps.milliseconds("2026-11-21T08:00:00.000Z-0000")

Name = tuple[str, str]


@dataclass
class Stored:
    """A row of the feed. `document` is None for a departure from `keys`."""

    revision: int
    keys: frozenset[str]
    document: dict[str, Any] | None
    dots: dict[str, list[str]] = field(default_factory=dict)
    reason: str = "moved"


@dataclass
class Past:
    """All that a backup holds."""

    world: World
    rows: dict[Name, Stored] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    held: dict[str, tuple[Arrival, frozenset[str]]] = field(default_factory=dict)
    revision: int = 0
    tag: str = "first"

    def copy(self) -> "Past":
        """Apart from this one: what the dicts hold is never changed, only replaced."""
        world = self.world
        known = replace(world, people={**world.people}, records={**world.records}, known={**world.known})
        apart = {"rows": {**self.rows}, "decisions": {**self.decisions}, "held": {**self.held}}
        return replace(self, world=known, **apart)  # type: ignore[arg-type]


class Center:
    """One county with two grids in one village. `clock_ms` is moved by the tests."""

    def __init__(self) -> None:
        self.clock_ms = START_MS
        self.sync_ms = 1000
        """How long the center takes for a sync."""
        people = {
            "wang": Person("wang", (Assignment("grid_worker", GRID),)),
            "li": Person("li", (Assignment("grid_worker", GRID),)),
            "zhao": Person("zhao", (Assignment("village_staff", VILLAGE),)),
            "sun": Person("sun", (Assignment("grid_worker", GRID), Assignment("grid_worker", OTHER_GRID))),
        }
        self.past = Past(World(CATALOG, WORKFLOW, PERMISSIONS, UNITS, self.stamp, people))
        self.county = COUNTY
        self.codes = {person.upper(): person for person in people}
        self.nonces: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.revoked: set[str] = set()
        self.colleagues: dict[str, str] = {}
        self.lost_keys: dict[str, list[str]] = {}
        self.requests: list[RequestHead] = []
        self.lines: list[list[bytes]] = []

    @property
    def stamp(self) -> str:
        return stamps.stamp(self.clock_ms)

    def document(self, record_type: str, record: str) -> dict[str, Any] | None:
        found = self.past.rows.get((record_type, record))
        return None if found is None else found.document

    def backup(self) -> Past:
        return self.past.copy()

    def restore(self, past: Past) -> None:
        self.past = past.copy()
        self.past.tag = "restored"

    def erase(self, record_type: str, record: str) -> None:
        self._write((record_type, record), Stored(0, self.past.rows[record_type, record].keys, None, reason="erased"))

    def move(self, person: str, *grids: str) -> None:
        """The person works in these grids from now on."""
        keys = self._scope(person).keys
        self.past.world.people[person] = Person(person, tuple(Assignment("grid_worker", grid) for grid in grids))
        self.lost_keys[person] = sorted(keys - self._scope(person).keys)

    # -- the wire

    def handle(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        match request.url.path.removeprefix("/api/v1/"):
            case "enroll":
                return self._enroll(json.loads(request.read()))
            case "me" if token in self.tokens:
                keys = self._scope(self.tokens[token]).covers
                person = self._person(self.tokens[token])
                colleagues = [{"assignee": each, "name": name} for each, name in self.colleagues.items()]
                scope = [{"key": key, "name": key} for key in keys]
                may_assign = not set(person["roles"]).isdisjoint(WORKFLOW.assigners)
                told = {
                    "person": person,
                    "county": self.county,
                    "scope": scope,
                    "colleagues": colleagues if may_assign else [],
                }
                return httpx.Response(200, json=told)
            case "sync" if token in self.tokens:
                return self._sync(token, gzip.decompress(request.read()))
        return problem("token-unknown")

    def _enroll(self, asked: dict[str, Any]) -> httpx.Response:
        code = asked["code"].upper().replace("-", "").replace(" ", "")
        person = self.codes.get(code)
        if person is None:
            return problem("code-unknown")
        if self.nonces.setdefault(code, asked["nonce"]) != asked["nonce"]:
            return problem("code-spent")
        token = f"token-{len(self.tokens)}"
        self.tokens[token] = person
        answer = {
            "tablet": "t1",
            "token": token,
            "person": self._person(person),
            "county": self.county,
            "scope": list(self._scope(person).covers),
            "clock": self.stamp,
        }
        return httpx.Response(201, json=answer)

    def _person(self, person: str) -> dict[str, Any]:
        roles = sorted({each.role for each in self.past.world.people[person].assignments})
        return {"id": person, "name": "王一", "roles": roles}

    def _scope(self, person: str) -> scope.Scope:
        return scope.scope(self.past.world.people[person], UNITS, self.stamp)

    def _sync(self, token: str, body: bytes) -> httpx.Response:
        head, lines = frames.read_request(body)
        if token in self.revoked and not lines:
            return problem("tablet-revoked")
        self.requests.append(head)
        self.lines.append(lines)
        past = self.past
        try:
            revision, tag = position(head.cursor) or (0, past.tag)
            _, mark = position(head.mark) or (0, past.tag)
        except ValueError:
            return problem("cursor-unknown")
        replay = past.tag not in (tag, mark) or tag != mark or revision > past.revision
        if token in self.revoked:
            outcomes = [Outcome(Result.HELD, edit=edit_of(line), code=Code.TABLET_REVOKED) for line in lines]
        else:
            outcomes = self._judge(lines)
        self.clock_ms += self.sync_ms
        rows = [] if token in self.revoked else list(self._page(self.tokens[token], 0 if replay else revision))
        page, more = rows[: head.want], len(rows) > head.want
        reached = page[-1][0] if more else past.revision
        answer = AnswerHead(f"{past.revision}:{past.tag}", self.stamp, past.revision, replay, tuple(outcomes))
        lost = [frames.scope_lost(key) for key in self.lost_keys.pop(self.tokens[token], [])]
        last = LastLine(f"{reached}:{past.tag}", more, reached)
        text = [frames.answer_head(answer), *(row for _, row in page), *lost, frames.last_line(last)]
        return httpx.Response(200, content=b"\n".join(text) + b"\n", headers={"Content-Type": "application/x-ndjson"})

    def _judge(self, lines: list[bytes]) -> list[Outcome]:
        past = self.past
        past.world.now = self.stamp
        arrivals, reused = [], set()
        for number, line in enumerate(lines, start=1):
            edit = edits.read(line, CATALOG)
            assert edit.name is not None
            known = past.world.known.get(edit.name)
            if known is None:
                arrivals.append(Arrival(edit, edit.at or ""))
            elif known.line != line:
                reused.add(number)
        batch = Batch(past.world)
        batch.work(arrivals, list(past.held.values()))
        self._take(batch)
        return [
            Outcome(Result.REFUSED, line=number, code=Code.EDIT_REUSED)
            if number in reused
            else outcome_of(past.decisions[edit_of(line)])
            for number, line in enumerate(lines, start=1)
        ]

    def _take(self, batch: Batch) -> None:
        past = self.past
        for name, decision in batch.decisions.items():
            was_held = past.held.pop(name, None) is not None
            past.decisions[name] = decision
            if decision.result is Result.HELD:
                past.held[name] = (decision.arrival, decision.awaited)
            if decision.result is Result.HELD or was_held:
                line = decision.arrival.line
                document = {"edit": name, "by": line.by, "result": decision.result, "code": decision.code}
                document |= {"field": decision.field, "received_at": "2026-11-21T08:00:00Z"}
                kept = {member: value for member, value in document.items() if value is not None}
                self._write(("held", name), Stored(0, frozenset({f"person:{line.by}"}), kept))
        for record in batch.changed:
            self._write_record(past.world.records[record])

    def _write_record(self, placed: Placed) -> None:
        world, record = self.past.world, placed.record
        keys = scope.standing((world.records[placed.parent] if placed.parent else placed).placement)
        document = dict(records.document(record, CATALOG, WORKFLOW))
        dots = {name: list(siblings) for name, siblings in records.dots(record, CATALOG, WORKFLOW).items()}
        self._write((record.type, record.id), Stored(0, keys, document, dots))
        for name, conflict in records.conflicts(record, CATALOG, WORKFLOW).items():
            self._write(("conflict", conflict_id(record.id, name)), Stored(0, keys, dict(conflict)))

    def _write(self, name: Name, row: Stored) -> None:
        self.past.revision += 1
        self.past.rows[name] = replace(row, revision=self.past.revision)

    def _page(self, person: str, after: int) -> Iterator[tuple[int, bytes]]:
        keys = self._scope(person).keys
        for (record_type, record), row in sorted(self.past.rows.items(), key=lambda each: each[1].revision):
            if row.revision <= after or not row.keys & keys:
                continue
            if row.document is None:
                yield row.revision, row_line(Row(row.revision, record_type, record, gone=row.reason))
            else:
                under = tuple(sorted(row.keys & keys))
                yield row.revision, row_line(Row(row.revision, record_type, record, under, row.document, row.dots))


def position(text: str | None) -> tuple[int, str] | None:
    """The revision and the tag of a cursor or a mark. Raises ValueError for any other text."""
    if text is None:
        return None
    revision, tag = text.split(":")
    return int(revision), tag


def edit_of(line: bytes) -> str:
    edit = edits.read(line, CATALOG)
    assert isinstance(edit, Edit), "tablets write lines that can be read"
    return edit.name


def outcome_of(decision: Decision) -> Outcome:
    return Outcome(
        decision.result,
        edit=decision.arrival.name,
        code=decision.code,
        field=decision.field,
        detail=decision.detail,
        conflicts=decision.conflicts,
    )


def problem(code: str, **headers: str) -> httpx.Response:
    kind = PROBLEMS[code]
    document = {"code": code, "status": kind.status, "zh": kind.detail.zh, "en": kind.detail.en}
    return httpx.Response(kind.status, json=document, headers=headers)


Deliver = Callable[[httpx.Request], httpx.Response]
Fault = Callable[[httpx.Request, Deliver], httpx.Response]


class Link(httpx.BaseTransport):
    """The way to the center. Each request meets the next of `faults`; without one it arrives and is answered."""

    def __init__(self, center: Center) -> None:
        self.center = center
        self.faults: deque[Fault] = deque()
        self.is_up = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if not self.is_up:
            raise httpx.ConnectError("no signal")
        fault = self.faults.popleft() if self.faults else None
        return self.center.handle(request) if fault is None else fault(request, self.center.handle)


def request_lost(_request: httpx.Request, _deliver: Deliver) -> httpx.Response:
    raise httpx.ConnectError("no signal")


def answer_lost(request: httpx.Request, deliver: Deliver) -> httpx.Response:
    deliver(request)
    raise httpx.ReadError("the connection broke")


def too_slow(request: httpx.Request, deliver: Deliver) -> httpx.Response:
    deliver(request)
    raise httpx.ReadTimeout("no answer in time")


def answer_cut(request: httpx.Request, deliver: Deliver) -> httpx.Response:
    whole = deliver(request).read()
    return httpx.Response(200, content=whole[: whole.rstrip(b"\n").rfind(b"\n") + 1])


def answering(response: Callable[[], httpx.Response]) -> Fault:
    return lambda _request, _deliver: response()


def refusing(code: str, **headers: str) -> Fault:
    return lambda _request, _deliver: problem(code, **headers)
