"""docs/protocol.md, "Conventions"."""

import httpx
import pytest

from tests.conformance.answer import Answer, Document, problem
from tests.conformance.tablet import Tablet, edit_name, line, stamp

states = pytest.mark.states
GOOD = "东"
SPOILED = {
    "a byte order mark": lambda good: b"\xef\xbb\xbf" + good,
    "another encoding": lambda good: good.decode().encode("utf-16-le"),
    "a byte that is no UTF-8": lambda good: good.replace(GOOD.encode(), b"\xe4\xb8"),
    "a member named twice": lambda good: good.replace(b'"do":', b'"do":"change","do":'),
    "a member named twice inside": lambda good: good.replace(b'"address":', b'"address":"x","address":'),
    "NUL": lambda good: good.replace(GOOD.encode(), b"\\u0000"),
    "a lone surrogate": lambda good: good.replace(GOOD.encode(), b"\\ud800"),
    "a whole number beyond": lambda good: good.replace(f'"{GOOD}"'.encode(), b"9007199254740992"),
    "a whole number far below": lambda good: good.replace(f'"{GOOD}"'.encode(), b"-9007199254740992"),
    "33 arrays and objects": lambda good: good.replace(f'"{GOOD}"'.encode(), b"[" * 31 + b"]" * 31),
}


APART = {"/healthz", "/readyz", "/metrics"}


@states("Every address begins with `/api/v1`, but for `/healthz`, `/readyz` and `/metrics`")
def test_every_address_begins_so_but_for_three(http: httpx.Client) -> None:
    for path in sorted(APART):
        assert http.get(path).status_code == 200
    assert all(path.startswith("/api/v1/") or path in APART for path in described(http)["paths"])


def described(http: httpx.Client) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = http.get("/api/v1/openapi.json").json()
    return found


@states("JSON is I-JSON")
@pytest.mark.parametrize("case", SPOILED)
def test_json_is_i_json(wang: Tablet, case: str) -> None:
    edit = wang.creation("household", {"address": GOOD})
    spoiled = SPOILED[case](line(edit))
    (outcome,) = wang.sync(spoiled).outcomes
    assert (outcome["line"], outcome["result"], outcome["code"]) == (1, "refused", "line-malformed")
    assert not wang.sees(edit["edit"])


@states("JSON is I-JSON", "| arrays and objects inside each other | 32 |", "| a whole number | ±(2^53 − 1) |")
def test_what_i_json_just_allows_is_judged_by_its_values(wang: Tablet) -> None:
    """The line itself is the first object and `now` the second one."""
    for value in (b"9007199254740991", b"-9007199254740991", b"[" * 30 + b"]" * 30):
        good = line(wang.creation("household", {"address": GOOD}))
        (outcome,) = wang.sync(good.replace(f'"{GOOD}"'.encode(), value)).outcomes
        assert (outcome["code"], outcome["field"]) == ("invalid", "address")


@states("JSON is I-JSON")
def test_a_head_is_i_json_too(wang: Tablet) -> None:
    for body in (b"\xef\xbb\xbf" + wang.body(), wang.body().replace(b'"v":1', b'"v":1,"v":1'), b"[]\n", b"\n", b""):
        problem(wang.post(body), 400, "malformed")


@states("Null and absent mean the same wherever a member may stand")
def test_null_and_absent_mean_the_same(wang: Tablet) -> None:
    edit = wang.creation("household", {"door_no": None}) | {"mends": None}
    head = {"v": 1, "now": stamp(wang.now_ms())} | dict.fromkeys(("cursor", "mark", "owes", "want", "check", "again"))
    answer = wang.post(b"%s\n%s\n" % (line(head), line(edit)))
    assert Answer.read(answer).outcomes == []
    assert "door_no" not in wang.doc(edit["edit"])


@states("Null and absent mean the same wherever a member may stand")
@pytest.mark.parametrize("member", ["over", "was", "add", "remove", "settles"])
def test_a_change_may_have_each_of_its_members_as_null(wang: Tablet, member: str) -> None:
    home = wang.makes("household")
    change = wang.change("household", home, {"phone": "1"}, {"phone": [home]}) | {member: None}
    assert wang.sync(change).outcomes == []
    assert wang.doc(home)["phone"] == "1"


@states("Null and absent mean the same wherever a member may stand")
def test_null_and_absent_mean_the_same_for_a_register_and_a_set(wang: Tablet) -> None:
    home = wang.makes("household")
    change = wang.change("household", home, {"phone": "1"}, {"phone": None}, add={"service_needs": None})
    assert wang.sync(change).outcomes == []
    assert wang.doc(home)["phone"] == "1"


@states("Null and absent mean the same wherever a member may stand")
def test_null_and_absent_mean_the_same_within_a_value(wang: Tablet) -> None:
    point: Document = {"lat": "25.531234", "lon": "102.401234"}
    home = wang.makes("household", {"location": point | {"accuracy_m": None}})
    assert wang.doc(home)["location"] == point
    party: Document = {"role": "applicant", "kind": "person", "name": "乙某"}
    made = wang.makes("dispute")
    one = wang.change("dispute", made, {"parties": [party]}, {"parties": [made]})
    other = wang.change("dispute", made, {"parties": [party | {"phone": None}]}, {"parties": [made]})
    assert wang.sync(one, other).outcomes == []
    assert wang.doc(made)["parties"] == [party]


