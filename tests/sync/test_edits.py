"""Reading a line: what an edit is, and with which code and member anything else stops."""

import json

import pytest

from schemas.catalog import CATALOG, Catalog
from schemas.rules import Rule
from sync import edits, lines
from sync.codes import Code
from sync.edits import Do, Edit, Unread
from sync.limits import LINE_BYTES_MAX, OVER_NAMES_MAX
from sync.lines import Values
from sync.refused import Creation, creation_of_refused, over_of_refused
from sync.touches import Touch, register_of, rule_of
from tests.sync.lines_of import START, at, changed, created, group, moved, name, new_name

RECORD = new_name()
OTHER = new_name()


def read(line: bytes) -> Edit:
    found = edits.read(line, CATALOG)
    assert isinstance(found, Edit), found
    return found


def unread(line: bytes) -> Unread:
    found = edits.read(line, CATALOG)
    assert isinstance(found, Unread), found
    return found


def test_a_creation_gives_a_value_to_each_register_that_it_fills() -> None:
    line = created("visit", "wang", household=RECORD, purposes=["errand", "follow_up", "errand"])
    edit = read(line)

    assert (edit.name, edit.by, edit.do, edit.type, edit.record) == (name(line), "wang", Do.CREATE, "visit", name(line))
    assert edit.at == at(0)
    assert edit.line == line
    assert edit.mends is None
    assert edit.value("household") == RECORD
    assert edit.value("purposes/follow_up") is True
    assert len([touch for touch in edit.touches if touch.register == "purposes/errand"]) == 1
    assert edit.touch("notes") is None
    assert edit.value("notes") is None
    assert list(edit.over) == []


def test_a_creation_gives_status_tier_and_assignee_as_one() -> None:
    edit = read(created("dispute", amount_yuan=None))

    assert edit.value("status") == START
    assert edit.touch("tier") is None
    assert edit.touch("amount_yuan") is None


def test_null_in_a_creation_is_as_absent() -> None:
    line = created("household")
    with_null = lines.read(line)
    now = with_null["now"]
    assert isinstance(now, dict)
    now["phone"] = None
    assert read(json.dumps(with_null).encode()).touches == read(line).touches


def test_null_within_a_value_is_as_absent_and_the_lines_bytes_stay() -> None:
    point = {"lat": "25.5", "lon": "102.4"}
    line = created("household", location=point | {"accuracy_m": None})
    edit = read(line)
    assert (edit.value("location"), edit.line) == (point, line)

    party = {"role": "applicant", "kind": "person", "name": "Gao"}
    line = changed(RECORD, parties=[party | {"phone": None}])
    edit = read(line)
    assert (edit.value("parties"), edit.line) == ([party], line)


def test_a_change_says_what_it_knew_and_what_it_saw() -> None:
    line = changed(
        RECORD, over={"title": [OTHER]}, settles=["title"], was={"title": "Fence"}, title="Drain", place=None
    )
    edit = read(line)

    assert (edit.do, edit.record) == (Do.CHANGE, RECORD)
    assert edit.touches == (Touch("title", "Drain", (OTHER,), settles=True, was="Fence"), Touch("place", None))
    assert list(edit.over) == [OTHER]


def test_a_change_of_a_set_touches_one_register_a_value() -> None:
    over = {"service_needs/newcomer": [OTHER]}
    line = changed(
        RECORD, kind="household", over=over, add={"service_needs": ["hardship"]}, remove={"service_needs": ["newcomer"]}
    )
    assert read(line).touches == (
        Touch("service_needs/hardship", value=True),
        Touch("service_needs/newcomer", value=False, over=(OTHER,)),
    )


def test_a_step_of_the_workflow_is_one_touch() -> None:
    edit = read(moved(RECORD, "wang", 1, START, group("accepted", assignee="person:chen")))

    (touch,) = edit.touches
    assert touch == Touch("status", group("accepted", assignee="person:chen"), was=START)


def test_an_edit_can_be_about_another_record_and_at_another_stamp() -> None:
    edit = read(created("dispute")).about(RECORD).stamped(at(9))
    assert (edit.record, edit.at) == (RECORD, at(9))


def broken(line: bytes, **members: object) -> bytes:
    return json.dumps({**lines.read(line), **members}).encode()


