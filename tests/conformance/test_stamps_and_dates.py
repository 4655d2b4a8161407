"""docs/protocol.md, "Stamps and dates"."""

import pytest

from tests.conformance.answer import Document
from tests.conformance.site import Site
from tests.conformance.tablet import DAY_MS, HOUR_MS, MINUTE_MS, Tablet, milliseconds, stamp

states, needs = pytest.mark.states, pytest.mark.needs
YEAR_MS = 365 * DAY_MS


def taken(tablet: Tablet, edit: Document, now: str) -> tuple[str, str]:
    """The stamp that the center took, and its clock."""
    answer = tablet.sync(edit, now=now)
    outcome = answer.outcome(edit["edit"])
    assert outcome["result"] == "applied"
    return str(outcome.get("at", edit["at"])), str(answer.head["clock"])


@states("A stamp up to the moment of receipt is taken as it is")
@pytest.mark.parametrize("behind_ms", [0, 10 * MINUTE_MS, 3 * YEAR_MS])
def test_a_stamp_up_to_the_receipt_is_taken_as_it_is(wang: Tablet, behind_ms: int) -> None:
    edit = wang.creation("household", at=stamp(wang.now_ms() - behind_ms - 1000, 0x1F))
    answer = wang.sync(edit, now=stamp(wang.now_ms() + DAY_MS))
    assert answer.outcomes == [], "an applied edit is listed only where another stamp was taken"


@states("If `now` is more than 5 minutes ahead of the server", "told as the outcome's `at` where it differs",
        "| a tablet's clock ahead, before its stamps are moved back | 5 minutes |")  # fmt: skip
def test_where_now_is_far_ahead_a_later_stamp_moves_back_by_the_difference(wang: Tablet) -> None:
    ahead_ms = 3 * HOUR_MS
    floor = wang.peek(now=stamp(wang.now_ms() - HOUR_MS)).head["clock"]
    edit = wang.creation("household", at=stamp(wang.now_ms() + ahead_ms + 1000, 0xA))
    now = stamp(wang.now_ms() + ahead_ms)
    at, clock = taken(wang, edit, now)
    moved_back = milliseconds(edit["at"]) - (milliseconds(now) - milliseconds(clock))
    assert at == stamp(moved_back, 0xA)
    assert at > floor


@states("If `now` is more than 5 minutes ahead of the server")
def test_but_not_before_the_last_moment_of_owing_nothing(wang: Tablet) -> None:
    floor = wang.peek(now=stamp(wang.now_ms() + DAY_MS), owes=0).head["clock"]
    now = stamp(wang.now_ms() + DAY_MS)
    edit = wang.creation("household", at=stamp(wang.now_ms() + HOUR_MS))
    at, _ = taken(wang, edit, now)
    assert at == floor


@states("What is still ahead is cut to the receipt plus 5 minutes")
@pytest.mark.parametrize(("ahead_ms", "is_cut"), [(4 * MINUTE_MS, False), (HOUR_MS, True), (YEAR_MS, True)])
def test_what_is_still_ahead_is_cut_to_five_minutes(wang: Tablet, ahead_ms: int, is_cut: bool) -> None:
    edit = wang.creation("household", at=stamp(wang.now_ms() + ahead_ms))
    at, clock = taken(wang, edit, stamp(wang.now_ms()))
    assert at == (stamp(milliseconds(clock) + 5 * MINUTE_MS) if is_cut else edit["at"])


@states("The stamp taken is stored, and told as the outcome's `at`", "An applied edit is listed only with `at`",
        "A stamp decides which of several concurrent values",
        "The server may take another one than the line says")  # fmt: skip
