"""The status of a unit: fractions at every level, inside the caller's scope, at a cost that records do not raise."""

from typing import Any

import httpx
import pytest

from server import administration
from sync.codes import UNSEEN
from tests.support.clock import DAY_MS
from tests.support.county import ALWAYS, COUNTY, FAR_GRID, GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.statements import statements


def asked(device: Device, **parameters: str) -> httpx.Response:
    return device.http.get("/api/v1/status", params=parameters, headers={"Authorization": f"Bearer {device.token}"})


def status(device: Device, **parameters: str) -> Any:
    answer = asked(device, **parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def settle(device: Device, **values: object) -> str:
    dispute = device.create("dispute", unit=GRID, **values)
    for step in ("accepted", "mediating", "agreed", "performed"):
        device.change("dispute", dispute, status=step)
    return dispute


def test_an_evening_shows_at_every_level(county: County, wang: Device, sun: Device, tang: Device) -> None:
    zhao = county.worker("赵春来", FAR_GRID)
    homes = [wang.create("household", unit=GRID) for _ in range(4)]
    for home in homes[:3]:
        wang.create("visit", household=home, unit=GRID, result="met" if home != homes[0] else "nobody_home")
    settle(wang, satisfaction=5)
    open_case = wang.create("dispute", unit=GRID)
    wang.change("dispute", open_case, status="accepted")
    wang.sync()
    zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    township = status(tang)
    assert township["unit"] == TOWNSHIP
    counts, measures = township["counts"], township["measures"]
    assert (counts["reported"], counts["received"], counts["settled"]) == (2, 2, 1)
    assert (counts["carried_in"], counts["carried_out"], counts["visits"], counts["visits_met"]) == (0, 1, 3, 2)
    assert measures["success_of_received"] == {"numerator": 1, "denominator": 2}
    assert measures["visit_coverage"] == {"numerator": 2, "denominator": 5}
    assert measures["satisfied"] == {"numerator": 1, "denominator": 1}
    assert measures["freshness"] == {"numerator": 2, "denominator": 2}, "staff's tokens only read"
    villages = {each["unit"]: each for each in township["units"]}
    assert villages[VILLAGE]["measures"]["visit_coverage"] == {"numerator": 2, "denominator": 4}
    assert villages[OTHER_VILLAGE]["measures"]["visit_coverage"] == {"numerator": 0, "denominator": 1}
    grid = next(each for each in status(sun)["units"] if each["unit"] == GRID)
    assert grid["counts"] == {
        name: value for name, value in villages[VILLAGE]["counts"].items() if "tablets" not in name
    }
    assert "freshness" not in grid["measures"], "of one grid it would be about one person"


def test_freshness_is_told_of_two_peoples_tablets_and_more_alone(
    county: County, wang: Device, sun: Device, tang: Device
) -> None:
    zhao = county.worker("赵春来", FAR_GRID)
    for tablet in (wang, zhao, county.device(wang.person)):
        tablet.sync()
    assert status(tang)["counts"]["tablets"] == 3
    villages = {each["unit"]: each for each in status(tang)["units"]}
    for lone in (villages[VILLAGE], villages[OTHER_VILLAGE], status(sun)):
        assert not {"tablets", "tablets_fresh"} & lone["counts"].keys()
        assert "freshness" not in lone["measures"]
    county.worker("李小满", GRID).sync()
    assert status(sun)["measures"]["freshness"] == {"numerator": 3, "denominator": 3}


def test_what_was_open_before_is_carried_in_and_what_is_late_is_overdue(
    county: County, wang: Device, tang: Device
) -> None:
    case = wang.create("dispute", unit=GRID)
    wang.change("dispute", case, status="accepted")
    wang.sync()
    county.clock.pass_ms(40 * DAY_MS)
    found = status(tang)
    assert (found["from"], found["to"]) == ("2026-12-01", "2026-12-31")
    assert (found["counts"]["carried_in"], found["counts"]["received"], found["counts"]["carried_out"]) == (1, 0, 1)
    assert found["measures"]["overdue"] == {"numerator": 1, "denominator": 1}
    assert found["previous"]["counts"]["received"] == 1
    assert found["year_before"]["counts"]["received"] == 0


def test_a_span_within_months_is_the_sum_of_its_days(county: County, wang: Device, tang: Device) -> None:
    for _ in range(6):
        wang.create("visit", household=wang.create("household", unit=GRID), unit=GRID)
        wang.sync()
        county.clock.pass_ms(17 * DAY_MS)
    days = [("2026-11-21", "2026-11-21", 1), ("2026-11-22", "2027-01-10", 2), ("2026-11-01", "2027-02-14", 6)]
    for first, last, visits in days:
        assert status(tang, **{"from": first, "to": last})["counts"]["visits"] == visits


def test_late_work_counts_on_its_day(county: County, wang: Device, tang: Device) -> None:
    wang.create("visit", household=wang.create("household", unit=GRID), unit=GRID)
    county.clock.pass_ms(20 * DAY_MS)
    wang.sync()
    assert status(tang)["counts"]["visits"] == 0
    assert status(tang, **{"from": "2026-11-01", "to": "2026-11-30"})["counts"]["visits"] == 1


def test_a_visit_that_is_corrected_is_counted_anew(county: County, wang: Device, tang: Device) -> None:
    home = wang.create("household", unit=GRID)
    visit = wang.create("visit", household=home, unit=GRID)
    wang.sync()
    wang.catch_up()
    assert status(tang)["measures"]["visit_coverage"]["numerator"] == 1
    wang.change("visit", visit, result="nobody_home")
    wang.sync()
    assert status(tang)["measures"]["visit_coverage"]["numerator"] == 0
    wang.catch_up()
    wang.change("visit", visit, result="met", removed="误登记")
    wang.sync()
    assert status(tang)["measures"]["visit_coverage"]["numerator"] == 0, "as if it had not been"
    wang.catch_up()
    wang.change("household", home, removed="重复登记")
    wang.sync()
    assert status(tang)["measures"]["visit_coverage"] == {"numerator": 0, "denominator": 0}


def test_a_household_that_was_changed_is_counted_right_by_what_attends_it_later(
    county: County, wang: Device, tang: Device
) -> None:
    home = wang.create("household", unit=GRID)
    visits = [wang.create("visit", household=home, unit=GRID) for _ in range(2)]
    wang.sync()
    wang.catch_up()
    wang.change("household", home, add={"service_needs": ["living_alone_elder"]}, address="2 Canal Lane")
    wang.sync()
    wang.catch_up()
    wang.change("visit", visits[0], result="nobody_home")
    wang.sync()
    assert status(tang)["measures"]["visit_coverage"] == {"numerator": 1, "denominator": 1}
    wang.change("visit", visits[1], result="nobody_home")
    wang.sync()
    assert status(tang)["measures"]["visit_coverage"] == {"numerator": 0, "denominator": 1}


def test_a_dispute_whose_status_is_written_by_escapes_is_no_household(
    county: County, wang: Device, tang: Device
) -> None:
    fence = wang.create("dispute", unit=GRID)
    wang.outbox[fence] = wang.outbox[fence].replace(b'"status"', rb'"\u0073tatus"')
    wang.sync()
    assert county.differences() == []
    assert (status(tang)["counts"]["reported"], status(tang)["counts"]["households"]) == (0, 0)


def test_a_grid_that_moves_takes_its_counts_along(county: County, wang: Device, tang: Device) -> None:
    wang.create("household", unit=GRID)
    wang.sync()
    administration.move_unit(county.center, GRID, OTHER_VILLAGE)
    villages = {each["unit"]: each["counts"]["households"] for each in status(tang)["units"]}
    assert villages == {VILLAGE: 0, OTHER_VILLAGE: 1}


@pytest.mark.parametrize("unit", [COUNTY, OTHER_VILLAGE, FAR_GRID, "999999"])
def test_nobody_sees_the_status_of_another_unit(county: County, sun: Device, unit: str) -> None:
    answer = asked(sun, unit=unit)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (404, "not-found", "unit")
    assert (answer.json()["zh"], answer.json()["en"]) == (UNSEEN.zh, UNSEEN.en)


def test_ones_own_unit_is_the_highest_of_those_that_one_holds_now(county: County, sun: Device) -> None:
    administration.assign(county.center, sun.person, TOWNSHIP, "township_staff", ALWAYS)
    assert status(sun)["unit"] == TOWNSHIP
    county.clock.pass_ms(DAY_MS)
    administration.unassign(county.center, sun.person, TOWNSHIP, administration.Period())
    assert status(sun)["unit"] == VILLAGE


def test_a_mediator_has_no_unit_to_look_at(county: County) -> None:
    chen = county.worker("陈和", VILLAGE, "mediator")
    assert asked(chen).status_code == asked(chen, unit=VILLAGE).status_code == 404


@pytest.mark.parametrize(
    ("field", "day"), [("from", "yesterday"), ("to", "2026-02-30"), ("from", "2026-11-22"), ("to", "0001-01-01")]
)
def test_a_day_that_is_none_is_said(county: County, sun: Device, field: str, day: str) -> None:
    answer = asked(sun, **{field: day})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "invalid", field)


def test_its_cost_does_not_grow_with_records(county: County, wang: Device, tang: Device) -> None:
    """As many rows are read, by as many statements, for 40 visits of a day as for 4: counters are, records are not."""

    def rows() -> int:
        with county.center.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM counter").scalar_one())

    costs = []
    for visits in (4, 40):
        home = wang.create("household", unit=GRID)
        for _ in range(visits):
            wang.create("visit", household=home, unit=GRID)
        settle(wang, satisfaction=5)
        wang.sync()
        with statements(county.center.engine) as said:
            status(tang)
        assert not [each for each in said if " record" in each or "edit_log" in each or "placement" in each]
        costs.append((len(said), rows()))
    assert costs[0] == costs[1]
