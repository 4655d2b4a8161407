"""docs/protocol.md, "Edits"."""

import pytest

from tests.conformance.answer import Document
from tests.conformance.tablet import MINUTE_MS, Tablet, edit_name, line, stamp

states, needs = pytest.mark.states, pytest.mark.needs
REPORTED: Document = {"status": "reported", "tier": "village", "assignee": None}
ACCEPTED = REPORTED | {"status": "accepted"}


def refused(tablet: Tablet, edit: Document, code: str, field: str | None) -> None:
    """The edit must be refused, with this code and field."""
    outcome = tablet.sync(edit).outcome(edit["edit"])
    assert (outcome["result"], outcome["code"], outcome.get("field")) == ("refused", code, field)


def applied(tablet: Tablet, *edits: Document) -> None:
    answer = tablet.sync(*edits)
    assert [answer.outcome(edit["edit"])["result"] for edit in edits] == ["applied"] * len(edits), answer.outcomes


@states("| `edit` | both | the edit's name for ever. A creation's name is the id of its record |")
def test_a_creations_name_is_the_id_of_its_record(wang: Tablet) -> None:
    edit = wang.creation("household")
    applied(wang, edit)
    assert wang.row(edit["edit"])["type"] == "household"


@states("| `schema` | both |", "| `newer-schema` | held |")
def test_schema_is_from_1_and_newer_ones_are_held(wang: Tablet) -> None:
    for schema in (0, -1, "1", True, 1.5, None):
        refused(wang, wang.creation("household", schema=schema), "invalid", "schema")
    newer = wang.creation("household", {"aura": "blue"}, schema=2**31)
    outcome = wang.sync(newer).outcome(newer["edit"])
    assert (outcome["result"], outcome["code"]) == ("held", "newer-schema")


@states("| `by` | both | the author, who must be the token's person |")
def test_by_must_be_the_tokens_person(wang: Tablet) -> None:
    refused(wang, wang.creation("household", by="somebody-else"), "not-allowed", "by")


@states("| `do` | both | `create` or `change` |")
@pytest.mark.parametrize("do", [None, "delete", 5, ["create"]])
def test_do_is_create_or_change(wang: Tablet, do: object) -> None:
    refused(wang, wang.creation("household", do=do), "invalid", "do")


@states("| `type` | both | `household`, `visit`, `dispute`, `entry` |", "| `unknown-type` | refused |")
def test_type_is_one_of_four(wang: Tablet) -> None:
    home, fence = wang.creation("household"), wang.creation("dispute")
    visit = wang.creation("visit", {"household": home["edit"]})
    applied(wang, home, fence, visit, wang.creation("entry", {"dispute": fence["edit"]}))
    refused(wang, wang.creation("household") | {"type": "horoscope"}, "unknown-type", "type")
    for kind in ("conflict", "held"):
        refused(wang, wang.creation("household") | {"type": kind}, "not-allowed", "type")


@states("| `at` | both |")
def test_at_must_be_said(wang: Tablet) -> None:
    refused(wang, wang.creation("household", at=None), "invalid", "at")


@states("| `now` | both | values by field. A change may give null: the field is empty then |")
def test_a_change_may_give_null_and_the_field_is_empty_then(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "7"})
    edit = wang.change("household", home, {"door_no": None}, {"door_no": [home]}, was={"door_no": "7"})
    applied(wang, edit)
    assert "door_no" not in wang.doc(home)
    for now in ("x", None):
        refused(wang, wang.creation("household") | {"now": now}, "invalid", "now")


@states("| `id` | change | the record |")
def test_a_change_names_its_record(wang: Tablet) -> None:
    refused(wang, wang.members("household", do="change", now={"notes": "x"}), "invalid", "id")


@states("| `add`, `remove` | change | by set field, values put in and taken out |", "| `doc` | its fields")
def test_add_and_remove_put_values_in_and_take_them_out(wang: Tablet) -> None:
    home = wang.makes("household", {"service_needs": ["hardship"]})
    edit = wang.change(
        "household", home, over={"service_needs/newcomer": [], "service_needs/hardship": [home]},
        add={"service_needs": ["newcomer", "disability_support"]}, remove={"service_needs": ["hardship"]},
    )  # fmt: skip
    applied(wang, edit)
    assert wang.doc(home)["service_needs"] == ["disability_support", "newcomer"], "sets are sorted lists"
    refused(wang, wang.change("household", home, add={"phone": ["1"]}), "invalid", "phone")
    refused(wang, wang.change("household", home, add={"zodiac": ["x"]}), "unknown-field", "zodiac")
    refused(wang, wang.change("household", home, add={"service_needs": "newcomer"}), "invalid", "add")


