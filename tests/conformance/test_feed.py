"""docs/protocol.md, "The feed", "Rows" and "Scope"."""

import pytest

from tests.conformance.answer import Document
from tests.conformance.site import Site
from tests.conformance.tablet import Tablet, edit_name

states, needs = pytest.mark.states, pytest.mark.needs


def everything(tablet: Tablet, want: int = 1000) -> list[Document]:
    """The rows of the whole feed, in their order."""
    tablet.cursor, tablet.rows = None, {}
    rows: list[Document] = []
    while True:
        answer = tablet.sync(want=want)
        rows.extend(answer.rows)
        if not answer.last["more"]:
            return rows


def village(tablet: Tablet) -> str:
    """The unit over the grids, which an officer has as well."""
    return min((key for key in tablet.scope if key.startswith("unit:")), key=len).removeprefix("unit:")


@states(
    "The feed of a scope is every record under its keys",
    "Keys that begin, all of them at a null cursor",
    "| `rev` |",
    "| `type`, `id` |",
    "| `keys` |",
)
@pytest.mark.parametrize("want", [7, 1000])
def test_the_feed_is_every_record_oldest_revision_first_in_its_latest_state(wang: Tablet, want: int) -> None:
    homes = [wang.makes("household") for _ in range(3)]
    wang.changes("household", homes[0], notes="新")
    rows = everything(wang, want)
    for key in wang.scope:
        revisions = [row["rev"] for row in rows if row.get("keys") == [key]]
        assert revisions == sorted(revisions)
        assert all(type(each) is int for each in revisions)
    found = [row for row in rows if row["id"] in homes]
    assert [row["id"] for row in found] == [*homes[1:], homes[0]], "changed last, it comes last, and once"
    assert found[-1]["doc"]["notes"] == "新"
    assert all(set(row["keys"]) <= set(wang.scope) and row["keys"] for row in rows if "doc" in row)


@states("| `doc` | its fields. Absent ones are left out; sets are sorted lists", "| `dots` | by register")
def test_doc_has_no_absent_fields_and_dots_only_what_is_not_the_creations(wang: Tablet) -> None:
    home = wang.makes("household", {"service_needs": ["newcomer", "hardship"], "phone": None})
    row = wang.row(home)
    assert row["doc"] == {"unit": wang.grid, "address": "渠边路 3 号", "service_needs": ["hardship", "newcomer"]}
    assert "dots" not in row
    one = wang.change("household", home, {"door_no": "1"}, {"door_no": []})
    two = wang.change("household", home, {"door_no": "2"}, {"door_no": []})
    wang.sync(one, two)
    assert wang.row(home)["dots"] == {"door_no": [two["edit"], one["edit"], home]}


@states("In `dots` the key `*` gives the siblings of every register that is not listed",
        "So the siblings of a register are `dots[register]`")  # fmt: skip
def test_star_gives_the_siblings_of_every_register_that_is_not_listed(wang: Tablet) -> None:
    wrong = wang.creation("household", {"address": ""})
    wang.sync(wrong)
    mending = wang.creation("household", {"door_no": "1"}, mends=wrong["edit"])
    wang.sync(mending)
    assert wang.row(wrong["edit"])["dots"] == {"*": [mending["edit"]]}
    edit = wang.change("household", wrong["edit"], {"door_no": "2"}, {"door_no": [mending["edit"]]})
    assert wang.sync(edit).outcome(edit["edit"])["result"] == "applied"
    assert wang.row(wrong["edit"])["dots"] == {"*": [mending["edit"]], "door_no": [edit["edit"]]}


@states("A page holds at least one row, if there is any", "A record may come again in the same or a higher revision",
        "Take the one with the higher `rev`")  # fmt: skip
def test_a_page_holds_at_least_one_row_if_there_is_any(wang: Tablet) -> None:
    made = {wang.makes("household") for _ in range(3)}
    wang.cursor, wang.rows = None, {}
    answer = wang.sync(want=1)
    for _ in range(20):
        assert len(answer.rows) == 1
        if not answer.last["more"]:
            break
        answer = wang.sync(want=1)
    wang.catch_up()
    assert wang.rows.keys() >= made


@states("One that left some of the caller's keys and not others comes as it is now, with those that are left")
@needs("CODE_OFFICER")
@pytest.mark.parametrize("want", [1, 1000])
def test_what_left_one_key_of_the_callers_comes_as_it_is_now(wang: Tablet, sun: Tablet, want: int) -> None:
    home = wang.makes("household")
    sun.catch_up()
    edit = sun.change("household", home, {"unit": village(sun)}, {"unit": [home]})
    answers = [sun.sync(edit, want=want), *sun.catch_up()]
    rows = [row for each in answers for row in each.rows if row["id"] == home]
    assert rows
    assert all(row["keys"] == [f"unit:{village(sun)}"] for row in rows)
    assert sun.row(home)["keys"] == [f"unit:{village(sun)}"]


