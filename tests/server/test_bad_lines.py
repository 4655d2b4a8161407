"""Lines that are not as they must be: each has its code, none is lost, and none blocks its neighbours."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from server.store import tables
from sync import limits
from sync.ids import edit_name
from sync.lines import digest
from sync.touches import FIELD_CHARS_MAX
from tests.support.answers import Answer
from tests.support.clock import MORNING_MS
from tests.support.county import FAR_GRID, GRID, County
from tests.support.device import Device

NAME = "01a1fd3d-1080-7000-8000-000000000001"
"""Stands for a new name in each test."""
NOWHERE = "01a1fd3d-1080-7000-8000-00000000000f"


@pytest.fixture
def county(shared_county: County) -> County:
    return shared_county


@pytest.fixture
def name() -> str:
    return edit_name(MORNING_MS, random.getrandbits(74))


def kept(county: County, line: bytes) -> list[bytes]:
    """What the log has under the hash of these bytes."""
    log = tables.edit_log.c
    with county.center.engine.connect() as connection:
        return list(connection.scalars(sa.select(log.line).where(log.digest == digest(line))))


def between_neighbours(device: Device, line: bytes) -> Answer:
    """Pushes a line between two good ones, which must be admitted."""
    neighbours = [device.line(do="create", type="household", now={"unit": GRID, "address": "东"}) for _ in range(2)]
    (_, before), (_, after) = neighbours
    answer = device.push([before, line, after])
    assert not [each for each in answer.outcomes if each.get("edit") in {name for name, _ in neighbours}]
    device.sync()
    assert device.all("household").keys() >= {name for name, _ in neighbours}
    return answer


def a_line(device: Device, **members: object) -> bytes:
    said: dict[str, object] = {
        "edit": edit_name(MORNING_MS, random.getrandbits(74)),
        "schema": 1,
        "by": device.person,
        "do": "create",
        "type": "household",
    }
    said |= {"at": device.stamp(), "now": {"unit": GRID, "address": "东"}}
    return json.dumps(said | members, ensure_ascii=False).encode(errors="surrogatepass")


def spoiled(device: Device, good: bytes, bad: bytes) -> bytes:
    line = a_line(device)
    assert good in line
    return line.replace(good, bad)


WITHOUT_A_NAME: dict[str, Callable[[Device], bytes]] = {
    "garbage": lambda device: bytes(range(1, 10)) + b"\xff",
    "an empty line": lambda device: b"",
    "a list": lambda device: b"[1]",
    "a text": lambda device: b'"x"',
    "half a line": lambda device: a_line(device)[:40],
    "invalid UTF-8": lambda device: spoiled(device, "东".encode(), b"\xe4\xb8"),
    "another encoding": lambda device: a_line(device).decode().encode("utf-16"),
    "a byte order mark": lambda device: b"\xef\xbb\xbf" + a_line(device),
    "NUL as it is": lambda device: spoiled(device, "东".encode(), b"\x00"),
    "NUL escaped": lambda device: spoiled(device, "东".encode(), b"\\u0000"),
    "NUL in a name": lambda device: spoiled(device, b'"address"', b'"addr\\u0000ess"'),
    "a lone surrogate": lambda device: spoiled(device, "东".encode(), b"\\ud800"),
    "a lone surrogate in bytes": lambda device: a_line(device, now={"unit": GRID, "address": "\ud800"}),
    "NaN": lambda device: a_line(device, now={"unit": GRID, "address": float("nan")}),
    "infinity": lambda device: a_line(device, now={"unit": GRID, "address": float("-inf")}),
    "a huge number": lambda device: a_line(device, now={"unit": GRID, "people_count": 10**30}),
    "a huge fraction": lambda device: spoiled(device, '"东"'.encode(), b"1e999"),
    "a number with too many digits": lambda device: spoiled(device, '"东"'.encode(), b"1" * 5000),
    "a member twice": lambda device: spoiled(device, b'"do"', b'"by": "x", "do"'),
    "a member twice inside": lambda device: spoiled(device, b'"unit"', b'"address": "x", "unit"'),
    "nested too deeply": lambda device: spoiled(device, '"东"'.encode(), b"[" * 40 + b"]" * 40),
    "nested beyond all bounds": lambda device: b"[" * 60_000,
    "no name": lambda device: a_line(device, edit=None),
    "a name of another form": lambda device: a_line(device, edit=NAME.upper()),
    "a name that is no UUIDv7": lambda device: a_line(device, edit="c7d0f8a5-5f0c-4a52-9a0b-0123456789ab"),
    "a number as a name": lambda device: a_line(device, edit=7),
}


@pytest.mark.parametrize("case", WITHOUT_A_NAME)
def test_a_line_without_a_name(county: County, wang: Device, case: str) -> None:
    line = WITHOUT_A_NAME[case](wang)
    for _ in range(2):
        (outcome,) = between_neighbours(wang, line).outcomes
        assert (outcome["line"], outcome["result"], outcome["code"]) == (2, "refused", "line-malformed")
        assert outcome["detail"].keys() == {"zh", "en"}
        assert kept(county, line) == [line], "kept, and once"


@pytest.mark.parametrize("more", [0, 1])
def test_a_line_may_have_64_kib(county: County, wang: Device, more: int) -> None:
    line = a_line(wang, now={"unit": GRID, "address": "东", "notes": ""})
    line = line.replace(b'"notes": ""', b'"notes": ""' + b" " * (limits.LINE_BYTES_MAX + more - len(line)))
    outcomes = between_neighbours(wang, line).outcomes
    assert [(each["line"], each["code"]) for each in outcomes] == ([(2, "line-too-long")] if more else [])
    assert kept(county, line) == [line]


HOME = {"unit": GRID, "address": "东"}
PHONE: dict[str, Any] = {"do": "change", "id": NOWHERE, "now": {"phone": "1"}}
SETS: dict[str, Any] = {"do": "change", "id": NOWHERE, "now": None}
NEW = {"service_needs": ["newcomer"]}
WITH_A_NAME: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "no schema": ({"schema": None}, "invalid", "schema"),
    "a schema that is no number": ({"schema": True}, "invalid", "schema"),
    "schema zero": ({"schema": 0}, "invalid", "schema"),
    "no author": ({"by": ""}, "invalid", "by"),
    "another author": ({"by": "somebody"}, "not-allowed", "by"),
    "an unknown do": ({"do": "delete"}, "invalid", "do"),
    "a do that is no text": ({"do": ["create"]}, "invalid", "do"),
    "an unknown type": ({"type": "horoscope"}, "unknown-type", "type"),
    "a type of the server's": ({"type": "conflict"}, "not-allowed", "type"),
    "no type": ({"type": None}, "invalid", "type"),
    "a type that is no text": ({"type": 5}, "unknown-type", "type"),
    "an unknown member": ({"priority": 1}, "unknown-field", "priority"),
    "an unknown field": ({"now": {"unit": GRID, "address": "东", "zodiac": "虎"}}, "unknown-field", "zodiac"),
    "a missing field": ({"now": {"unit": GRID}}, "invalid", "address"),
    "no fields": ({"now": {}}, "invalid", "unit"),
    "fields that are a list": ({"now": []}, "invalid", "now"),
    "a value of another kind": ({"now": {"unit": GRID, "address": 5}}, "invalid", "address"),
    "a boolean as a number": ({"now": HOME | {"people_count": True}}, "invalid", "people_count"),
    "a stamp of another form": ({"at": "yesterday"}, "invalid", "at"),
    "a stamp of no real day": ({"at": "2026-02-30T00:00:00.000Z-0000"}, "invalid", "at"),
    "a stamp of year zero": ({"at": "0000-01-01T00:00:00.000Z-0000"}, "invalid", "at"),
    "mends itself": ({"mends": NAME}, "invalid", "mends"),
    "mends no edit": ({"mends": "x"}, "invalid", "mends"),
    "a unit that does not exist": ({"now": {"unit": "999", "address": "东"}}, "invalid", "unit"),
    "a unit of others": ({"now": {"unit": FAR_GRID, "address": "东"}}, "not-allowed", "unit"),
    "a household of nobody's": ({"type": "visit", "now": {"unit": GRID}}, "invalid", "household"),
    "names itself": (PHONE | {"over": {"phone": [NAME]}}, "invalid", "over"),
    "over that is no object": (PHONE | {"over": 5}, "invalid", "over"),
    "over that names no edits": (PHONE | {"over": {"phone": ["x"]}}, "invalid", "over"),
    "over of what it does not touch": (PHONE | {"over": {"unit": [NOWHERE]}}, "invalid", "over"),
    "settles what it does not touch": (PHONE | {"settles": ["unit"]}, "invalid", "settles"),
    "settles that is no list": (PHONE | {"settles": "unit"}, "invalid", "settles"),
    "an empty change": ({"do": "change", "id": NOWHERE, "now": {}}, "invalid", "now"),
    "a change of nothing": ({"do": "change", "id": NOWHERE, "now": None}, "invalid", "now"),
    "a change of no record": ({"do": "change", "now": {"phone": "1"}}, "invalid", "id"),
    "an id of another form": ({"do": "change", "id": "5", "now": {"phone": "1"}}, "invalid", "id"),
    "a set given whole": ({"do": "change", "id": NOWHERE, "now": {"service_needs": []}}, "invalid", "service_needs"),
    "added and removed": (SETS | {"add": NEW, "remove": NEW}, "invalid", "service_needs"),
    "added to no set": (SETS | {"add": {"phone": ["1"]}}, "invalid", "phone"),
    "added to no field": (SETS | {"add": {"zodiac": ["虎"]}}, "unknown-field", "zodiac"),
    "added what is no choice": (SETS | {"add": {"service_needs": ["gold"]}}, "invalid", "service_needs.0"),
    "a change of the server's": (PHONE | {"type": "held", "now": {"code": "x"}}, "not-allowed", "type"),
}  # fmt: skip


@pytest.mark.parametrize("case", WITH_A_NAME)
def test_a_line_with_a_name(county: County, wang: Device, name: str, case: str) -> None:
    members, code, field = WITH_A_NAME[case]
    members = {"edit": name} | json.loads(json.dumps(members).replace(NAME, name))
    said = {name: value for name, value in members.items() if value is not None or name == "now"}
    line = a_line(wang, **(said if members.get("do") != "change" else {"now": None} | said))
    if any(value is None for value in members.values()):
        absent = {name for name, value in members.items() if value is None}
        line = json.dumps({k: v for k, v in json.loads(line).items() if k not in absent}, ensure_ascii=False).encode()
    (outcome,) = between_neighbours(wang, line).outcomes
    assert (outcome["edit"], outcome["result"], outcome["code"]) == (name, "refused", code)
    assert outcome["field"] == field
    assert kept(county, line) == [line]
    assert wang.push([line]).outcomes == [outcome], "sent again, it is answered alike"


def test_other_bytes_under_the_same_name(county: County, wang: Device, name: str) -> None:
    line = a_line(wang, edit=name)
    other = line + b" "
    assert wang.push([line]).outcomes == []
    for lines in ([other], [line, other], [other, line]):
        (outcome,) = wang.push(lines).outcomes
        assert (outcome["edit"], outcome["result"], outcome["code"]) == (name, "refused", "edit-reused")
    assert kept(county, other) == [other]


def test_one_name_twice_in_a_batch(county: County, wang: Device, name: str) -> None:
    line = a_line(wang, edit=name)
    answer = wang.push([line, line, line + b" ", line])
    assert [(each["edit"], each["code"]) for each in answer.outcomes] == [(name, "edit-reused")]
    assert name in answer.ids("household")


def test_somebody_elses_line_is_answered_but_not_changed(county: County, wang: Device, li: Device) -> None:
    """The same bytes from another tablet are the same edit."""
    line = a_line(wang)
    wang.push([line])
    assert li.push([line]).outcomes == []
    other = a_line(wang)
    (outcome,) = li.push([other]).outcomes
    assert (outcome["code"], outcome["field"]) == ("not-allowed", "by")


def test_a_missing_record_is_held_until_it_comes(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    visit = li.create("visit", household=home, unit=GRID)
    phone = li.change("household", home, phone="138 0000 0000")
    answer = li.sync()
    for edit, field in ((visit, "household"), (phone, "id")):
        assert answer.outcome(edit).items() >= {"result": "held", "code": "unknown-record", "field": field}.items()
        assert li.all("held")[edit]["result"] == "held"
    wang.sync()
    answer = li.sync()
    assert {row["id"] for row in answer.rows if row["type"] == "held"} == {visit, phone}
    assert li.all("held")[visit].items() >= {"result": "applied", "by": li.person, "record_type": "visit"}.items()
    assert "code" not in li.all("held")[visit]
    assert li.all("household")[home]["phone"] == "138 0000 0000"
    assert li.sees(visit)
    assert li.push(list(li.sent.values())).outcomes == [], "sent again, both are known as applied"


def test_a_chain_that_came_in_the_wrong_order(county: County, wang: Device, li: Device, zhao: Device) -> None:
    """Each waits for the one before it, and all go on at once."""
    fence = wang.create("dispute", unit=GRID)
    first = wang.change("dispute", fence, status="accepted")
    second = wang.change("dispute", fence, status="mediating")
    page = li.create("entry", dispute=fence)
    assert li.sync().outcome(page)["result"] == "held"
    lines = wang.outbox
    wang.push([lines[second]])
    wang.push([lines[first]])
    wang.push([lines[fence]])
    wang.catch_up()
    assert wang.all("dispute")[fence]["status"] == "mediating"
    assert wang.sees(page)


def test_an_illegal_move(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID)
    move = wang.change("dispute", fence, status="closed")
    seen = {"status": "mediating", "tier": "village", "assignee": None}
    lie = wang.change("dispute", fence, status="agreed", was=seen, over={"status": [fence]})
    answer = wang.sync()
    for edit in (move, lie):
        outcome = answer.outcome(edit)
        assert (outcome["result"], outcome["code"], outcome["field"]) == ("refused", "illegal-move", "status")
    half = wang.put(do="change", type="dispute", id=fence, over={"status": [fence]}, now={"status": "accepted"})
    assert wang.sync().outcome(half)["code"] == "invalid"


def test_fields_that_are_not_peoples_to_write(county: County, wang: Device) -> None:
    fence = wang.create("dispute", unit=GRID, case_no="(2026)人调字第1号")
    home = wang.create("household", unit=GRID)
    visit = wang.create("visit", household=home, unit=GRID)
    moved = wang.change("visit", visit, unit=GRID)
    answer = wang.sync()
    assert answer.outcome(fence).items() >= {"code": "not-allowed", "field": "case_no"}.items()
    assert answer.outcome(moved).items() >= {"code": "not-allowed", "field": "unit"}.items()
    real = wang.create("dispute", unit=GRID)
    page = wang.create("entry", dispute=real)
    due = wang.change("dispute", real, due_at="2026-11-30T00:00:00Z")
    text = wang.change("entry", page, text="别的")
    link = wang.change("dispute", real, duplicate_of=fence)
    answer = wang.sync()
    for edit in (due, text, link):
        assert answer.outcome(edit)["code"] == "not-allowed"


def test_a_whole_batch_of_every_kind(county: County, wang: Device) -> None:
    """All of them at once: as many outcomes, and the good ones are taken."""
    bad = [make(wang) for make in WITHOUT_A_NAME.values()]
    names = [edit_name(MORNING_MS, random.getrandbits(74)) for _ in WITH_A_NAME]
    named = [
        a_line(wang, edit=name, **{k: v for k, v in members.items() if k != "mends"})
        for name, (members, _, _) in zip(names, WITH_A_NAME.values(), strict=True)
    ]
    good = [wang.line(do="create", type="household", now={"unit": GRID, "address": "东"}) for _ in range(10)]
    answer = wang.push([*bad, *named, *(line for _, line in good)])
    assert {each["line"] for each in answer.outcomes if "edit" not in each} == set(range(1, len(bad) + 1))
    assert {name for name, _ in good} <= set(answer.ids("household"))
    assert wang.push([*bad, *named, *(line for _, line in good)]).outcomes == answer.outcomes


@pytest.fixture(autouse=True)
def nothing_fails(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """None of this is an exception anywhere in the server."""
    yield
    assert [record.getMessage() for record in caplog.records if record.name == "doorstep"] == []


def test_a_name_that_nobody_knows_is_told_no_longer_than_it_helps(wang: Device) -> None:
    for chars in (FIELD_CHARS_MAX, FIELD_CHARS_MAX + 1, 5000):
        name, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"}, **{"q" * chars: 1})
        outcome = wang.push([line]).outcome(name)
        assert outcome["code"] == "unknown-field"
        assert outcome["field"] == "q" * FIELD_CHARS_MAX


def test_a_reused_name_beside_its_first_line_is_told_by_its_place(wang: Device) -> None:
    name, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"})
    _, other = wang.line(edit=name, do="create", type="household", now={"unit": GRID, "address": "西"})
    (outcome,) = wang.push([line, other]).outcomes
    assert (outcome["edit"], outcome["line"], outcome["code"]) == (name, 2, "edit-reused")
