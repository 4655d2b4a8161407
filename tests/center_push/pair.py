"""Two centers, one of which pushes its status to the other: each on a database of its own, with a way between them
that can fail as networks and servers do."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import sqlalchemy as sa

from server import administration
from server.center import Center
from server.center_push import signing, sources, targets
from server.center_push.posting import Client
from server.center_push.worker import Passed, Worker
from server.settings import Settings
from server.store import center_tables, counters, dialect, ledger, tables
from server.store.center_outbox import Secret
from server.store.flight import ask
from sync.codes import PROBLEMS
from tests.support.clock import TestClock
from tests.support.county import COUNTY, GRID, County, settle
from tests.support.databases import Databases

UPPER = "9901"
URL = "http://upper.example/api/v1/center/status"
SECRET = Secret("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0")
OTHER_SECRET = Secret("whsec_" + "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXI=")
TODAY = "2026-11-21"

Fault = Callable[[httpx.Request], httpx.Response]
"""What happens to a request instead of its arriving: an answer, or an httpx.TransportError."""


def settle_upper(url: str) -> None:
    """Makes the other county in the empty database at `url`."""
    center = Center.of(Settings(url), TestClock())
    administration.init(center, UPPER, "上级中心")
    center.engine.dispose()


class Way(httpx.AsyncBaseTransport):
    """From one center to the other. `fault` stands in for the other end while it is set."""

    def __init__(self, upper: County) -> None:
        self.upper = upper
        self.fault: Fault | None = None
        self.loses_answers = False
        self.takes_s = 0.0
        self.messages: list[str] = []
        """The id of each message that was sent, each time that it was."""
        self.answers: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await asyncio.to_thread(self.arrived, request)

    def arrived(self, request: httpx.Request) -> httpx.Response:
        self.messages.append(request.headers[signing.ID])
        time.sleep(self.takes_s)
        if self.fault is not None:
            return self.fault(request)
        with httpx.Client(transport=httpx.WSGITransport(app=self.upper.app)) as http:
            answer = http.post(str(request.url), content=request.read(), headers=request.headers)
        self.answers.append(answer.json())
        if self.loses_answers:
            raise httpx.ReadError("closed", request=request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@dataclass(slots=True)
class Pair:
    """`lower` pushes to `upper`."""

    lower: County
    upper: County
    way: Way = field(init=False)
    client: Client = field(init=False)
    _staff: str = ""

    def __post_init__(self) -> None:
        self.way = Way(self.upper)
        self.client = Client(self.way)

    @property
    def clock(self) -> TestClock:
        return self.lower.clock

    def join(self) -> None:
        """Makes the one push to the other."""
        targets.add(self.lower.center, URL, SECRET)
        sources.accept(self.upper.center, COUNTY, "清河县", SECRET)

    def count(self, *, day: str = TODAY, unit: str = GRID, **measures: int) -> int:
        """Adds to the counters of a day, as a push of a tablet does; gives its revision."""
        return self.count_days([day], unit=unit, **measures)

    def count_days(self, days: list[str], *, unit: str = GRID, **measures: int) -> int:
        """The same for several days in one transaction."""
        changes = Counter({(unit, day, name): value for day in days for name, value in measures.items()})
        return self.count_all(changes)

    def count_all(self, changes: counters.Tally) -> int:
        with dialect.writing(self.lower.center.engine) as connection:
            revision = ask(connection, ledger.locked(COUNTY)).revision + 1
            counters.add(connection, COUNTY, changes, revision)
            connection.execute(sa.update(tables.county).values(revision=revision))
        return revision

    def worker(self, draw: float = 1.0) -> Worker:
        return Worker(self.lower.center, self.client, draw=lambda: draw)

    def push(self) -> Passed:
        """One pass of a worker."""
        return self.worker().once()

    def pass_s(self, elapsed_s: float) -> None:
        for clock in {id(each.clock): each.clock for each in (self.lower, self.upper)}.values():
            clock.pass_ms(int(elapsed_s * 1000))

    def outbox(self, *columns: str) -> list[Any]:
        """These columns of what has not been delivered, in order; of one column its values."""
        table = center_tables.center_outbox
        asked = sa.select(*(table.c[each] for each in columns)).where(table.c.delivered_ms.is_(None))
        with dialect.reading(self.lower.center.engine) as connection:
            rows = connection.execute(asked.order_by(table.c.place)).all()
        return [row[0] if len(columns) == 1 else tuple(row) for row in rows]

    def target(self) -> dict[str, Any]:
        """What the list says of the one center."""
        (found,) = targets.shown(self.lower.center)
        return dict(found)

    def kept(self) -> dict[str, int]:
        """The versions that the upper center has, by day."""
        table = center_tables.center_status
        with dialect.reading(self.upper.center.engine) as connection:
            return {row.day: row.version for row in connection.execute(sa.select(table.c.day, table.c.version))}

    def staff_token(self) -> str:
        if not self._staff:
            self._staff = self.upper.worker("周正", UPPER, "county_staff").token
        return self._staff

    def ask(self, first: str = "2026-01-01", last: str = "2026-12-31", **headers: str) -> httpx.Response:
        asked = {"source": COUNTY, "from": first, "to": last}
        headers = headers or {"Authorization": f"Bearer {self.staff_token()}"}
        return self.upper.http.get("/api/v1/center/status", params=asked, headers=headers)

    def sums(self, first: str = "2026-01-01", last: str = "2026-12-31") -> dict[str, dict[str, int]]:
        """What the upper center says of the lower one: measures by unit."""
        answer = self.ask(first, last)
        assert answer.status_code == 200, answer.text
        return {each["unit"]: each["measures"] for each in answer.json()["units"]}

    def post(self, body: bytes, *, secret: Secret = SECRET, headers: Mapping[str, str] = {}) -> httpx.Response:
        """Sends a message made by hand, signed for this moment; headers may be said otherwise."""
        now_ms = self.clock()
        signed = signing.headers(secret, COUNTY, signing.message_id(now_ms), now_ms, body)
        return self.upper.http.post("/api/v1/center/status", content=body, headers={**signed, **headers})


def message(**members: object) -> bytes:
    """A snapshot made by hand, of one grid under the county; any member may be said otherwise."""
    said: dict[str, object] = {"v": 1, "county": COUNTY, "day": TODAY, "version": 7}
    said["units"] = [
        {"unit": COUNTY, "name": "清河县", "parent": None},
        {"unit": GRID, "name": "柳沟一组", "parent": COUNTY},
    ]
    said["counters"] = [{"unit": GRID, "measures": {"visits": 3}}]
    return json.dumps(said | members, ensure_ascii=False).encode()


def answers(status: int, **headers: str) -> Fault:
    """A center that answers every request alike."""
    return lambda request: httpx.Response(
        status, headers={name.replace("_", "-"): value for name, value in headers.items()}, request=request
    )


def fails(error: type[httpx.TransportError]) -> Fault:
    def failing(request: httpx.Request) -> httpx.Response:
        raise error("as networks do", request=request)

    return failing


@contextmanager
def pair_on(databases: Databases) -> Iterator[Pair]:
    """Two centers with the same clock, on databases of their own that are gone afterwards."""
    with (
        databases.database(databases.migrated_template(settle)) as lower,
        databases.database(databases.migrated_template(settle_upper)) as upper,
    ):
        clock = TestClock()
        pair = Pair(County(lower, clock), County(upper, clock))
        try:
            yield pair
        finally:
            pair.client.close()
            pair.lower.stop()
            pair.upper.stop()


def refused(pair: Pair, answer: httpx.Response, status: int, code: str, field: str | None = None) -> None:
    """The answer is this problem, in both languages, and nothing was kept."""
    document = answer.json()
    assert (answer.status_code, document["code"], document.get("field")) == (status, code, field)
    if code == "invalid":  # What is wrong with the value, not just that something is.
        assert document["detail"] == document["en"] != PROBLEMS[code].detail.en
        assert document["zh"] != PROBLEMS[code].detail.zh
    else:
        assert (document["zh"], document["en"]) == (PROBLEMS[code].detail.zh, PROBLEMS[code].detail.en)
    assert pair.kept() == {}