@states("A member that may not stand in an edit is refused as null too")
def test_a_member_that_may_not_stand_there_is_refused_as_null_too(wang: Tablet) -> None:
    home = wang.makes("household")
    for edit, member in (
        (wang.creation("household") | {"over": None}, "over"),
        (wang.creation("household", {"moon": None}), "moon"),
        (wang.change("household", home, {"phone": "1"}) | {"mends": None}, "mends"),
        (wang.change("household", home, {"phone": "1", "moon": None}), "moon"),
    ):
        outcome = wang.sync(edit).outcome(edit["edit"])
        assert (outcome["code"], outcome["field"]) == ("unknown-field", member)


@states("Names of edits are UUIDs of version 7 in lower-case canonical text")
@pytest.mark.parametrize(
    "name", ["", "x", "c7d0f8a5-5f0c-4a52-9a0b-0123456789ab", "01A1FE00-0000-7000-8000-00000000000A", 7, None]
)
def test_names_of_edits_are_uuids_of_version_7_in_lower_case(wang: Tablet, name: object) -> None:
    (outcome,) = wang.sync(wang.creation("household", edit=name)).outcomes
    assert (outcome["line"], outcome["code"]) == (1, "line-malformed")


@states("Ids of records are UUIDs in the same form")
@pytest.mark.parametrize("record", ["x", "01A1FE00-0000-7000-8000-00000000000A", 7])
def test_ids_of_records_are_uuids_in_the_same_form(wang: Tablet, record: object) -> None:
    edit = wang.members("household", do="change", id=record, now={"notes": "x"})
    outcome = wang.sync(edit).outcome(edit["edit"])
    assert (outcome["result"], outcome["code"], outcome["field"]) == ("refused", "invalid", "id")


@states("Ids of people and bodies and codes of units match")
def test_ids_of_people_and_codes_of_units_have_their_form(wang: Tablet) -> None:
    for member, edit in (
        ("by", wang.creation("household", by="王")),
        ("by", wang.creation("household", by="x" * 65)),
        ("unit", wang.creation("household", {"unit": "a b"})),
        ("visitor", wang.creation("visit", {"visitor": "x" * 65, "household": edit_name()})),
    ):
        outcome = wang.sync(edit).outcome(edit["edit"])
        assert (outcome["code"], outcome["field"]) == ("invalid", member)


@states("An instant is UTC", "A day is `2026-11-21`", "Amounts and coordinates travel as decimals in text")
def test_instants_days_amounts_and_coordinates_have_their_forms(wang: Tablet) -> None:
    point = {"lat": "25.531234", "lon": "102.401234", "accuracy_m": 8}
    good: list[tuple[str, str, object]] = [
        ("household", "notice_at", "2026-11-21T08:15:30Z"), ("household", "notice_at", "2026-11-21T08:15:30.123Z"),
        ("household", "location", point), ("dispute", "occurred_on", "2026-11-21"), ("dispute", "amount_yuan", "300"),
        ("dispute", "amount_yuan", "1250.50"),
    ]  # fmt: skip
    bad: list[tuple[str, str, object]] = [
        ("household", "notice_at", "2026-11-21T08:15:30+08:00"), ("household", "notice_at", "2026-13-21T08:15:30Z"),
        ("household", "location", point | {"lat": 25.5}), ("dispute", "occurred_on", "2026-02-30"),
        ("dispute", "occurred_on", "2026-11-21T00:00:00Z"), ("dispute", "amount_yuan", 300),
    ]  # fmt: skip
    for record_type, name, value in good:
        assert wang.doc(wang.makes(record_type, {name: value}))[name] == value
    for record_type, name, value in bad:
        edit = wang.creation(record_type, {name: value})
        outcome = wang.sync(edit).outcome(edit["edit"])
        assert outcome["code"] == "invalid"
        assert outcome["field"].partition(".")[0] == name


@states("A stamp is an instant with milliseconds")
@pytest.mark.parametrize(
    "at", ["2026-11-21T08:15:30.123Z", "2026-11-21T08:15:30Z-0000", "2026-11-31T08:15:30.123Z-0000", "x", 5]
)
def test_a_stamp_has_milliseconds_and_a_counter(wang: Tablet, at: object) -> None:
    edit = wang.creation("household", at=at)
    outcome = wang.sync(edit).outcome(edit["edit"])
    assert (outcome["code"], outcome["field"]) == ("invalid", "at")


@states("A stamp is an instant with milliseconds")
def test_stamps_are_ordered_as_text_counter_last(wang: Tablet) -> None:
    home = wang.makes("household")
    moment = wang.now_ms()
    later = wang.change("household", home, {"address": "later"}, {"address": [home]}, at=stamp(moment, 0xB))
    earlier = wang.change("household", home, {"address": "earlier"}, {"address": [home]}, at=stamp(moment, 0xA))
    wang.sync(later, earlier)
    assert wang.doc(home)["address"] == "later"


@states("A key says under what a record stands", "A person's scope is a set of keys")
def test_keys_have_one_of_four_forms(wang: Tablet) -> None:
    assert wang.scope
    row = wang.row(wang.makes("household"))
    assert row["keys"] == [f"unit:{wang.grid}"]
    for key in (*wang.scope, *row["keys"]):
        assert key.partition(":")[0] in {"unit", "staff", "person", "body"}
    assert set(row["keys"]) <= set(wang.scope)
