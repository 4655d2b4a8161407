"""People come to other grids and leave theirs; grids come under other villages."""

from datetime import UTC, datetime, timedelta

import pytest

from server import administration
from server.administration import Period
from tests.support.clock import DAY_MS, HOUR_MS, MORNING_MS
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.statements import statements

TODAY = datetime.fromtimestamp(MORNING_MS / 1000, UTC).date()


def move(county: County, person: str, old: str, new: str) -> None:
    administration.assign(county.center, person, new, None, Period())
    administration.unassign(county.center, person, old, Period())


@pytest.mark.parametrize("want", [1, 3, 1000])
def test_a_worker_moves_to_another_grid(county: County, wang: Device, li: Device, zhao: Device, want: int) -> None:
    """The new grid's rows are caught up with, however small the pages; the old grid's go with one line."""
    wang.want = want
    here = [li.create("household", unit=GRID) for _ in range(5)]
    there = [zhao.create("household", unit=FAR_GRID) for _ in range(5)]
    li.sync()
    zhao.sync()
    wang.catch_up()
    assert sorted(wang.all("household")) == sorted(here)
    county.clock.pass_ms(HOUR_MS)
    move(county, wang.person, GRID, FAR_GRID)
    first, *_ = answers = wang.catch_up()
    assert first.lost == (f"unit:{GRID}",)
    assert sorted(wang.all("household")) == sorted(there)
    assert sum(len(each.rows) for each in answers) == len(there)
    assert all(len(each.rows) <= want for each in answers)


@pytest.mark.parametrize("want", [1, 2, 1000])
def test_what_changes_while_a_key_catches_up_is_not_missed(
    county: County, wang: Device, li: Device, zhao: Device, want: int
) -> None:
    wang.want = want
    old = [zhao.create("household", unit=FAR_GRID) for _ in range(4)]
    zhao.sync()
    wang.catch_up()
    administration.assign(county.center, wang.person, FAR_GRID, None, Period())
    for number in range(12):
        mine, theirs = li.create("household", unit=GRID), zhao.create("household", unit=FAR_GRID)
        zhao.change("household", old[number % 4], people_count=number)
        li.sync()
        zhao.sync()
        wang.sync()
        assert mine
        assert theirs
    wang.catch_up()
    zhao.catch_up()
    li.catch_up()
    assert wang.all("household") == zhao.all("household") | li.all("household")


def test_a_key_that_is_lost_while_it_catches_up(county: County, wang: Device, zhao: Device) -> None:
    for _ in range(6):
        zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    wang.catch_up()
    wang.want = 2
    administration.assign(county.center, wang.person, FAR_GRID, None, Period())
    wang.sync()
    assert len(wang.rows) == 2
    county.clock.pass_ms(HOUR_MS)
    administration.unassign(county.center, wang.person, FAR_GRID, Period())
    answers = wang.catch_up()
    assert answers[0].lost == (f"unit:{FAR_GRID}",)
    assert not wang.rows
    assert not answers[-1].last["more"]
    administration.assign(county.center, wang.person, FAR_GRID, None, Period())
    wang.catch_up()
    assert wang.all("household") == zhao.all("household")