@states("An assignment to a unit gives `unit:` keys of that unit and of every unit under it", "Everybody has `person:")
@needs("CODE_OFFICER", "CODE_MEDIATOR")
def test_assignments_give_keys(wang: Tablet, sun: Tablet, zhou: Tablet) -> None:
    assert set(wang.scope) == {f"person:{wang.id}", f"unit:{wang.grid}"}
    units = {village(sun), wang.grid}
    kinds = {kind: {key.partition(":")[2] for key in sun.scope if key.startswith(kind)} for kind in ("unit", "staff")}
    assert kinds["unit"] >= units
    assert kinds["staff"] == kinds["unit"]
    assert f"person:{sun.id}" in sun.scope
    assert {key.partition(":")[0] for key in zhou.scope} == {"person", "body"}
    assert f"person:{zhou.id}" in zhou.scope


def assigned(officer: Tablet, record: str, assignee: str | None, was: str | None = None) -> None:
    shown: Document = {"status": "reported", "tier": "village", "assignee": was}
    over = {"status": officer.dots(record, "status")}
    edit = officer.change("dispute", record, shown | {"assignee": assignee}, over, was=shown)
    assert officer.sync(edit).outcome(edit["edit"])["result"] == "applied"


@states("A mediator sees what is assigned to them or to their committee", "A record stands under its grid's key",
        "Entries and conflicts stand where their dispute or record stands",
        "| `gone` | instead of the three before")  # fmt: skip
@needs("CODE_OFFICER", "CODE_MEDIATOR")
def test_a_mediator_sees_what_is_assigned_to_them_or_to_their_committee(
    wang: Tablet, sun: Tablet, zhou: Tablet
) -> None:
    body = next(key for key in zhou.scope if key.startswith("body:"))
    fence = wang.makes("dispute")
    page = wang.makes("entry", {"dispute": fence})
    wang.sync(wang.change("dispute", fence, {"title": "渠"}, {"title": []}))
    conflict = next(row["id"] for row in wang.rows.values() if row["doc"].get("record") == fence)
    children = (fence, page, conflict)
    assert not any(zhou.sees(each) for each in children)
    was = None
    for assignee in (f"person:{zhou.id}", body):
        assigned(sun, fence, assignee, was)
        was = assignee
        for each in children:
            assert zhou.row(each)["keys"] == [assignee]
            assert sorted(wang.row(each)["keys"]) == [f"unit:{wang.grid}"]
    assigned(sun, fence, None, was)
    answer = zhou.sync()
    for each in children:
        assert answer.row(each)["gone"] == "moved"
        assert answer.row(each).keys() == {"rev", "type", "id", "gone"}
    assert not any(zhou.sees(each) for each in children)


@states("| `gone` | instead of the three before", "A record stands under its grid's key and its assignee's key",
        "Whoever may change its unit may hand it over to any unit of the county, and has it no longer")  # fmt: skip
@needs("CODE_OFFICER")
def test_a_record_that_moves_to_another_unit_leaves_the_scope(wang: Tablet, sun: Tablet) -> None:
    home = wang.makes("household")
    edit = wang.change("household", home, {"unit": village(sun)}, {"unit": [home]})
    answer = wang.sync(edit)
    assert answer.outcome(edit["edit"])["result"] == "applied"
    assert answer.row(home)["gone"] == "moved"
    sun.catch_up()
    assert sun.row(home)["keys"] == [f"unit:{village(sun)}"]


@states("Where edits of its unit cover each other, so that none stands, it is where its creation put it")
@needs("CODE_OFFICER")
def test_units_that_cover_each_other_leave_a_record_where_it_was_created(wang: Tablet, sun: Tablet) -> None:
    home = wang.makes("household")
    assert sun.sees(home)
    one, other = edit_name(), edit_name()
    changes = [
        sun.change("household", home, {"unit": village(sun)}, {"unit": [home, covered]}, edit=name)
        for name, covered in ((one, other), (other, one))
    ]
    for change in changes:
        assert sun.sync(change).outcome(change["edit"])["result"] == "applied"
    assert wang.row(home)["keys"] == [f"unit:{wang.grid}"]
    assert "unit" not in wang.doc(home)
    mended = wang.change("household", home, {"unit": wang.grid})
    assert wang.sync(mended).outcome(mended["edit"])["result"] == "applied"
    assert wang.doc(home)["unit"] == wang.grid


@states('`{"scope":"<key>","gone":true}` says', "A key that is gained pages in from its beginning",
        "A held edit is kept, and judged again by itself")  # fmt: skip
@needs("CODE_MOVER", "ASSIGN", "UNASSIGN")
def test_a_key_that_is_lost_is_said_and_one_that_is_gained_pages_in(xu: Tablet, wang: Tablet, site: Site) -> None:
    home = wang.makes("household")
    assert xu.sees(home)
    unit = xu.grid_before
    site.run("UNASSIGN", person=xu.id, unit=unit)
    answer = xu.sync()
    assert answer.lost == (f"unit:{unit}",)
    assert home not in xu.rows
    assert xu.sync().lost == ()
    site.run("ASSIGN", person=xu.id, unit=unit)
    assert xu.sees(home)
    assert xu.rows[home]["keys"] == [f"unit:{unit}"]
