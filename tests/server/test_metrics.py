"""What whoever watches the server is told: counts, the same from every process, of nobody and no place."""

import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from server import administration
from server.center_push import targets
from server.store.center_outbox import Secret
from tests.support.clock import DAY_MS
from tests.support.county import COUNTY, GRID, County
from tests.support.device import Device
from tests.support.markdown import ROOT
from tests.support.statements import statements

CENTERS = [f"https://upper.example/secret-{name}/status?token=secret-{name}" for name in "ab"]
SECRET = "whsec_" + "QUFB" * 11
STATEMENTS = 4
"""The county, what is held, the tablets, the centers."""

Counts = dict[tuple[str, str], float]
"""By the metric, and its label's value where it has one."""


def told(county: County) -> Counts:
    answer = county.http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name != "doorstep_info"
    }


def test_a_day_of_work_as_counts(county: County, wang: Device) -> None:
    before = told(county)
    assert before["doorstep_tablets", ""] == 1
    li = county.worker("李二", GRID)
    home = wang.create("household", unit=GRID)
    li.create("visit", household=home, unit=GRID)
    li.sync()  # Its household is not here yet.
    during = told(county)
    assert during["doorstep_held_edits", "unknown-record"] == 1
    assert (during["doorstep_tablets", ""], during["doorstep_tablets_heard", ""]) == (2, 1)
    wang.sync()
    after = told(county)
    assert ("doorstep_held_edits", "unknown-record") not in after
    assert after["doorstep_tablets_heard", ""] == 2
    assert after["doorstep_revision", ""] > during["doorstep_revision", ""] > before["doorstep_revision", ""]
    county.clock.now_ms += DAY_MS
    assert told(county)["doorstep_tablets_heard", ""] == 0


def test_what_tablets_still_owe_and_who_was_revoked(county: County, wang: Device) -> None:
    homes = [wang.create("household", unit=GRID) for _ in range(5)]
    wang.push([wang.outbox[homes[0]]], owes=4)
    assert told(county)["doorstep_edits_owed", ""] == 4
    tablet = str(administration.all_tablets(county.center)[0]["id"])
    administration.revoke(county.center, tablet)
    after = told(county)
    assert (after["doorstep_tablets", ""], after["doorstep_tablets_revoked", ""]) == (0, 1)
    assert after["doorstep_edits_owed", ""] == 0


def test_centers_are_told_apart_and_no_secret_is(county: County) -> None:
    for center in CENTERS:
        targets.add(county.center, center, Secret(SECRET))
    counts = told(county)
    called = {label for name, label in counts if name == "doorstep_center_waiting"}
    assert [name.partition("/")[0] for name in called] == ["upper.example"] * 2
    assert {name: value for (name, label), value in counts.items() if label == min(called)} == {
        "doorstep_center_waiting": 0,
        "doorstep_center_refused": 0,
        "doorstep_center_stopped": 0,
        "doorstep_center_delivered_timestamp_seconds": 0,
    }
    answer = county.http.get("/metrics").text
    assert "secret" not in answer
    assert SECRET not in answer


def test_it_asks_the_same_however_much_a_county_keeps(county: County, wang: Device) -> None:
    def cost() -> int:
        with statements(county.center.engine) as said:
            county.http.get("/metrics")
        return sum(each.startswith("SELECT") for each in said)

    first = cost()
    for _ in range(30):
        wang.create("household", unit=GRID, head_name="户主甲")
    wang.sync()
    assert cost() == first == STATEMENTS
    answer = county.http.get("/metrics").text
    assert not any(word in answer for word in ("户主甲", GRID, wang.person))
    assert f'county="{COUNTY}"' in answer


def test_before_there_is_a_county(bare_county: httpx.Client) -> None:
    answer = bare_county.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.fixture
def bare_county(migrated_url: str) -> Iterator[httpx.Client]:
    county = County(migrated_url)
    yield county.http
    county.stop()


def test_the_document_names_what_is_told(county: County) -> None:
    targets.add(county.center, CENTERS[0], Secret(SECRET))
    document = (ROOT / "docs/keeping.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(doorstep_\w+)`", document, re.MULTILINE))
    families = text_string_to_metric_families(county.http.get("/metrics").text)
    assert {family.name for family in families} == listed