def test_the_stamp_taken_is_stored_and_decides(wang: Tablet) -> None:
    home = wang.makes("household", {"door_no": "1"})
    ahead = wang.change("household", home, {"door_no": "2"}, {"door_no": [home]}, at=stamp(wang.now_ms() + YEAR_MS))
    at, _ = taken(wang, ahead, stamp(wang.now_ms()))
    assert wang.sync(ahead).outcome(ahead["edit"])["at"] == at, "told again as it was stored"
    later = wang.change("household", home, {"door_no": "3"}, {"door_no": [home]}, at=stamp(milliseconds(at), 1))
    assert wang.sync(later, now=stamp(wang.now_ms())).outcome(later["edit"])["result"] == "conflict"
    assert wang.doc(home)["door_no"] == "3"
    assert [each["at"] for each in wang.conflict(home, "door_no")["siblings"]] == [later["at"], at]


@states("A wrong clock never loses work", "Nobody is judged by rights of the future")
@pytest.mark.parametrize("at_ms", [0, 10**12, 4 * 10**12, 253_402_300_799_999])
@pytest.mark.parametrize("now_ms", [0, 4 * 10**12, 253_402_300_799_999])
def test_a_wrong_clock_never_loses_work(wang: Tablet, at_ms: int, now_ms: int) -> None:
    edit = wang.creation("household", at=stamp(at_ms, 0xFFFF))
    taken(wang, edit, stamp(now_ms))
    assert wang.sees(edit["edit"])


def leave(site: Site, tablet: Tablet) -> None:
    """Ends the worker's assignment."""
    site.run("UNASSIGN", person=tablet.id, unit=tablet.grid_before)


@states("An edit is judged by the assignments and placements of the moment it was made",
        "Of new edits older than the last request, as many as its `owes` announced", "Those beyond are judged by",
        "One counts from the stamp of what began it until the server received what ended it",
        "| `not-allowed` | refused, or held |", "| `owes` | how many edits remain unsent")  # fmt: skip
@needs("CODE_MOVER", "ASSIGN", "UNASSIGN")
def test_late_work_is_allowed_as_far_as_it_was_announced(xu: Tablet, site: Site) -> None:
    fence = xu.makes("dispute")
    announced = [xu.creation("household") for _ in range(2)]
    beyond = xu.creation("household")
    reported: Document = {"status": "reported", "tier": "village", "assignee": None}
    move = xu.change("dispute", fence, reported | {"status": "accepted"}, {"status": [fence]}, was=reported)
    xu.sync(owes=2)
    leave(site, xu)
    # The request that comes after the end of the assignment: two of what is older than it are to come.
    xu.sync(owes=2)
    answer = xu.sync(*announced, beyond, move)
    assert [answer.outcome(each["edit"])["result"] for each in announced] == ["applied", "applied"]
    for edit, code in ((beyond, "not-allowed"), (move, "unknown-record")):
        outcome = answer.outcome(edit["edit"])
        assert (outcome["result"], outcome["code"]) == ("held", code)
    after = xu.creation("household", {"unit": xu.grid_before})
    outcome = xu.sync(after).outcome(after["edit"])
    assert (outcome["result"], outcome["code"], outcome["field"]) == ("refused", "not-allowed", "unit")


@states("After a request with `owes` 0, edits not yet sent are judged by the rights at that request's `now`")
@needs("CODE_MOVER", "ASSIGN", "UNASSIGN")
def test_after_owing_nothing_edits_are_judged_by_the_rights_since(xu: Tablet, site: Site) -> None:
    edit = xu.creation("household")
    leave(site, xu)
    xu.sync(owes=0)
    answer = xu.sync(edit)
    assert answer.outcome(edit["edit"])["result"] != "applied"


@states("Work dated before its author's first assignment comes from a clock that was far behind")
@needs("CODE_MOVER", "ASSIGN", "UNASSIGN")
def test_work_dated_before_the_first_assignment_is_judged_as_of_its_beginning(xu: Tablet, site: Site) -> None:
    edit = xu.creation("household", at=stamp(10**12))
    assert xu.sync(edit).outcome(edit["edit"])["result"] == "applied"