@states("Any other member is `unknown-field`", "| `unknown-field` | refused |")
def test_any_other_member_is_unknown_field(wang: Tablet) -> None:
    home = wang.makes("household")
    refused(wang, wang.creation("household", colour="green"), "unknown-field", "colour")
    refused(wang, wang.creation("household", over={}), "unknown-field", "over")
    refused(wang, wang.change("household", home, {"notes": "x"}, mends=edit_name()), "unknown-field", "mends")
    refused(wang, wang.creation("household", {"zodiac": "x"}), "unknown-field", "zodiac")
    refused(wang, wang.change("household", home, {"notes": "x"}, was={"zodiac": "x"}), "unknown-field", "was.zodiac")


@states("A field of the rule `set` has one register a value, `purposes/errand`")
def test_a_set_has_one_register_a_value(wang: Tablet) -> None:
    home = wang.makes("household")
    visit = wang.makes("visit", {"household": home, "purposes": ["errand", "follow_up"]})
    edit = wang.change("visit", visit, over={"purposes/errand": [visit]}, remove={"purposes": ["errand"]})
    applied(wang, edit)
    assert wang.row(visit)["dots"] == {"purposes/errand": [edit["edit"]]}
    assert wang.doc(visit)["purposes"] == ["follow_up"]


@states("A dispute's `status`, `tier` and `assignee` are one register, called `status`")
def test_status_tier_and_assignee_are_one_register(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    edit = wang.change("dispute", fence, ACCEPTED, {"status": [fence]}, was=REPORTED)
    applied(wang, edit)
    dots = wang.row(fence)["dots"]
    assert dots["status"] == [edit["edit"]]
    assert not dots.keys() & {"tier", "assignee"}
    over_tier = wang.change("dispute", fence, ACCEPTED, {"tier": [fence]}, was=REPORTED)
    refused(wang, over_tier, "invalid", "over")


@states("`over` and `settles` name registers; `now`, `was`, `add` and `remove` name fields")
def test_over_names_registers_and_now_names_fields(wang: Tablet) -> None:
    home = wang.makes("household")
    edit = wang.change("household", home, over={"service_needs": [home]}, add={"service_needs": ["newcomer"]})
    refused(wang, edit, "invalid", "over")
    edit = wang.change("household", home, add={"service_needs/newcomer": ["newcomer"]})
    refused(wang, edit, "unknown-field", "service_needs/newcomer")


@states("`over` is the only causality there is", "| `over` | change | by register, the edits whose values were")
def test_over_is_the_only_causality(wang: Tablet) -> None:
    """A later stamp that names nothing covers nothing, and an earlier one covers what it names."""
    home = wang.makes("household")
    later = wang.change("household", home, {"door_no": "8"}, {"door_no": []})
    assert wang.sync(later).outcome(later["edit"])["result"] == "conflict", "with the creation, which left it empty"
    earlier = wang.change(
        "household", home, {"door_no": "9"}, {"door_no": [home, later["edit"]]},
        at=stamp(wang.now_ms() - MINUTE_MS),
    )  # fmt: skip
    applied(wang, earlier)
    assert wang.doc(home)["door_no"] == "9"
    assert wang.dots(home, "door_no") == [earlier["edit"]]


@states("It names the edits that the new value takes the place of, the author's own unsent ones included")
def test_over_may_name_ones_own_unsent_edits(wang: Tablet) -> None:
    home = wang.creation("household", {"door_no": "1"})
    first = wang.change("household", home["edit"], {"door_no": "2"}, {"door_no": [home["edit"]]})
    second = wang.change("household", home["edit"], {"door_no": "3"}, {"door_no": [first["edit"]]})
    applied(wang, home, first, second)
    assert wang.dots(home["edit"], "door_no") == [second["edit"]]


@states("Take them from the row's", "With no open conflict in the register: name all siblings")
def test_a_register_that_is_not_listed_has_one_sibling_the_creation(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    assert "dots" not in wang.row(home)
    edit = wang.change("household", home, {"door_no": "2"}, {"door_no": [home]})
    applied(wang, edit)
    assert wang.row(home)["dots"] == {"door_no": [edit["edit"]]}


@states("To name nothing is allowed", "The value then stands beside all others")
def test_to_name_nothing_is_allowed_and_stands_beside_all_others(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    overs: list[object] = [{"door_no": []}, {}, None]
    for over in overs:
        edit = wang.change("household", home, {"door_no": str(over)}, over)
        assert wang.sync(edit).outcome(edit["edit"])["result"] == "conflict"
        assert {home, edit["edit"]} <= set(wang.dots(home, "door_no"))


@states("A name that the server does not have yet is remembered until it comes")
def test_a_name_that_is_not_here_yet_is_remembered(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    first = wang.change("household", home, {"door_no": "2"}, {"door_no": [home]})
    second = wang.change("household", home, {"door_no": "3"}, {"door_no": [home, first["edit"]]})
    applied(wang, second)
    applied(wang, first)
    assert wang.doc(home)["door_no"] == "3"
    assert wang.dots(home, "door_no") == [second["edit"]]


@states("A name that was refused covers, in the same record, what that edit named itself")
def test_a_name_that_was_refused_covers_what_it_named(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    wrong = wang.change("household", home, {"door_no": "x" * 51}, {"door_no": [home]})
    refused(wang, wrong, "invalid", "door_no")
    edit = wang.change("household", home, {"door_no": "2"}, {"door_no": [wrong["edit"]]})
    applied(wang, edit)
    assert wang.dots(home, "door_no") == [edit["edit"]]


@states("`over` may name only registers that the edit touches, and not the edit itself")
def test_over_names_only_what_the_edit_touches_and_not_itself(wang: Tablet) -> None:
    home = wang.makes("household")
    refused(wang, wang.change("household", home, {"notes": "x"}, {"door_no": [home]}), "invalid", "over")
    name = edit_name()
    refused(wang, wang.change("household", home, {"notes": "x"}, {"notes": [name]}, edit=name), "invalid", "over")
    for over in ("x", {"notes": "x"}, {"notes": ["x"]}, {"notes": [5]}):
        refused(wang, wang.change("household", home, {"notes": "x"}, over), "invalid", "over")


@states("It has at most 500 names, those of all registers together", "a line with more is refused as `invalid`, `over`",
        "| names in a line's `over`, of all registers together | 500 |")  # fmt: skip
def test_over_has_at_most_500_names(wang: Tablet) -> None:
    home = wang.makes("household")
    names = [home, *(edit_name() for _ in range(499))]
    applied(wang, wang.change("household", home, {"notes": "x"}, {"notes": names}))
    applied(
        wang, wang.change("household", home, {"notes": "x", "phone": "1"}, {"notes": names[:250], "phone": names[:250]})
    )
    refused(wang, wang.change("household", home, {"notes": "x"}, {"notes": [*names, edit_name()]}), "invalid", "over")
    over = {"notes": names, "phone": [home]}
    refused(wang, wang.change("household", home, {"notes": "x", "phone": "1"}, over), "invalid", "over")


@states("For `status` it must be given", "If it gives one of `status`, `tier`, `assignee`", "| `was` | change |")
def test_for_status_was_must_be_given_and_all_three(wang: Tablet) -> None:
    fence = wang.makes("dispute")
    over = {"status": [fence]}
    for now, was in (
        (ACCEPTED, None), ({"status": "accepted"}, REPORTED), (ACCEPTED, {"status": "reported"}),
        ({"status": "accepted"}, {"status": "reported"}),
    ):  # fmt: skip
        refused(wang, wang.change("dispute", fence, now, over, was=was), "invalid", "status")
    applied(wang, wang.change("dispute", fence, ACCEPTED, over, was=REPORTED))


@states("`now` in a change cannot give a `set` field")
def test_now_in_a_change_cannot_give_a_set(wang: Tablet) -> None:
    home = wang.makes("household")
    refused(wang, wang.change("household", home, {"service_needs": ["newcomer"]}), "invalid", "service_needs")
    both = {"service_needs": ["newcomer"]}
    refused(wang, wang.change("household", home, add=both, remove=both), "invalid", "service_needs")


@states("An object such as `location` is given whole")
def test_an_object_is_given_whole(wang: Tablet) -> None:
    home = wang.makes("household", {"location": {"lat": "25.5", "lon": "102.4", "accuracy_m": 8}})
    half = wang.change("household", home, {"location": {"lat": "25.6"}}, {"location": [home]})
    refused(wang, half, "invalid", "location.lon")
    applied(wang, wang.change("household", home, {"location": {"lat": "1.5", "lon": "2.5"}}, {"location": [home]}))
    assert wang.doc(home)["location"] == {"lat": "1.5", "lon": "2.5"}


@states("A change must touch something")
def test_a_change_must_touch_something(wang: Tablet) -> None:
    home = wang.makes("household")
    for now, add in ((None, None), ({}, None), (None, {"service_needs": []})):
        refused(wang, wang.change("household", home, now, add=add), "invalid", "now")


@states("`settles` lists registers that the edit touches", "| `settles` | change |")
@needs("CODE_OFFICER")
def test_settles_lists_registers_that_the_edit_touches(sun: Tablet, wang: Tablet) -> None:
    home = wang.makes("household")
    sun.catch_up()
    refused(sun, sun.change("household", home, {"notes": "x"}, settles=["door_no"]), "invalid", "settles")
    refused(sun, sun.change("household", home, {"notes": "x"}, settles="notes"), "invalid", "settles")


@states("The right to settle is judged whether or not a conflict is open")
@needs("CODE_OFFICER")
def test_the_right_to_settle_is_judged_whether_or_not_a_conflict_is_open(sun: Tablet, wang: Tablet) -> None:
    home = wang.makes("household")
    edit = wang.change("household", home, {"door_no": "2"}, {"door_no": [home]}, settles=["door_no"])
    refused(wang, edit, "not-allowed", "door_no")
    sun.catch_up()
    applied(sun, sun.change("household", home, {"door_no": "3"}, {"door_no": [home]}, settles=["door_no"]))


@states("Such an edit gives the decided value in `now` and names all siblings in `over`")
@needs("CODE_OFFICER")
def test_an_edit_that_settles_covers_all_siblings(sun: Tablet, wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    beside = wang.change("household", home, {"door_no": "2"}, {"door_no": []})
    wang.sync(beside)
    siblings = sun.dots(home, "door_no")
    assert sorted(siblings) == sorted([home, beside["edit"]])
    edit = sun.change("household", home, {"door_no": "1"}, {"door_no": siblings}, settles=["door_no"])
    applied(sun, edit)
    assert sun.dots(home, "door_no") == [edit["edit"]]
    assert sun.conflict(home, "door_no")["status"] == "settled"


@states("`mends` names a refused creation of the same author and type", "| `mends` | create |")
def test_mends_names_a_refused_creation_of_the_same_author_and_type(wang: Tablet) -> None:
    wrong = wang.creation("household", {"address": ""})
    refused(wang, wrong, "invalid", "address")
    refused(wang, wang.creation("dispute", mends=wrong["edit"]), "invalid", "mends")
    refused(wang, wang.creation("household", mends=wang.makes("household")), "invalid", "mends")
    refused(wang, wang.creation("household", mends="x"), "invalid", "mends")
    again = wang.creation("household", {"address": ""}, mends=wrong["edit"])
    refused(wang, again, "invalid", "address")
    applied(wang, wang.creation("household", mends=again["edit"]))
    assert wang.sees(wrong["edit"])


@states("`mends` names a refused creation of the same author and type")
@needs("CODE_COLLEAGUE")
def test_mends_does_not_take_over_what_another_made(wang: Tablet, li: Tablet) -> None:
    wrong = wang.creation("household", {"address": ""})
    wang.sync(wrong)
    told = []
    for mended in (wrong, wang.creation("household")):  # The second one was never sent.
        mending = li.creation("household", mends=mended["edit"])
        outcome = li.sync(mending).outcome(mending["edit"])
        told.append((outcome["result"], outcome["code"], outcome["field"]))
    assert told == [("held", "unknown-record", "mends")] * 2


@states(
    "Where two mend the same creation, the second to come is judged as a change of the record that the first one made"
)
def test_a_second_mending_is_a_change_of_what_the_first_one_made(wang: Tablet) -> None:
    wrong = wang.creation("household", {"address": ""})
    wang.sync(wrong)
    mendings = [wang.creation("household", {"door_no": door}, mends=wrong["edit"]) for door in "12"]
    results = [wang.sync(each).outcome(each["edit"])["result"] for each in mendings]
    assert results == ["applied", "conflict"]
    assert sorted(wang.dots(wrong["edit"], "door_no")) == sorted(each["edit"] for each in mendings)


@states("The new edit's record has the first creation's id", "Both are edits with names of their own")
def test_a_mended_record_has_the_first_id_and_its_children_find_it(wang: Tablet) -> None:
    wrong = wang.creation("household", {"address": ""})
    visit = wang.creation("visit", {"household": wrong["edit"]})
    answer = wang.sync(wrong, visit)
    assert answer.outcome(visit["edit"])["result"] == "held"
    mending = wang.creation("household", mends=wrong["edit"])
    applied(wang, mending)
    assert wang.row(wrong["edit"])["type"] == "household"
    assert not wang.sees(mending["edit"])
    assert wang.sees(visit["edit"])
    again = wang.sync(wrong, mending)
    assert again.outcome(wrong["edit"])["code"] == "invalid"
    assert again.outcome(mending["edit"])["result"] == "applied"


@states("An edit that the server knows is answered with its stored outcome")
@needs("CODE_COLLEAGUE")
def test_a_known_edit_is_answered_with_its_stored_outcome(wang: Tablet, li: Tablet) -> None:
    good, bad = wang.creation("household"), wang.creation("household", {"address": ""})
    held = wang.change("household", edit_name(), {"notes": "x"})
    outcomes = wang.sync(good, bad, held).outcomes
    assert wang.sync(held, bad).outcomes == [outcomes[1], outcomes[0]]
    assert li.sync(good, bad, held).outcomes == outcomes, "whichever tablet it comes from"


@states("Other bytes under a known name are refused as `edit-reused`", "| `edit-reused` | refused |")
def test_other_bytes_under_a_known_name_are_refused_and_the_first_stand(wang: Tablet) -> None:
    edit = wang.creation("household", {"address": "first"})
    applied(wang, edit)
    other = line(edit | {"now": edit["now"] | {"address": "other"}})
    for bytes_ in (other, line(edit) + b" "):
        assert wang.sync(bytes_).outcome(edit["edit"])["code"] == "edit-reused"
    assert wang.doc(edit["edit"])["address"] == "first"
    assert wang.sync(edit).outcomes == []
    one = wang.creation("household")
    assert [each["code"] for each in wang.sync(one, one, line(one) + b" ").outcomes] == ["edit-reused"]


@states("A name is its author's to take")
@needs("CODE_COLLEAGUE")
def test_a_name_is_its_authors_to_take(wang: Tablet, li: Tablet) -> None:
    edit = wang.creation("household")
    refused(li, edit, "not-allowed", "by")
    applied(wang, edit)
    assert wang.sees(edit["edit"])


@states("Within a request the order of lines does not matter; nor, in the end, does the order of requests")
def test_order_does_not_matter(wang: Tablet) -> None:
    documents = []
    for one_by_one in (False, True):
        home = wang.creation("household", {"door_no": "1"})
        first = wang.change("household", home["edit"], {"door_no": "2"}, {"door_no": [home["edit"]]})
        second = wang.change("household", home["edit"], {"door_no": "3"}, {"door_no": [first["edit"]]})
        visit = wang.creation("visit", {"household": home["edit"]})
        edits = [visit, second, first, home]
        for batch in [[each] for each in edits] if one_by_one else [edits]:
            wang.sync(*batch)
        assert wang.sees(visit["edit"])
        assert wang.dots(home["edit"], "door_no") == [second["edit"]]
        documents.append(wang.doc(home["edit"]))
    assert documents[0] == documents[1]
