"""What must hold once everything has come to rest, and what must hold of every answer on the way there."""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa
import zstandard

from server import verification
from server.push import Lines
from server.store.tables import edit_log, held_wait, placement, record, tablet
from server.transaction import attempt_of
from sync.batch import Decision
from sync.limits import RETENTION_DAYS
from sync.lines import canonical, digest
from tests.simulation import oracle, rights
from tests.simulation.device import Device
from tests.simulation.releases import speaking
from tests.simulation.server import Parcel, Reply, Server
from tests.simulation.world import World
from tests.support.clock import DAY_MS

Name = tuple[str, str]
RESULTS = {"acked": ("applied", "conflict"), "refused": ("refused",), "discarded": ("refused",), "held": ("held",)}


def faults(world: World) -> Iterator[str]:
    """Everything that is not as it must be, in words."""
    with speaking(world.server.schema):
        yield from verification.differences(world.server.center)
        log = {
            str(row["name"]): row for row in world.server.rows(sa.select(edit_log).where(edit_log.c.name.is_not(None)))
        }
        yield from _nothing_is_lost(world, log)
        yield from _rightful_work_is_taken(world, log)
        yield from _records_are_what_the_edits_make(world.server, log)
        yield from _nothing_waits_in_vain(world.server)
        for device in world.living():
            yield from _outcomes_agree(world, device, log)
            yield from differences(world.server, device)


# -- edits


def _nothing_is_lost(world: World, log: Mapping[str, sa.RowMapping]) -> Iterator[str]:
    """Each edit that was ever on a disk is at the center, or on a living tablet, or was lost with one that is not."""
    strays = _strays(world.server)
    kept = {str(name) for device in world.living() for (name,) in device.rows("SELECT edit FROM outbox")}
    for name, saved in world.saved.items():
        if digest(saved.line) in strays:
            continue
        if name in log:
            if bytes(log[name]["line"]) != saved.line:
                yield f"edit {name}: the center has it in other bytes"
            continue
        device = world.devices[saved.device]
        world.counts["edits only on lost tablets"] += 1
        if world.now_ms - world.dealt_with.get(name, world.now_ms) > RETENTION_DAYS * DAY_MS:
            continue
        if name in kept or device.is_lossy or world.server.is_forgetful:
            continue
        # What wiped itself may be missed by a center that was restored since; what it had been refused, by any.
        if not device.is_gone or (device.wiped_after == world.server.restores and name not in device.refused):
            yield f"edit {name}: lost"


def _strays(server: Server) -> set[bytes]:
    """The hashes of lines that have no name of their own."""
    return {bytes(row["digest"]) for row in server.rows(sa.select(edit_log.c.digest).where(edit_log.c.kind == "stray"))}


def _rightful_work_is_taken(world: World, log: Mapping[str, sa.RowMapping]) -> Iterator[str]:
    """What somebody might do when they did it is never refused them later, however late it comes."""
    for row in log.values():
        world.counts[f"{row['result']} {row['code'] or ''}".strip()] += 1
        world.counts["old schema"] += f'"schema":{world.server.schema},'.encode() not in row["line"]
    for name in sorted(world.rightful & log.keys()):
        row = log[name]
        if row["code"] in ("not-allowed", "unknown-record") and not world.server.restores:
            yield f"edit {name}: it was its author's to make, and is {row['result']} ({row['code']} {row['field']})"


def _outcomes_agree(world: World, device: Device, log: Mapping[str, sa.RowMapping]) -> Iterator[str]:
    strays = _strays(world.server)
    for name, line, state, unsent, code in device.rows("SELECT edit, line, state, unsent, code FROM outbox"):
        row = log.get(str(name))
        if unsent or state == "new":
            yield f"tablet {device.number}: {name} is still to be sent"
        elif row is None:
            # A restored center is not told again of what it refused.
            is_kept = isinstance(line, bytes) and digest(line) in strays
            if state not in ("refused", "discarded") or not (world.server.restores or is_kept):
                yield f"tablet {device.number}: {name} is {state} there, and unknown to the center"
        elif code == "edit-reused" or state not in RESULTS:
            continue
        elif row["result"] not in RESULTS[str(state)]:
            yield f"tablet {device.number}: {name} is {state} there, {row['result']} ({row['code']}) at the center"
        elif state in ("refused", "held") and row["code"] != code:
            yield f"tablet {device.number}: {name} is {state} for {code} there, for {row['code']} at the center"


def _nothing_waits_in_vain(server: Server) -> Iterator[str]:
    """Judged once more, every held edit is held again, for the same reason and waiting for the same."""
    waits: dict[str, set[str]] = {}
    for row in server.rows(sa.select(held_wait)):
        waits.setdefault(str(row["name"]), set()).add(row["awaited"])
    held = {str(row["name"]): row for row in server.rows(sa.select(edit_log).where(edit_log.c.result == "held"))}
    yield from (f"edit {name}: it waits, and is not held" for name in waits.keys() - held.keys())
    for name, decision in _judged_again(server, sorted(held)).items():
        if decision.result != "held":
            yield f"edit {name}: held for {held[name]['code']}, and judged again {decision.result} ({decision.code})"
        elif decision.awaited != waits.get(name, set()):
            yield f"edit {name}: it waits for {sorted(waits.get(name, ()))}, not for {sorted(decision.awaited)}"


