"""Lines that no tablet of ours writes: from a newer app, a broken one, a malicious one."""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx

from client_sdk import Tablet
from client_sdk.outbox import Line
from schemas.rules import WORKFLOW_REGISTER
from sync import ids, lines, stamps
from tests.simulation.actions import VALUES
from tests.simulation.device import CENTER, Device
from tests.simulation.server import GRIDS, PEOPLE, Parcel
from tests.simulation.world import World

Members = dict[str, Any]
MISTAKEN = (("household", "visit", "notes"), ("visit", "household", "notes"), ("dispute", "household", "unit"))
"""A type, another that it may be taken for, and a field that both have."""


class Poison:
    """Draws wrong lines; `outbox` puts one among a tablet's own, `rogue` hands some over past the SDK."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random
        self.promised_names: list[str] = []
        """Edits that others name already, and that do not exist yet."""
        self.mistaken: list[tuple[str, str, str, str]] = []
        """Edits of records by another type: each with the record's own type, its id, the field."""

    def name(self, now_ms: int) -> str:
        if self.promised_names and self.random.random() < 0.4:
            return self.promised_names.pop()
        return ids.edit_name(now_ms, self.random.getrandbits(74))

    def outbox(self, tablet: Tablet) -> None:
        """A line with everything that the SDK looks for, and something that the center does not take (or does)."""
        desk = tablet._desk
        with desk.store.transaction():
            name = self.name(desk.clock.now_ms())
            members: Members = {"edit": name, "schema": 1, "by": desk.person["id"], "at": desk.clock.tick()}
            members |= self.said(name)
            known = desk.store.row("SELECT 1 FROM outbox WHERE edit = ?", members["edit"])
            if known is None:
                record = str(members.get("id", members["edit"]))
                desk.outbox.append(Line(members["edit"], members["type"], record, lines.write(members)), members["at"])
                desk.views.refresh([(members["type"], record)])

    def said(self, name: str) -> Members:
        kinds: list[Callable[[str], Members]] = [
            self.newer, self.newer, self.invalid, self.forbidden, self.foreign, self.blind_change, self.blind_change,
            self.blind_move, self.wrong_mend, self.wrong_time, self.mistaken_type, self.mistaken_type,
        ]  # fmt: skip
        return self.random.choice(kinds)(name)

    # -- what lines can say

    def household(self) -> Members:
        return {"do": "create", "type": "household", "now": {"unit": self.random.choice(GRIDS), "address": "桥头 1 号"}}

    def newer(self, _name: str) -> Members:
        made = self.household()
        if self.random.random() < 0.6:
            made["now"] |= self.random.choice(({"mood": "calm"}, {"mood": 7}, {"zodiac": "tiger"}))
        return made | {"schema": self.random.choice((2, 2, 3, 99))}

    def invalid(self, _name: str) -> Members:
        made = self.household()
        made["now"] |= self.random.choice(
            ({"people_count": -1}, {"phone": "none"}, {"service_needs": "hardship"}, {"a": 1})
        )
        return made

    def forbidden(self, name: str) -> Members:
        record = self.record("dispute") or name
        wrong: list[Members] = [
            {"do": "change", "type": "dispute", "id": record, "now": {"case_no": "(2026)人调字第1号"}, "over": {}},
            {"do": "change", "type": "conflict", "id": record, "now": {"status": "settled"}, "over": {}},
            {"do": "create", "type": "held", "now": {"edit": record, "result": "applied"}},
            {"do": "create", "type": "secret", "now": {"x": 1}},
            {"do": "erase", "type": "dispute", "id": record},
        ]
        return self.random.choice(wrong)

    def foreign(self, _name: str) -> Members:
        return self.household() | {"by": self.random.choice(PEOPLE)[0]}

    def wrong_time(self, _name: str) -> Members:
        ms = self.random.choice((0, self.world.now_ms * 2, self.world.now_ms - 10**10, self.world.now_ms + 10**9))
        return self.household() | {"at": stamps.stamp(ms)}

    def blind_change(self, name: str) -> Members:
        """A change that names edits by chance: other records', later ones, none, itself."""
        kind = self.random.choice(tuple(VALUES))
        record = self.record(kind) or name
        field = self.random.choice(tuple(VALUES[kind]))
        value = self.random.choice(VALUES[kind][field])
        made: Members = {"do": "change", "type": kind, "id": record}
        if isinstance(value, list) and field != "parties":
            member = self.random.choice([*value, "hardship" if field == "service_needs" else "errand"])
            made |= {
                self.random.choice(("add", "remove")): {field: [member]},
                "over": {f"{field}/{member}": self.names()},
            }
        else:
            made |= {"now": {field: value}, "over": {field: self.names()}}
        if self.random.random() < 0.2:
            made["settles"] = [field]
        return made

    def mistaken_type(self, name: str) -> Members:
        """A change that nobody may make, of a record by another type; or one of the right type that names such a one,
        and by it nothing else."""
        if self.mistaken and self.random.random() < 0.5:
            kind, record, field, mistaken = self.mistaken.pop()
            value = self.random.choice(VALUES[kind][field])
            return {"do": "change", "type": kind, "id": record, "now": {field: value}, "over": {field: [mistaken]}}
        kind, other, field = self.random.choice(MISTAKEN)
        record = self.record(kind) or name
        self.mistaken.append((kind, record, field, name))
        names = self.random.choice(([record], [record], self.names()))
        return {"do": "change", "type": other, "id": record, "now": {field: 7}, "over": {field: names}}

    def blind_move(self, name: str) -> Members:
        def state() -> Members:
            status = self.random.choice(("reported", "accepted", "mediating", "agreed", "failed"))
            return {"status": status, "tier": "grid", "assignee": None}

        record = self.record("dispute") or name
        made = {"do": "change", "type": "dispute", "id": record, "was": state(), "now": state()}
        return made | {"over": {WORKFLOW_REGISTER: self.names()}}

    def wrong_mend(self, _name: str) -> Members:
        return self.household() | {"mends": self.random.choice([*self.known(), self.promise()])}

    # -- what there is to name

    def known(self) -> list[str]:
        return list(self.world.saved)[-40:]

    def promise(self) -> str:
        made = ids.edit_name(self.world.now_ms, self.random.getrandbits(74))
        self.promised_names.append(made)
        return made

    def names(self) -> list[str]:
        found = [*self.known(), self.promise()]
        return self.random.sample(found, min(len(found), self.random.randint(0, 3)))

    def record(self, kind: str) -> str | None:
        """A record of this kind, whoever may see it."""
        made = b'"do":"create","type":"%s"' % kind.encode()
        found = [name for name in self.known() if made in self.world.saved[name].line]
        return self.random.choice(found) if found else None

    # -- past the SDK

    def rogue(self, device: Device) -> bool:
        """Hands lines over with a tablet's token: garbage, a name used twice, a line too long, an edit of another's.
        Says whether the tablet has a token."""
        token, owes = device.meta("token"), device.rows("SELECT count(*) FROM outbox WHERE unsent = 1")[0][0]
        if token is None:
            return False
        made = [self.line(device) for _ in range(self.random.randint(1, 4))]
        head = {"v": 1, "cursor": None, "mark": device.meta("mark"), "owes": owes, "now": stamps.stamp(device.clock())}
        body = b"".join(each + b"\n" for each in (json.dumps(head | {"want": 1}).encode(), *made))
        parcel = Parcel(
            "POST",
            f"{CENTER}/api/v1/sync",
            (("authorization", f"Bearer {token}"), ("content-encoding", "gzip")),
            gzip.compress(body, mtime=0),
        )
        with suppress(httpx.TransportError):
            self.world.network.carry(device.person, parcel)
        return True

    def line(self, device: Device) -> bytes:
        known = [self.world.saved[name].line for name in self.known()]
        name = self.name(self.world.now_ms)
        own = {"edit": name, "schema": 1, "by": device.person, "at": stamps.stamp(device.clock())}
        choices = [
            b"",
            b"garbage",
            b"\xff\xfe{}",
            b"{}",
            b"[1]",
            b'{"edit":"no name"}',
            b'{"edit":"%s"}' % name.encode(),
        ]
        choices.append(lines.write(own | self.household() | {"now": {"unit": GRIDS[0], "address": "长" * 30_000}}))
        choices += [lines.write(own | self.said(name)) for _ in range(4)]
        if known:
            choices += [self.random.choice(known), self.random.choice(known).replace(b"1", b"2")]
        return self.random.choice(choices)
