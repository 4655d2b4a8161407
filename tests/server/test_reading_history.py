"""The history of a record: each edit with what it changed, for those who may see it."""

from server import administration
from server.administration import Period
from tests.support.answers import Document
from tests.support.clock import MINUTE_MS
from tests.support.county import FAR_GRID, GRID, NEXT_GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.reader import got, items, pages


def history(device: Device, kind: str, record: str) -> list[Document]:
    return items(device, f"records/{kind}/{record}/history")


def changes(edit: Document) -> dict[str, tuple[object, object]]:
    return {each["field"]: (each["was"], each["now"]) for each in edit["changes"]}


def test_who_changed_what_from_what_to_what(county: County, wang: Device) -> None:
    home = wang.create("household", unit=GRID, service_needs=["hardship"])
    made_at = wang.last_stamp
    county.clock.pass_ms(MINUTE_MS)
    wang.sync()
    sun = county.worker("孙立", VILLAGE, "village_staff")
    sun.catch_up()
    change = sun.change(
        "household", home, head_name="甲某", address="渠边路 4 号", remove={"service_needs": ["hardship"]}
    )
    sun.sync()
    first, second = history(wang, "household", home)
    assert {name: value for name, value in first.items() if name != "changes"} == {
        "edit": home,
        "do": "create",
        "by": wang.person,
        "tablet": wang.tablet,
        "at": made_at,
        "received_at": county.clock.stamp[:24],
        "result": "applied",
    }
    assert changes(first) == {
        "unit": (None, GRID), "address": (None, "渠边路 3 号"), "service_needs/hardship": (False, True),
    }  # fmt: skip
    assert (second["edit"], second["do"], second["by"], second["tablet"]) == (change, "change", sun.person, sun.tablet)
    assert changes(second) == {
        "head_name": (None, "甲某"),
        "address": ("渠边路 3 号", "渠边路 4 号"),
        "service_needs/hardship": (True, False),
    }


def test_a_move_names_what_moved(county: County, wang: Device) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    sun.catch_up()
    sun.change("dispute", fence, status="accepted", assignee=f"person:{sun.person}")
    entry = sun.create("entry", dispute=fence)
    sun.sync()
    creation, move, filed = history(sun, "dispute", fence)
    assert changes(creation)["status"] == (None, "reported")
    assert changes(move) == {"status": ("reported", "accepted"), "assignee": (None, f"person:{sun.person}")}
    assert filed["by"] == "center"
    assert changes(filed)["case_no"][0] is None, "what the center itself writes at the acceptance is an edit too"
    (said,) = history(sun, "entry", entry)
    assert said["edit"] == entry, "a page of the file is a record of its own"


def test_a_conflict_has_the_history_of_its_field(wang: Device, li: Device) -> None:
    fence = wang.create("dispute", unit=GRID, title="围墙")
    wang.sync()
    li.catch_up()
    one = wang.change("dispute", fence, title="围墙与水渠")
    wang.change("dispute", fence, place="渠边")
    wang.sync()
    other = li.change("dispute", fence, title="篱笆")
    outcome = li.sync().outcome(other)
    (conflict,) = outcome["conflicts"]
    told = history(wang, "conflict", conflict)
    assert [each["edit"] for each in told] == [fence, one, other]
    assert [changes(each) for each in told] == [
        {"title": (None, "围墙")},
        {"title": ("围墙", "围墙与水渠")},
        {"title": ("围墙", "篱笆")},
    ]
    assert told[-1]["result"] == "conflict"
    (masked,) = items(wang, "records/conflict")
    assert {each["value"] for each in masked["doc"]["siblings"]} == {"围****", "篱*"}
    assert {each["value"] for each in got(wang, f"records/conflict/{conflict}")["doc"]["siblings"]} == {
        "围墙与水渠",
        "篱笆",
    }


def test_a_refused_edit_is_its_authors(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    wrong = wang.change("household", home, unit="nowhere")
    outcome = wang.sync().outcome(wrong)
    assert (outcome["result"], outcome["detail"]["zh"]) == ("refused", "没有这个单位")
    assert [each["edit"] for each in history(li, "household", home)] == [home]
    mine = history(wang, "household", home)
    assert [(each["edit"], each["result"], each.get("code"), each.get("field")) for each in mine] == [
        (home, "applied", None, None),
        (wrong, "refused", "invalid", "unit"),
    ]


def test_a_held_edit_is_told_to_those_who_see_that_it_is_held(county: County, wang: Device, zhao: Device) -> None:
    """Zhao of the other village writes to Wang's record; Zhao's staff see that, and neither sees the record."""
    sun = county.worker("孙立", TOWNSHIP, "township_staff")
    home = wang.create("household", unit=GRID)
    wang.sync()
    edit = zhao.change("household", home, over={}, head_name="丙某")
    assert zhao.sync().outcome(edit)["result"] == "held"
    assert [each["edit"] for each in history(wang, "household", home)] == [home]
    assert [(each["edit"], each["result"]) for each in history(sun, "household", home)] == [
        (home, "applied"),
        (edit, "held"),
    ]
    (said,) = history(zhao, "held", edit)
    assert (said["edit"], said["result"], said["code"]) == (edit, "held", "unknown-record")
    assert changes(said) == {"head_name": (None, "丙某")}


def test_it_comes_in_pages(wang: Device) -> None:
    home = wang.create("household", unit=GRID)
    made = [home] + [wang.change("household", home, door_no=str(number)) for number in range(6)]
    wang.sync()
    found = list(pages(wang, f"records/household/{home}/history", limit=3))
    assert [len(page) for page in found] == [3, 3, 1]
    assert [each["edit"] for page in found for each in page] == made


def test_a_mended_creation_is_in_the_history_of_its_record(wang: Device) -> None:
    refused = wang.create("household", unit="nowhere")
    wang.sync()
    mending = wang.mend(refused, "household", unit=GRID)
    wang.sync()
    told = history(wang, "household", refused)
    assert [(each["edit"], each["result"]) for each in told] == [(refused, "refused"), (mending, "applied")]


def test_work_from_before_a_move_is_still_told(county: County, wang: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    sun = county.worker("孙立", TOWNSHIP, "township_staff")
    sun.catch_up()
    sun.change("household", home, unit=FAR_GRID)
    sun.sync()
    administration.assign(county.center, wang.person, NEXT_GRID, None, Period())
    zhou = county.worker("周远", FAR_GRID)
    assert [each["by"] for each in history(zhou, "household", home)] == [wang.person, sun.person]
