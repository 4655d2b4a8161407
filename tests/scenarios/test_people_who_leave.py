"""Somebody leaves: they may do nothing from then on, what they did before stays, and their cases are found."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from server import administration, holding
from server.administration import NotPossibleError
from server.store import tables
from tests.support.answers import ProblemAnswerError
from tests.support.clock import DAY_MS, HOUR_MS
from tests.support.county import GRID, VILLAGE, County
from tests.support.device import Device


def test_late_work_of_one_who_left_waits_for_staff_and_counts(county: County, wang: Device, li: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    county.clock.pass_ms(DAY_MS)
    visit = wang.create("visit", household=home, unit=GRID)
    phone = wang.change("household", home, phone="100 0000 0001")
    county.clock.pass_ms(DAY_MS)

    done = administration.disable(county.center, wang.person, "调离")
    assert (done.assignments, done.tablets, done.codes) == (1, 1, 0)

    county.clock.pass_ms(DAY_MS)
    answer = wang.sync()
    assert {answer.outcome(each)["code"] for each in (visit, phone)} == {"tablet-revoked"}
    assert answer.rows == ()
    for each in (visit, phone):
        assert holding.let_go(county.center, each)["result"] == "applied"
    li.catch_up()
    assert li.sees(visit)
    assert li.all("household")[home]["phone"] == "100 0000 0001"
    with pytest.raises(ProblemAnswerError):
        wang.sync()


def test_what_waited_for_another_record_is_taken_by_its_date(county: County, wang: Device, li: Device) -> None:
    """Wang's edit came before he left, and waits for a household that li's tablet still holds."""
    home = li.create("household", unit=GRID)
    wang.rows["household", home] = {"doc": {"unit": GRID, "address": "渠边"}, "keys": []}
    phone = wang.change("household", home, phone="100 0000 0002")
    assert wang.sync().outcome(phone)["result"] == "held"
    county.clock.pass_ms(HOUR_MS)
    administration.disable(county.center, wang.person)
    county.clock.pass_ms(HOUR_MS)
    li.sync()
    li.catch_up()
    assert li.all("household")[home]["phone"] == "100 0000 0002"


def test_a_new_tablet_takes_nothing_dated_after_the_end(county: County, wang: Device) -> None:
    """Whoever gives one out by mistake opens nothing."""
    home = wang.create("household", unit=GRID)
    wang.sync()
    county.clock.pass_ms(HOUR_MS)
    administration.disable(county.center, wang.person)
    county.clock.pass_ms(HOUR_MS)
    again = county.device(wang.person)
    assert again.sync().rows == ()
    new = again.create("household", unit=GRID)
    again.rows["household", home] = {"doc": {"unit": GRID}, "keys": []}
    phone = again.change("household", home, phone="100 0000 0003")
    answer = again.sync()
    assert (answer.outcome(new)["result"], answer.outcome(phone)["result"]) == ("refused", "held")


def test_an_open_code_is_void_and_a_second_time_does_nothing_more(county: County, wang: Device) -> None:
    committee = str(administration.add_body(county.center, "调委会", VILLAGE)["id"])
    administration.join(county.center, committee, wang.person)
    code = county.code(wang.person)
    done = administration.disable(county.center, wang.person)
    assert (done.assignments, done.memberships, done.tablets, done.codes) == (1, 1, 1, 1)
    with pytest.raises(ProblemAnswerError) as refused:
        Device(county.http, county.clock).enroll(code)
    assert refused.value.code == "code-spent"

    lines = logged(county)
    county.clock.pass_ms(HOUR_MS)
    again = administration.disable(county.center, wang.person)
    assert (again.assignments, again.memberships, again.tablets, again.codes) == (0, 0, 0, 0)
    assert logged(county) == lines
    with pytest.raises(NotPossibleError):
        administration.disable(county.center, "nobody")
    with pytest.raises(NotPossibleError):
        administration.disable(county.center, wang.person, "长" * 501)


def test_their_tablets_stay_revoked_when_a_backup_is_restored(county: County, wang: Device, tmp_path: Path) -> None:
    """What says so is outside the database before it commits."""
    file = tmp_path / "lasting.ndjson"
    center = replace(county.center, settings=replace(county.center.settings, lasting_file=file))
    administration.disable(center, wang.person)
    (entry,) = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert (entry["do"], entry["tablet"]) == ("revoke", wang.tablet)


def test_open_cases_are_listed_to_be_assigned_to_somebody_else(county: County, wang: Device) -> None:
    chen = county.worker("陈白露", VILLAGE, "mediator")
    zhou = county.worker("周大寒", VILLAGE, "village_staff")
    given, closed, other = (wang.create("dispute", unit=GRID) for _ in range(3))
    wang.sync()
    zhou.catch_up()
    for case in (given, closed):
        zhou.change("dispute", case, status="accepted", assignee=f"person:{chen.person}")
    zhou.sync()
    zhou.change("dispute", closed, status="withdrawn")
    zhou.catch_up()

    done = administration.disable(county.center, chen.person)
    assert [case["dispute"] for case in done.cases] == [given]
    assert done.cases[0].items() >= {"unit": GRID, "status": "accepted", "tier": "village"}.items()
    assert "title" not in done.cases[0]

    zhou.change("dispute", given, assignee=f"person:{zhou.person}")
    zhou.sync()
    assert administration.disable(county.center, chen.person).cases == ()
    assert other


def logged(county: County) -> int:
    with county.center.engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(tables.edit_log)) or 0