CREATED = created("household", service_needs=["hardship"])
CHANGED = changed(RECORD, title="Fence")
STEP = moved(RECORD, "wang", 1, START, group("accepted"))
SET = changed(RECORD, kind="household", add={"service_needs": ["hardship"]})


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (broken(CREATED, schema=0), Code.INVALID, "schema"),
        (broken(CREATED, schema=True), Code.INVALID, "schema"),
        (broken(CREATED, schema=2), Code.NEWER_SCHEMA, "schema"),
        (broken(CREATED, by=None), Code.INVALID, "by"),
        (broken(CREATED, by="王"), Code.INVALID, "by"),
        (broken(CREATED, do="delete"), Code.INVALID, "do"),
        (broken(CREATED, do=["create"]), Code.INVALID, "do"),
        (broken(CREATED, id=RECORD), Code.UNKNOWN_FIELD, "id"),
        (broken(CREATED, over={}), Code.UNKNOWN_FIELD, "over"),
        (broken(CHANGED, mends=OTHER), Code.UNKNOWN_FIELD, "mends"),
        (broken(CREATED, type=None), Code.INVALID, "type"),
        (broken(CREATED, now=None), Code.INVALID, "now"),
        (broken(CREATED, at="today"), Code.INVALID, "at"),
        (broken(CHANGED, id="7"), Code.INVALID, "id"),
        (broken(CREATED, mends="7"), Code.INVALID, "mends"),
        (broken(CREATED, mends=name(CREATED)), Code.INVALID, "mends"),
        (broken(CREATED, type="rumour"), Code.UNKNOWN_TYPE, "type"),
        (broken(CREATED, type="conflict"), Code.NOT_ALLOWED, "type"),
        (broken(CREATED, now=[]), Code.INVALID, "now"),
        (broken(CREATED, now={}), Code.INVALID, "unit"),
        (broken(CREATED, now={"unit": "1", "address": "x", "rumours": "x"}), Code.UNKNOWN_FIELD, "rumours"),
        (broken(CHANGED, now={}), Code.INVALID, "now"),
        (broken(CHANGED, now={"title": None}), Code.INVALID, "title"),
        (broken(CHANGED, now={"title": 7}), Code.INVALID, "title"),
        (broken(CHANGED, was=7), Code.INVALID, "was"),
        (broken(CHANGED, was={"rumours": 7}), Code.UNKNOWN_FIELD, "was.rumours"),
        (broken(CHANGED, over={"title": "x"}), Code.INVALID, "over"),
        (broken(CHANGED, over={"title": [7]}), Code.INVALID, "over"),
        (broken(CHANGED, over={"title": ["7"]}), Code.INVALID, "over"),
        (broken(CHANGED, over={"place": [OTHER]}), Code.INVALID, "over"),
        (broken(CHANGED, over={"title": [name(CHANGED)]}), Code.INVALID, "over"),
        (broken(CHANGED, settles="title"), Code.INVALID, "settles"),
        (broken(CHANGED, settles={}), Code.INVALID, "settles"),
        (broken(CHANGED, settles=["place"]), Code.INVALID, "settles"),
        (broken(STEP, was=None), Code.INVALID, "status"),
        (broken(STEP, was={"status": "reported", "tier": "grid"}), Code.INVALID, "status"),
        (broken(STEP, was={"status": [], "tier": "grid", "assignee": None}), Code.INVALID, "was.status"),
        (broken(STEP, now={"status": "accepted"}), Code.INVALID, "status"),
        (broken(SET, now={"service_needs": ["hardship"]}), Code.INVALID, "service_needs"),
        (broken(SET, add={"service_needs": []}), Code.INVALID, "now"),
        (broken(SET, add={"rumours": ["x"]}), Code.UNKNOWN_FIELD, "rumours"),
        (broken(SET, add={"address": ["x"]}), Code.INVALID, "address"),
        (broken(SET, add={"service_needs": ["a/b"]}), Code.INVALID, "service_needs"),
        (broken(SET, add={"service_needs": ["no such need"]}), Code.INVALID, "service_needs.0"),
        (broken(SET, remove={"service_needs": ["hardship"]}), Code.INVALID, "service_needs"),
        (broken(SET, add={"service_needs": 7}), Code.INVALID, "add"),
    ],
)
def test_a_line_that_is_no_edit_stops_with_a_code_and_a_member(line: bytes, code: Code, field: str) -> None:
    found = unread(line)

    assert (found.code, found.field) == (code, field)
    assert found.name == lines.read(line)["edit"]
    assert found.line == line
    assert found.held is (code is Code.NEWER_SCHEMA)


def test_a_refused_value_says_why_in_both_languages() -> None:
    detail = unread(broken(CHANGED, now={"title": 7})).detail
    assert detail is not None
    assert detail.zh
    assert detail.en


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        (b"{", Code.LINE_MALFORMED, None),
        (b"{}", Code.LINE_MALFORMED, "edit"),
        (broken(CREATED, edit="7"), Code.LINE_MALFORMED, "edit"),
        (b" " * LINE_BYTES_MAX, Code.LINE_MALFORMED, None),
        (b" " * (LINE_BYTES_MAX + 1), Code.LINE_TOO_LONG, None),
    ],
)
def test_a_line_without_a_readable_name_has_none(line: bytes, code: Code, field: str | None) -> None:
    found = unread(line)
    assert (found.code, found.field, found.name) == (code, field, None)


