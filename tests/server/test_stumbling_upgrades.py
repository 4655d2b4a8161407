"""An upgrade of the schemas that stumbles over one line holds that line, and nothing else, until a release mends it.
What another release left held and waiting for nothing is judged again."""

import dataclasses
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from schemas import catalog
from server import administration, asked, holding, loading, push, replay
from server.store import schema, tables
from tests.support.county import GRID, NEXT_GRID, County
from tests.support.device import Device


def stripped(values: Mapping[str, object]) -> Mapping[str, object]:
    address = values["address"]
    assert isinstance(address, str)
    return {**values, "address": address.strip()}


def mended(values: Mapping[str, object]) -> Mapping[str, object]:
    return stripped(values) if "address" in values else values


def test_a_line_that_the_upgrade_stumbles_over_is_held_until_it_is_mended(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    newer, newest = (
        dataclasses.replace(catalog.CATALOG, version=2, upgrades={("household", 1): upgrade})
        for upgrade in (stripped, mended)
    )
    with monkeypatch.context() as release:
        for module in (asked, loading, push):
            release.setattr(module, "CATALOG", newer)
        good = wang.create("household", unit=GRID, address=" 东 ")
        wang.sync()
        bad = wang.put(do="change", type="household", id=good, over={"door_no": [good]}, now={"door_no": "1"})
        named = wang.put(
            do="change", type="household", id=good, over={"notes": [bad]}, now={"address": "东", "notes": "x"}
        )
        wang.sync()
        assert wang.outcomes[bad] == wang.outcomes[bad] | {"result": "held", "code": "server-error"}
        assert wang.outcomes[named]["result"] == "conflict"
    (told,) = (each for each in caplog.records if each.msg == "line_held")
    assert str(vars(told)["error"]).startswith("KeyError in stripped")

    monkeypatch.setattr(holding, "release", lambda: "next")
    for module in (asked, loading, push, replay):
        monkeypatch.setattr(module, "CATALOG", newest)
    holding.take_up_release(county.center)
    wang.catch_up()
    assert wang.rows["held", bad]["doc"]["result"] == "applied"
    assert wang.document("household", good)["door_no"] == "1"
    assert county.differences() == []
    county.is_checked = False  # What it was upgraded to is no difference only while the upgrade is there.


def test_what_an_early_release_forgot_to_wait_for_is_waited_for_again(
    county: County, wang: Device, zhao: Device
) -> None:
    """A visit before its household came; another that a revoked tablet handed over waits for staff, as before."""
    home, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "渠边路 3 号"})
    visit, owed = wang.create("visit", household=home, unit=GRID), zhao.create("household", unit=NEXT_GRID)
    wang.sync()
    administration.revoke(county.center, zhao.tablet)
    zhao.push(list(zhao.outbox.values()))
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.held_wait))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0008'"))
    schema.migrate(county.center.settings.database_url)
    assert {each["edit"]: each["waits_for"] for each in holding.held(county.center)} == {visit: ["release"], owed: []}
    holding.take_up_release(county.center)
    waits = {each["edit"]: each["waits_for"] for each in holding.held(county.center)}
    assert waits == {visit: [f"person:{wang.person}", f"record:{home}"], owed: []}
    assert wang.push([line]).outcome(home)["result"] == "applied"
    assert [each["edit"] for each in holding.held(county.center)] == [owed]