def _judged_again(server: Server, held: list[str]) -> dict[str, Decision]:
    """What would become of held edits now. Nothing is written."""
    with server.center.engine.connect() as connection, connection.begin() as transaction:
        batch, _ = attempt_of(server.center, connection, early=True).work(Lines(reheard=held))
        transaction.rollback()
    return batch.decisions


# -- records


def _records_are_what_the_edits_make(server: Server, log: Mapping[str, sa.RowMapping]) -> Iterator[str]:
    expected = oracle.expected(log.values())
    stored = {name: row for name, row in _stored(server).items() if name[0] != "held"}
    for name in sorted(expected.keys() | stored.keys()):
        if name not in stored or name not in expected:
            yield f"{name}: {'not there' if name in expected else 'nothing makes it'}"
            continue
        document, dots = expected[name]
        row = stored[name]
        if canonical(json.loads(row["document"])) != canonical(document):
            yield f"{name}: {row['document']} is not {canonical(document)}"
        if json.loads(row["dots"] or "{}") != dots:
            yield f"{name}: siblings {row['dots']} are not {dots}"


def _stored(server: Server) -> dict[Name, sa.RowMapping]:
    rows = server.rows(sa.select(record).where(record.c.gone.is_(None)))
    return {(row["type"], str(row["id"])): row for row in rows}


def differences(server: Server, device: Device) -> Iterator[str]:
    """Where a tablet does not show what is in its scope at the center."""
    keys = rights.scope(server, device.person)
    placed: dict[Name, set[str]] = {}
    for row in server.rows(sa.select(placement).where(placement.c.gone.is_(None))):
        if row["key"] in keys:
            placed.setdefault((row["type"], str(row["record"])), set()).add(row["key"])
    stored = _stored(server)
    center = {
        name: (row["revision"], json.loads(row["document"]), json.loads(row["dots"] or "{}"), placed[name])
        for name, row in stored.items()
        if name in placed
    }
    shown = {
        (str(kind), str(identity)): (rev, json.loads(str(doc)), json.loads(str(dots)), set(json.loads(str(under))))
        for kind, identity, rev, doc, dots, under in device.rows("SELECT type, id, rev, doc, dots, keys FROM base")
    }
    who = f"tablet {device.number} of {device.person}"
    for name in sorted(center.keys() | shown.keys()):
        if center.get(name) != shown.get(name):
            yield f"{who}: {name} is {shown.get(name)} there, {center.get(name)} at the center"
    overlaid = {str(one) for (one,) in device.rows("SELECT record FROM outbox WHERE state = 'held'")}
    views = {
        (str(kind), str(identity)): (json.loads(str(doc)), json.loads(str(dots)))
        for kind, identity, doc, dots in device.rows("SELECT type, id, doc, dots FROM view")
    }
    for name in sorted(center.keys() | views.keys()):
        if name[1] not in overlaid and views.get(name) != (center[name][1:3] if name in center else None):
            yield f"{who}: {name} is shown as {views.get(name)}, and the center has {center.get(name)}"
    for kind, identity in device.rows("SELECT type, id FROM set_aside"):
        if (str(kind), str(identity)) in center:
            yield f"{who}: {(kind, identity)} is set aside, and in the scope"


# -- every answer


class Lookout:
    """Looks at each answer as it leaves the server: nobody sees what is outside of their scope."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def look(self, person: str, parcel: Parcel) -> Callable[[Reply], None]:
        if not parcel.url.endswith("/sync"):
            return self._status
        before = rights.scope(self.server, person)
        return lambda reply: self._look(person, parcel, reply, before)

    def _status(self, reply: Reply) -> None:
        assert reply.status < 500 or reply.status in (500, 503), f"status {reply.status}"

    def _look(self, person: str, parcel: Parcel, reply: Reply, before: frozenset[str]) -> None:
        self._status(reply)
        headers = {name.lower(): value for name, value in reply.headers}
        if reply.status != 200:
            return
        head, *rows, last = unpacked(reply.body, headers.get("content-encoding")).splitlines()
        assert b'"mark"' in head, "an answer begins with its head"
        assert b'"cursor"' in last, "an answer ends with its last line"
        # Where somebody moved meanwhile, the answer is of the moment before or of the one after.
        keys = before | rights.scope(self.server, person)
        for row in map(json.loads, rows):
            if "doc" in row:
                assert row["keys"], f"{row['id']} is under no key"
                assert set(row["keys"]) <= keys, f"{person} sees {row['id']} under {set(row['keys']) - keys}"
        if rows and any(b'"doc"' in row for row in rows):
            revoked = sa.select(tablet.c.revoked_at).where(tablet.c.token_hash == _token_hash(parcel))
            assert [row["revoked_at"] for row in self.server.rows(revoked)] == [None], "a revoked tablet sees records"


def _token_hash(parcel: Parcel) -> bytes:
    authorization = dict(parcel.headers)["authorization"]
    return digest(authorization.removeprefix("Bearer ").encode())


def unpacked(body: bytes, encoding: str | None) -> bytes:
    match encoding:
        case "zstd":
            return zstandard.ZstdDecompressor().decompressobj().decompress(body)
        case "gzip":
            return gzip.decompress(body)
        case _:
            return body