def test_late_work_from_before_the_end_is_taken(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    visit = wang.create("visit", household=home, unit=GRID)
    phone = wang.change("household", home, phone="138 0000 0000")
    county.clock.pass_ms(DAY_MS)
    administration.unassign(county.center, wang.person, GRID, Period())
    county.clock.pass_ms(DAY_MS)
    answer = wang.sync()
    assert answer.outcome(visit)["result"] == answer.outcome(phone)["result"] == "applied"
    assert not wang.rows
    li.sync()
    assert li.sees(visit)


def test_work_dated_after_the_end_is_not(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    administration.unassign(county.center, wang.person, GRID, Period())
    county.clock.pass_ms(DAY_MS)
    new = wang.create("household", unit=GRID)
    phone = wang.change("household", home, phone="138 0000 0000")
    answer = wang.sync()
    assert answer.outcome(new).items() >= {"result": "refused", "code": "not-allowed", "field": "unit"}.items()
    assert answer.outcome(phone).items() >= {"result": "held", "code": "unknown-record"}.items()
    li.sync()
    assert "phone" not in li.all("household")[home]


def test_an_assignment_that_is_entered_late_lets_go_on_what_waited(county: County, wang: Device, li: Device) -> None:
    """The office enters on Friday what has held since Monday."""
    home = li.create("household", unit=GRID)
    li.sync()
    guest = county.worker("何来", FAR_GRID)
    phone = guest.change("household", home, phone="138 0000 0000")
    assert guest.sync().outcome(phone)["result"] == "held"
    county.clock.pass_ms(DAY_MS)
    administration.assign(county.center, guest.person, GRID, None, Period(first=TODAY - timedelta(days=2)))
    guest.catch_up()
    assert guest.all("household")[home]["phone"] == "138 0000 0000"
    assert guest.all("held")[phone]["result"] == "applied"


def test_an_assignment_ends_by_itself(county: County, li: Device) -> None:
    guest = county.worker("何来", GRID, period=Period(first=TODAY, last=TODAY))
    li.create("household", unit=GRID)
    li.sync()
    guest.catch_up()
    assert guest.rows
    county.clock.pass_ms(DAY_MS)
    assert guest.sync().lost == (f"unit:{GRID}",)
    assert not guest.rows


def test_a_grid_comes_under_another_village(county: County, wang: Device, zhao: Device) -> None:
    """Scopes change, records do not."""
    here = county.worker("孙立", VILLAGE, "village_staff")
    there = county.worker("钱进", OTHER_VILLAGE, "village_staff")
    home = wang.create("household", unit=GRID)
    for device in (wang, here, there):
        device.catch_up()
    county.clock.pass_ms(HOUR_MS)
    administration.move_unit(county.center, GRID, OTHER_VILLAGE)
    assert set(here.sync().lost) == {f"unit:{GRID}", f"staff:{GRID}"}
    assert not here.sees(home)
    there.catch_up()
    assert there.sees(home)
    answer = wang.sync()
    assert (answer.rows, answer.lost) == ((), ())


def test_late_work_of_a_village_that_lost_a_grid_counts(county: County, wang: Device, li: Device) -> None:
    """The village's officer worked in the grid with no signal, before and after it came under another village."""
    zhou = county.worker("周大寒", VILLAGE, "village_staff")
    home = wang.create("household", unit=GRID)
    wang.sync()
    zhou.catch_up()
    county.clock.pass_ms(DAY_MS)
    before = zhou.change("household", home, phone="100 0000 0001")
    county.clock.pass_ms(HOUR_MS)
    administration.move_unit(county.center, GRID, OTHER_VILLAGE)
    county.clock.pass_ms(HOUR_MS)
    after = zhou.change("household", home, door_no="9号")
    new = zhou.create("household", unit=GRID)
    answer = zhou.sync()
    assert answer.outcome(before)["result"] == "applied"
    assert answer.outcome(after)["result"] == "held"
    assert answer.outcome(new)["result"] == "refused"
    assert not zhou.sees(home)
    li.catch_up()
    assert li.all("household")[home].items() >= {"phone": "100 0000 0001", "unit": GRID}.items()
    assert "door_no" not in li.all("household")[home]


def test_a_move_costs_the_same_however_much_stands_there(county: County, wang: Device) -> None:
    counts = []
    for homes, village in ((1, OTHER_VILLAGE), (200, VILLAGE)):
        for _ in range(homes):
            wang.create("household", unit=GRID)
        wang.catch_up()
        county.clock.pass_ms(HOUR_MS)
        with statements(county.center.engine) as said:
            administration.move_unit(county.center, GRID, village)
        counts.append(len(said))
    assert counts[0] == counts[1]


def test_no_unit_comes_under_itself(county: County) -> None:
    for unit, parent in ((VILLAGE, GRID), (VILLAGE, VILLAGE), (TOWNSHIP, FAR_GRID), (COUNTY, TOWNSHIP)):
        with pytest.raises(administration.NotPossibleError):
            administration.move_unit(county.center, unit, parent)


def test_county_staff_read_by_revision(county: County, wang: Device, zhao: Device) -> None:
    chen = county.worker("陈和", COUNTY, "county_staff")
    wang.create("entry", dispute=wang.create("dispute", unit=GRID))
    far = zhao.create("household", unit=FAR_GRID)
    zhao.change("household", "00000000-0000-7000-8000-000000000002", phone="1")
    wang.sync()
    zhao.sync()
    chen.want = 1
    answers = chen.catch_up()
    assert [row["rev"] for each in answers for row in each.rows] == sorted(row["rev"] for row in chen.rows.values())
    assert sorted(kind for kind, _ in chen.rows) == ["dispute", "entry", "held", "household"]
    assert chen.rows["household", far]["keys"] == [f"unit:{FAR_GRID}"]
    zhao.change("household", far, phone="138 0000 0000")
    zhao.sync()
    assert [row["id"] for row in chen.sync().rows] == [far]
    administration.add_unit(county.center, f"{VILLAGE}009", "新组", VILLAGE)
    answer = chen.sync()
    assert (answer.rows, answer.lost) == ((), ()), "a new grid changes nothing for one who sees everything"


def test_who_narrows_from_the_county_to_a_village_loses_the_rest(county: County, wang: Device, zhao: Device) -> None:
    chen = county.worker("陈和", COUNTY, "county_staff")
    mine, far = wang.create("household", unit=GRID), zhao.create("household", unit=FAR_GRID)
    wang.sync()
    zhao.sync()
    chen.catch_up()
    county.clock.pass_ms(HOUR_MS)
    administration.assign(county.center, chen.person, VILLAGE, "village_staff", Period())
    administration.unassign(county.center, chen.person, COUNTY, Period())
    answers = chen.catch_up()
    kept = {f"{kind}:{unit}" for kind in ("unit", "staff") for unit in (COUNTY, TOWNSHIP, OTHER_VILLAGE, FAR_GRID)}
    assert set(answers[0].lost) == kept
    assert chen.sees(mine)
    assert not chen.sees(far)
    assert not any(each.rows for each in answers), "what they had they keep, without a word"
    new = wang.create("household", unit=NEXT_GRID[:-1] + "1")
    wang.sync()
    chen.sync()
    assert chen.sees(new)


def test_who_widens_from_a_village_to_the_county_gets_the_rest(county: County, wang: Device, zhao: Device) -> None:
    chen = county.worker("陈和", VILLAGE, "village_staff")
    mine, far = wang.create("household", unit=GRID), zhao.create("household", unit=FAR_GRID)
    wang.sync()
    zhao.sync()
    chen.catch_up()
    administration.assign(county.center, chen.person, COUNTY, "county_staff", Period())
    chen.catch_up()
    assert chen.sees(mine)
    assert chen.sees(far)


@pytest.mark.parametrize("want", [1, 1000])
def test_what_moved_to_a_key_that_was_lost_before_it_came_is_gone(
    county: County, wang: Device, li: Device, want: int
) -> None:
    """A home goes from a grid of li's to one that li catches up with, and no longer has when its turn would come."""
    both = county.worker("孙立秋", GRID)
    administration.assign(county.center, both.person, NEXT_GRID, None, Period())
    for _ in range(4):
        both.create("household", unit=NEXT_GRID)
    home = wang.create("household", unit=GRID)
    everyone = (wang, both, li)
    for each in everyone:
        each.catch_up()
    assert li.sees(home)
    administration.assign(county.center, li.person, NEXT_GRID, None, Period())
    assert li.sync(want=1).last["more"]
    both.catch_up()
    both.change("household", home, unit=NEXT_GRID)
    both.sync()
    answer = li.sync(want=want)
    assert [row["keys"] for row in answer.rows if row["id"] == home] == [[f"unit:{NEXT_GRID}"]], "once, as it is now"
    county.clock.pass_ms(HOUR_MS)
    administration.unassign(county.center, li.person, NEXT_GRID, Period())
    li.catch_up()
    assert not li.sees(home)
    assert li.all("household") == {}


def test_county_staff_who_join_a_body_read_what_it_has_and_nothing_else(county: County, wang: Device) -> None:
    """So they keep it when they leave the county for a post that sees less."""
    chen = county.worker("陈和", COUNTY, "county_staff")
    zhou = county.worker("周大寒", VILLAGE, "village_staff")
    committee = str(administration.add_body(county.center, "综治中心", COUNTY)["id"])
    wang.create("household", unit=GRID)
    case = wang.create("dispute", unit=GRID)
    wang.sync()
    zhou.catch_up()
    zhou.change("dispute", case, status="accepted", assignee=f"body:{committee}")
    zhou.sync()
    chen.catch_up()
    assert chen.sync().rows == ()
    administration.join(county.center, committee, chen.person)
    [row] = chen.sync().rows
    assert (row["id"], row["keys"]) == (case, [f"body:{committee}", f"unit:{GRID}"])
    assert [row["id"] for row in chen.push([], again=[f"body:{committee}"], cursor=chen.cursor).rows] == [case]
    county.clock.pass_ms(HOUR_MS)
    administration.assign(county.center, chen.person, VILLAGE, "mediator", Period())
    administration.unassign(county.center, chen.person, COUNTY, Period())
    chen.catch_up()
    assert list(chen.all("dispute")) == [case]
    assert chen.all("household") == {}
    administration.leave(county.center, committee, chen.person)
    chen.catch_up()
    assert chen.all("dispute") == {}


def test_somebody_elses_cursor_tells_nothing_of_what_they_hold(county: County, wang: Device, zhao: Device) -> None:
    zhao.catch_up()
    answer = wang.push([], cursor=zhao.cursor)
    assert answer.head["replay"]
    assert answer.lost == ()
