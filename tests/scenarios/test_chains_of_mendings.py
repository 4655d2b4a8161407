"""A refused creation is mended by one that is refused too, and so on: whatever comes first, all end in one record."""

from collections.abc import Iterable, Sequence
from itertools import permutations

import pytest

from server import administration, holding
from tests.support.clock import HOUR_MS
from tests.support.county import GRID, NEXT_GRID, VILLAGE, County
from tests.support.device import Device

Line = tuple[str, bytes]


def home(device: Device, mends: str | None = None, **now: object) -> Line:
    said = {"unit": GRID, "address": "渠边路 3 号"} | now
    return device.line(do="create", type="household", now=said, mends=mends)


def changed(device: Device, record: str, over: str, **now: object) -> Line:
    return device.line(do="change", type="household", id=record, over={name: [over] for name in now}, now=now)


def arrive(device: Device, lines: Sequence[Line]) -> None:
    """One after another, each in a request that says how many are still to come."""
    for number, (_, line) in enumerate(lines, 1):
        device.push([line], owes=len(lines) - number)


def results(device: Device, lines: Iterable[Line]) -> list[object]:
    """What became of each, as whoever sends it once more is told."""
    lines = list(lines)
    answer = device.push([line for _, line in lines])
    return [answer.outcome(name)["result"] for name, _ in lines]


ORDERS = list(permutations(range(4)))


@pytest.mark.parametrize("order", ORDERS, ids=["".join(map(str, order)) for order in ORDERS])
def test_who_waits_for_the_first_of_a_chain_finds_it(county: County, wang: Device, order: Sequence[int]) -> None:
    first = home(wang, people_count=-1)
    second = home(wang, mends=first[0], people_count=-1)
    third = home(wang, mends=second[0])
    lines = [first, second, third, changed(wang, first[0], third[0], notes="门朝东")]
    arrive(wang, [lines[number] for number in order])
    assert results(wang, lines) == ["refused", "refused", "applied", "applied"]
    wang.catch_up()
    assert wang.all("household")[first[0]]["notes"] == "门朝东"


def test_what_a_chain_comes_to_in_the_end_is_kept(county: County, wang: Device) -> None:
    """The links of another chain come back to front, when the record that it ends in has long been there."""
    first = home(wang, people_count=-1)
    second = home(wang, mends=first[0], people_count=-1)
    third = home(wang, mends=second[0], people_count=-1)
    fourth = home(wang, mends=third[0], people_count=-1)
    fifth = home(wang, mends=fourth[0], address="渠边路 5 号")
    mended = home(wang, mends=first[0])
    noted = changed(wang, first[0], mended[0], notes="门朝东")
    arrive(wang, [first, second, mended, noted, fifth, fourth, third])
    wang.catch_up()
    assert wang.all("household")[first[0]]["notes"] == "门朝东"
    assert len(wang.all("household")) == 1
    assert set(wang.rows["household", first[0]]["dots"]["address"]) == {mended[0], fifth[0]}


def test_a_link_that_staff_refuse_leads_to_the_record_that_is_there(county: County, wang: Device) -> None:
    lost = county.device(wang.person)
    first = home(wang, people_count=-1)
    second = home(wang, mends=first[0], people_count=-1)
    mended = home(wang, mends=first[0])
    third = home(wang, mends=second[0], people_count=-1)
    fourth = home(wang, mends=third[0], address="渠边路 5 号")
    noted = changed(wang, first[0], mended[0], notes="门朝东")
    arrive(wang, [first, second, mended, noted])
    administration.revoke(county.center, lost.tablet)
    lost.push([third[1]])
    wang.push([fourth[1]])
    holding.turn_down(county.center, third[0])
    wang.catch_up()
    assert wang.all("household")[first[0]]["notes"] == "门朝东"
    assert set(wang.rows["household", first[0]]["dots"]["address"]) == {mended[0], fourth[0]}


def test_a_refused_creation_covers_nothing_whatever_it_says(county: County, wang: Device) -> None:
    """Whoever names one that says `over` covers nothing by that, whichever of its chain came first."""
    shown = []
    for order in ((0, 1, 2, 3, 4), (1, 0, 2, 3, 4)):
        first = home(wang, people_count=-1)
        noted = changed(wang, first[0], first[0], notes="门朝东")
        wrong = wang.line(do="create", type="household", now={"unit": GRID}, mends=first[0], over={"notes": [noted[0]]})
        lines = [first, wrong, home(wang, mends=first[0]), noted, changed(wang, first[0], wrong[0], notes="门朝西")]
        arrive(wang, [lines[number] for number in order])
        wang.catch_up()
        dots = wang.rows["household", first[0]]["dots"]["notes"]
        shown.append([[name for name, _ in lines].index(each) for each in dots])
    assert shown[0] == shown[1]


@pytest.mark.parametrize("wrong", [{"people_count": -1}, {"unit": "990101999"}], ids=["unread", "judged"])
def test_a_refusal_that_moves_a_record_lets_go_on_who_waited_there(
    county: County, wang: Device, wrong: dict[str, object]
) -> None:
    """What the refused edit named is covered by whoever named that: so the record comes to another grid."""
    zhou = county.worker("周大寒", VILLAGE, "village_staff")
    li = county.worker("李春分", NEXT_GRID)
    refused = zhou.line()[0]
    moved_at = zhou.stamp()
    made = zhou.line(do="create", type="household", now={"unit": GRID, "address": "渠边路 3 号"})
    move = zhou.line(
        do="change", type="household", id=made[0], at=moved_at, over={"unit": [refused]}, now={"unit": NEXT_GRID}
    )
    said = {"do": "change", "type": "household", "id": made[0], "over": {"unit": [made[0]]}}
    first = zhou.line(edit=refused, at=moved_at, now={"unit": NEXT_GRID} | wrong, **said)
    for line in (made, move):
        zhou.push([line[1]], owes=2)
    county.clock.pass_ms(HOUR_MS)
    late = changed(li, made[0], made[0], phone="100 0000 0001")
    assert li.push([late[1]]).outcome(late[0])["result"] == "held"
    zhou.push([first[1]])
    assert results(li, [late]) == ["applied"]


def test_a_held_edit_says_what_it_waits_for_now(county: County, wang: Device) -> None:
    zhou = county.worker("周大寒", VILLAGE, "village_staff")
    never = zhou.line()[0]
    case = zhou.create("dispute", unit=GRID)
    was = {"status": "accepted", "tier": "village", "assignee": None}
    now = was | {"status": "mediating"}
    move = zhou.line(do="change", type="dispute", id=case, over={"status": [never]}, was=was, now=now)
    assert zhou.push([move[1]], owes=1).outcome(move[0])["field"] == "id"
    zhou.sync()
    assert zhou.push([move[1]]).outcome(move[0])["field"] == "status"
