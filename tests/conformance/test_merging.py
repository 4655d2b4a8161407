"""docs/protocol.md, "Merging"."""

import uuid

import httpx
import pytest

from tests.conformance.answer import Document
from tests.conformance.tablet import Tablet, edit_name

states, needs = pytest.mark.states, pytest.mark.needs
REPORTED: Document = {"status": "reported", "tier": "village", "assignee": None}


def status(of: str, tier: str = "village") -> Document:
    return {"status": of, "tier": tier, "assignee": None}


def outcome(tablet: Tablet, edit: Document) -> str:
    found: str = tablet.sync(edit).outcome(edit["edit"])["result"]
    return found


def conflict_id(record: str, register: str) -> str:
    return str(uuid.uuid5(uuid.UUID(record), register))


def beside(tablet: Tablet, record_type: str, record: str, **now: object) -> Document:
    """A change that was made at the same time as all that is there but the creation."""
    return tablet.change(record_type, record, now, {name: [record] for name in now})


@states("Each register's siblings are the admitted edits of it that no admitted edit covers by `over`",
        "A creation is the first sibling of every register")  # fmt: skip
def test_siblings_are_what_no_admitted_edit_covers(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    one, two = beside(wang, "household", home, door_no="2"), beside(wang, "household", home, door_no="3")
    wang.sync(one, two)
    assert sorted(wang.dots(home, "door_no")) == sorted([one["edit"], two["edit"]])
    three = wang.change("household", home, {"door_no": "4"}, {"door_no": [one["edit"], two["edit"]]})
    wang.sync(three)
    assert wang.dots(home, "door_no") == [three["edit"]]


@states("What is shown, and whether a conflict is open")
def test_the_description_says_which_field_has_which_rule(http: httpx.Client) -> None:
    schemas = http.get("/api/v1/openapi.json").json()["components"]["schemas"]
    rules = {"newest", "review", "text", "set", "workflow", "server", "once"}
    for record_type in ("household", "visit", "dispute", "entry"):
        assert all(each["x-rule"] in rules for each in schemas[record_type]["properties"].values())
    assert schemas["household"]["properties"]["phone"]["x-rule"] == "newest"


@states("| `newest` | the highest stamp | never |", "| `review` | the highest stamp | while values differ |")
@pytest.mark.parametrize(("field", "result"), [("phone", "applied"), ("door_no", "conflict")])
def test_the_highest_stamp_is_shown(wang: Tablet, field: str, result: str) -> None:
    home = wang.makes("household", {field: "1"})
    lower, higher = beside(wang, "household", home, **{field: "2"}), beside(wang, "household", home, **{field: "3"})
    assert outcome(wang, higher) == "applied"
    assert outcome(wang, lower) == result
    assert wang.doc(home)[field] == "3"
    assert wang.dots(home, field) == [higher["edit"], lower["edit"]], "the shown one first"


@states("| `review` | the highest stamp | while values differ |", "Values are equal if they are the same JSON value")
def test_equal_values_are_no_conflict(wang: Tablet) -> None:
    home = wang.makes("household")
    one, two = beside(wang, "household", home, people_count=3), beside(wang, "household", home, people_count=3)
    assert [outcome(wang, one), outcome(wang, two)] == ["applied", "applied"]
    assert not wang.sees(conflict_id(home, "people_count"))
    fence = wang.makes("dispute")
    party = {"role": "applicant", "kind": "person", "name": "乙某"}
    one = beside(wang, "dispute", fence, parties=[party])
    two = beside(wang, "dispute", fence, parties=[dict(reversed(party.items()))])
    assert [outcome(wang, one), outcome(wang, two)] == ["applied", "applied"]


@states("| `text` | the highest stamp | while values differ; with a suggested merge")
def test_text_carries_a_suggested_merge_where_changes_stand_together(wang: Tablet) -> None:
    start, last = "门朝东。有狗。路窄。", ""
    home = wang.makes("household", {"notes": start})
    for now in ("门朝西。有狗。路窄。", "门朝东。有狗。路宽。"):
        edit = wang.change("household", home, {"notes": now}, {"notes": [home]}, was={"notes": start})
        last = outcome(wang, edit)
    assert last == "conflict"
    found = wang.conflict(home, "notes")
    assert found["suggestion"] == "门朝西。有狗。路宽。"
    assert wang.doc(home)["notes"] == "门朝东。有狗。路宽。"


@states("| `text` | the highest stamp | while values differ; with a suggested merge")
@pytest.mark.parametrize("texts", [("门朝西。有狗。", "门朝南。有狗。"), ("门朝西。有狗。", "门朝东。有猫。")])
def test_text_carries_none_where_they_do_not(wang: Tablet, texts: tuple[str, str]) -> None:
    """The same sentence, or neighbouring ones."""
    start, last = "门朝东。有狗。", ""
    home = wang.makes("household", {"notes": start})
    for now in texts:
        last = outcome(wang, wang.change("household", home, {"notes": now}, {"notes": [home]}, was={"notes": start}))
    assert last == "conflict"
    assert "suggestion" not in wang.conflict(home, "notes")


@states("| `set` | a value is in, if any sibling says in | never |")
def test_a_value_is_in_a_set_if_any_sibling_says_in(wang: Tablet) -> None:
    home = wang.makes("household", {"service_needs": ["hardship"]})
    register = "service_needs/hardship"
    out = wang.change("household", home, over={register: [home]}, remove={"service_needs": ["hardship"]})
    into = wang.change("household", home, over={register: [home]}, add={"service_needs": ["hardship"]})
    assert [outcome(wang, into), outcome(wang, out)] == ["applied", "applied"]
    assert wang.doc(home)["service_needs"] == ["hardship"]
    again = wang.change(
        "household", home, over={register: [out["edit"], into["edit"]]}, remove={"service_needs": ["hardship"]}
    )
    assert outcome(wang, again) == "applied"
    assert wang.doc(home)["service_needs"] == []


def moved(tablet: Tablet, record: str, *steps: str) -> list[Document]:
    """Changes of status, each over the one before."""
    edits, over, was = [], record, "reported"
    for step in steps:
        edit = tablet.change("dispute", record, status(step), {"status": [over]}, was=status(was))
        edits.append(edit)
        over, was = edit["edit"], step
    return edits


@states("| `workflow` | the highest rank of status")
def test_workflow_shows_the_highest_rank_and_forward_moves_agree(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    accepted, mediating = moved(wang, fence, "accepted", "mediating")
    (also,) = moved(wang, fence, "accepted")
    wang.sync(accepted, mediating)
    assert outcome(wang, also) == "applied", "both go forward on one path"
    assert wang.doc(fence)["status"] == "mediating", "by rank, although its stamp is the lower one"
    assert wang.dots(fence, "status") == [mediating["edit"], also["edit"]]


@states("| `workflow` | the highest rank of status")
def test_workflow_conflicts_where_one_is_an_end_that_agrees_only_with_its_equal(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    (accepted,), (withdrawn,), (also,) = (moved(wang, fence, step) for step in ("accepted", "withdrawn", "withdrawn"))
    assert [outcome(wang, withdrawn), outcome(wang, also)] == ["applied", "applied"]
    assert outcome(wang, accepted) == "conflict"
    assert wang.doc(fence)["status"] == "withdrawn"
    found = wang.conflict(fence, "status")
    assert [each["value"]["status"] for each in found["siblings"]] == ["withdrawn", "withdrawn", "accepted"]


@states("| `workflow` | the highest rank of status")
def test_workflow_conflicts_where_tiers_differ(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    (accepted,) = moved(wang, fence, "accepted")
    raised = wang.change("dispute", fence, status("reported", "township"), {"status": [fence]}, was=REPORTED)
    assert [outcome(wang, accepted), outcome(wang, raised)] == ["applied", "conflict"]


@states("| `server` | what the server wrote | never; people may not write it |")
def test_people_may_not_write_what_the_server_writes(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    for edit in (wang.creation("dispute", {"case_no": "x"}), beside(wang, "dispute", fence, case_no="x")):
        found = wang.sync(edit).outcome(edit["edit"])
        assert (found["result"], found["code"], found["field"]) == ("refused", "not-allowed", "case_no")


@states("| `once` | what the creation said | never; it cannot be changed |", "| `not-allowed` | refused, or held |")
def test_what_the_creation_said_once_cannot_be_changed(wang: Tablet) -> None:
    home = wang.makes("household")
    visit = wang.makes("visit", {"household": home})
    edit = beside(wang, "visit", visit, household=wang.makes("household"))
    found = wang.sync(edit).outcome(edit["edit"])
    assert (found["result"], found["code"], found["field"]) == ("refused", "not-allowed", "household")


@states("Stamps tie on the edit's name")
def test_stamps_tie_on_the_edits_name(wang: Tablet) -> None:
    home = wang.makes("household")
    at = wang.stamp()
    names = sorted([edit_name(), edit_name()])
    for name in reversed(names):
        edit = wang.change("household", home, {"phone": name[-6:-5]}, {"phone": [home]}, edit=name, at=at)
        edit["now"] = {"phone": str(names.index(name))}
        wang.sync(edit)
    assert wang.doc(home)["phone"] == "1"
    assert wang.dots(home, "phone") == list(reversed(names))


@states("A conflict is a record of the type `conflict`", "Its id is the UUID of version 5",
        "It stands where its record stands, and comes in the feed like any record",
        "Siblings are listed with the shown one first",
        "`result` is `applied`, `conflict` (applied, and it left a conflict open)")  # fmt: skip
def test_a_conflict_is_a_record_with_siblings_the_shown_one_first(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    one, two = beside(wang, "household", home, door_no="2"), beside(wang, "household", home, door_no="3")
    wang.sync(one)
    found = wang.sync(two).outcome(two["edit"])
    name = conflict_id(home, "door_no")
    assert found == {"edit": two["edit"], "result": "conflict", "conflicts": [name]}
    row = wang.row(name)
    assert (row["type"], row["keys"]) == ("conflict", wang.row(home)["keys"])
    doc = row["doc"]
    assert (doc["record_type"], doc["record"], doc["field"], doc["status"]) == ("household", home, "door_no", "open")
    assert doc["siblings"] == [
        {"edit": each["edit"], "value": each["now"]["door_no"], "at": each["at"], "by": wang.id} for each in (two, one)
    ]
    assert not doc.get("settlements")


@states("It is there while siblings conflict, or once any admitted edit settled the register")
def test_a_conflict_that_nobody_settled_ends_with_its_siblings(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    wang.sync(beside(wang, "household", home, door_no="2"), beside(wang, "household", home, door_no="3"))
    name = conflict_id(home, "door_no")
    edit = wang.change("household", home, {"door_no": "4"}, {"door_no": wang.dots(home, "door_no")})
    answer = wang.sync(edit)
    assert answer.outcome(edit["edit"])["result"] == "applied"
    assert answer.row(name)["gone"] == "ended"
    assert answer.row(name)["type"] == "conflict"


@states("With one: for `newest` and `set` still all", "For the other rules name only those whose value equals")
def test_an_edit_that_names_only_the_value_shown_leaves_the_conflict_open(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    one, two = beside(wang, "household", home, door_no="2"), beside(wang, "household", home, door_no="3")
    wang.sync(one, two)
    edit = wang.change("household", home, {"door_no": "4"}, {"door_no": [two["edit"]]})
    assert outcome(wang, edit) == "conflict"
    assert wang.dots(home, "door_no") == [edit["edit"], one["edit"]]
    assert wang.conflict(home, "door_no")["status"] == "open"


@states("It is there while siblings conflict, or once any admitted edit settled the register")
@needs("CODE_OFFICER")
def test_a_settled_conflict_stays_and_says_by_whom(wang: Tablet, sun: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    wang.sync(beside(wang, "household", home, door_no="2"), beside(wang, "household", home, door_no="3"))
    edit = sun.change("household", home, {"door_no": "2"}, {"door_no": sun.dots(home, "door_no")}, settles=["door_no"])
    assert outcome(sun, edit) == "applied"
    found = wang.conflict(home, "door_no")
    assert found["status"] == "settled"
    assert found["settlements"] == [{"edit": edit["edit"], "value": "2", "at": edit["at"], "by": sun.id}]
    assert wang.doc(home)["door_no"] == "2"


@states(
    "Legal moves of `status`, `tier` and `assignee` are judged on the line", "| `illegal-move` | refused, or held |"
)
def test_a_move_that_the_author_may_not_make_is_illegal(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    for now in (status("closed"), status("declined"), REPORTED | {"assignee": f"person:{wang.id}"}):
        edit = wang.change("dispute", fence, now, {"status": [fence]}, was=REPORTED)
        found = wang.sync(edit).outcome(edit["edit"])
        assert (found["result"], found["code"], found["field"]) == ("refused", "illegal-move", "status")


@states("Legal moves of `status`, `tier` and `assignee` are judged on the line")
@needs("CODE_OFFICER")
def test_a_move_is_judged_by_the_authors_role(wang: Tablet, sun: Tablet) -> None:
    fence = wang.makes("dispute")
    edit = sun.change("dispute", fence, status("declined"), {"status": sun.dots(fence, "status")}, was=REPORTED)
    assert outcome(sun, edit) == "applied"


@states("`was` must be the value of an admitted edit that `over` names")
def test_was_must_be_the_value_of_an_admitted_edit_that_over_names(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    overs: list[object] = [{"status": [fence]}, {"status": []}, None]
    for over in overs:
        lie = wang.change("dispute", fence, status("agreed"), over, was=status("mediating"))
        found = wang.sync(lie).outcome(lie["edit"])
        assert (found["result"], found["code"]) == ("refused", "illegal-move")


@states("If it is not and all that `over` names is here", "an edit that it names comes")
def test_where_some_of_what_over_names_is_not_here_yet_it_is_held(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    accepted, mediating = moved(wang, fence, "accepted", "mediating")
    assert outcome(wang, mediating) == "held"
    assert outcome(wang, accepted) == "applied"
    assert wang.doc(fence)["status"] == "mediating"
    assert wang.doc(mediating["edit"])["result"] == "applied"