def test_of_a_line_that_is_no_edit_only_what_is_well_formed_is_believed() -> None:
    found = unread(broken(CHANGED, now={}))
    assert (found.by, found.type, found.record, found.at) == ("wang", "dispute", RECORD, at(1))

    odd = unread(broken(CHANGED, by="王", type="rumour", id="7", at="today"))
    assert (odd.by, odd.type, odd.record, odd.at) == (None, None, None, None)

    numbers = unread(broken(CHANGED, by=7, type=7, id=7, at=7))
    assert (numbers.by, numbers.type, numbers.record, numbers.at) == (None, None, None, None)


def test_a_creation_that_names_a_record_is_not_about_it() -> None:
    assert unread(broken(CREATED, id=RECORD)).record is None


def test_of_a_refused_line_what_it_named_and_was_to_create_is_still_read() -> None:
    over = over_of_refused(broken(CHANGED, over={"title": [OTHER]}, now={"title": 7}), CATALOG)
    assert over == {"title": (OTHER,)}
    assert over_of_refused(broken(CHANGED, schema="x", over={"title": [OTHER]}), CATALOG) == {"title": (OTHER,)}
    assert over_of_refused(broken(CHANGED, over={"title": [7]}), CATALOG) == {}
    assert over_of_refused(b"{", CATALOG) == {}

    assert creation_of_refused(broken(CREATED, now={}, mends=OTHER)) == Creation("household", OTHER)
    assert creation_of_refused(broken(CREATED, mends="7")) == Creation("household", None)
    assert creation_of_refused(CHANGED) is None
    assert creation_of_refused(b"{") is None


def test_a_field_that_was_renamed_is_found_in_every_member_of_an_old_line() -> None:
    second = Catalog(
        version=2,
        types=CATALOG.types,
        upgrades={
            ("dispute", 1): lambda values: {"title" if each == "name" else each: values[each] for each in values}
        },
        renames={("dispute", 1): {"name": "title"}},
    )
    old = broken(CHANGED, over={"name": [OTHER]}, settles=["name"], was={"name": "Fence"}, now={"name": "Drain"})

    found = edits.read(old, second)
    assert isinstance(found, Edit)
    assert found.touches == (Touch("title", "Drain", (OTHER,), settles=True, was="Fence"),)
    assert over_of_refused(broken(old, now={}), second) == {"title": (OTHER,)}
    assert unread(old).code is Code.UNKNOWN_FIELD


def test_over_names_so_many_edits_and_no_more_of_all_registers_together() -> None:
    names = [new_name() for _ in range(OVER_NAMES_MAX)]
    change = broken(CHANGED, now={"title": "Fence", "place": "渠边"})
    assert len(list(read(broken(change, over={"title": names[1:], "place": names[:1]})).over)) == OVER_NAMES_MAX

    found = unread(broken(change, over={"title": names, "place": names[:1]}))
    assert (found.code, found.field) == (Code.INVALID, "over")


def test_a_register_merges_as_its_field_says() -> None:
    dispute, visit = CATALOG.types["dispute"], CATALOG.types["visit"]
    assert register_of(dispute, "tier") == "status"
    assert register_of(dispute, "title") == "title"
    assert rule_of(visit, "purposes/errand") is Rule.SET
    assert rule_of(dispute, "status") is Rule.WORKFLOW
    assert dispute.workflow_fields == {"status", "tier", "assignee"}
    with pytest.raises(KeyError):
        rule_of(dispute, "rumours")


def test_what_stumbles_over_a_line_holds_it_and_says_where_and_not_what() -> None:
    def upgrade(values: Values) -> Values:
        raise LookupError(str(values))

    second = Catalog(2, CATALOG.types, {("household", 1): upgrade})
    line = created("household", "wang")
    found = edits.read(line, second)
    assert isinstance(found, Unread)
    assert (found.code, found.held, found.name, found.by, found.type) == (
        Code.SERVER_ERROR, True, name(line), "wang", "household"
    )  # fmt: skip
    assert (found.error or "").startswith("LookupError in ")
    assert "Canal" not in (found.error or "")


def test_what_a_refused_line_named_needs_no_upgrade() -> None:
    def upgrade(values: Values) -> Values:
        raise LookupError(str(values))

    second = Catalog(2, CATALOG.types, {("household", 1): upgrade})
    line = changed(created("household"), "wang", over={"notes": [RECORD]}, notes="x")
    assert over_of_refused(line, second) == {"notes": (RECORD,)}
