"""Lists of records: filtered, sorted, in pages, masked, and never more than the caller's."""

from typing import Any

import pytest

from schemas.catalog import CATALOG
from schemas.reading import FILTER_VALUES_MAX, LIST_ROWS_MAX
from server import administration
from server.administration import Period
from server.store import listing
from sync.codes import UNSEEN
from tests.support.answers import ProblemAnswerError
from tests.support.clock import HOUR_MS, MINUTE_MS
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.reader import answered, got, ids, items, pages


def problem(device: Device, path: str, **parameters: Any) -> tuple[int, str, str | None]:
    with pytest.raises(ProblemAnswerError) as refused:
        answered(device, path, **parameters)
    return refused.value.status, refused.value.code, refused.value.document.get("field")


def test_a_list_holds_what_its_reader_may_see(county: County, wang: Device, zhao: Device) -> None:
    mine, theirs = wang.create("household", unit=GRID), zhao.create("household", unit=FAR_GRID)
    wang.sync()
    zhao.sync()
    sun = county.worker("孙立", TOWNSHIP, "township_staff")
    assert ids(wang, "household") == [mine]
    assert ids(zhao, "household") == [theirs]
    assert set(ids(sun, "household")) == {mine, theirs}
    assert ids(county.worker("何来", COUNTY, "admin"), "household") == []


def test_an_item_is_a_record_with_its_sensitive_values_masked(wang: Device) -> None:
    home = wang.create("household", unit=GRID, phone="13812348000", service_needs=["hardship"], head_name="甲某")
    wang.sync()
    (item,) = items(wang, "records/household")
    assert item["id"] == home
    assert item["doc"] == {
        "unit": GRID, "address": "渠边路 3 号", "phone": "138****8000", "service_needs": "***", "head_name": "甲某",
    }  # fmt: skip
    whole = got(wang, f"records/household/{home}")
    assert whole["doc"]["phone"] == "13812348000"
    assert whole["doc"]["service_needs"] == ["hardship"]
    assert {name: whole[name] for name in whole if name != "doc"} == {n: item[n] for n in item if n != "doc"}


def test_filters_by_the_values_of_fields(wang: Device) -> None:
    home = wang.create("household", unit=GRID)
    other = wang.create("household", unit=GRID)
    met = wang.create("visit", household=home, unit=GRID, result="met", follow_up_on="2026-12-01")
    away = wang.create("visit", household=home, unit=GRID, result="nobody_home")
    gone = wang.create("visit", household=other, unit=GRID, result="moved_away")
    fight = wang.create("dispute", unit=GRID, violence_likely=True)
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    assert set(ids(wang, "visit")) == {met, away, gone}
    assert ids(wang, "visit", result="met") == [met]
    assert set(ids(wang, "visit", result=["met", "moved_away"])) == {met, gone}
    assert set(ids(wang, "visit", household=home)) == {met, away}
    assert ids(wang, "visit", household=home, result=["nobody_home", "moved_away"]) == [away]
    assert ids(wang, "visit", follow_up_on="2026-12-01") == [met]
    assert set(ids(wang, "visit", visitor=wang.person)) == {met, away, gone}
    assert ids(wang, "dispute", violence_likely="true") == [fight]
    assert ids(wang, "dispute", violence_likely="false") == [fence]


def test_filters_by_unit_and_what_is_below_it(county: County, wang: Device, zhao: Device) -> None:
    near = wang.create("household", unit=GRID)
    wang.sync()
    qian = county.worker("钱少", NEXT_GRID)
    next_door = qian.create("household", unit=NEXT_GRID)
    qian.sync()
    far = zhao.create("household", unit=FAR_GRID)
    zhao.sync()
    for reader in (county.worker("孙立", TOWNSHIP, "township_staff"), county.worker("周全", COUNTY, "county_staff")):
        assert ids(reader, "household", unit=GRID) == [near]
        assert set(ids(reader, "household", unit=VILLAGE)) == {near, next_door}
        assert set(ids(reader, "household", unit=[GRID, OTHER_VILLAGE])) == {near, far}
        assert set(ids(reader, "household", unit=COUNTY)) == {near, next_door, far}
        assert ids(reader, "household", unit="nowhere") == []
    assert ids(wang, "household", unit=COUNTY) == [near], "more is asked for than is theirs"
    assert ids(wang, "household", unit=FAR_GRID) == []


def test_filters_by_assignee(county: County, wang: Device) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    chen = county.worker("陈和", VILLAGE, "mediator")
    fence, ditch = wang.create("dispute", unit=GRID), wang.create("dispute", unit=GRID)
    wang.sync()
    sun.catch_up()
    sun.change("dispute", fence, status="accepted", assignee=f"person:{chen.person}")
    sun.catch_up()
    entry = sun.create("entry", dispute=fence)
    sun.sync()
    assert ids(sun, "dispute", assignee=f"person:{chen.person}") == [fence]
    assert ids(chen, "dispute") == [fence]
    assert ids(chen, "entry") == [entry]
    assert ids(chen, "entry", assignee=f"person:{chen.person}", unit=GRID) == [entry]
    assert ids(chen, "dispute", assignee=f"person:{sun.person}") == []
    assert ids(sun, "dispute", assignee=f"person:{wang.person}") == []
    whole = county.worker("周全", COUNTY, "county_staff")
    assert ids(whole, "dispute", assignee=f"person:{chen.person}", unit=VILLAGE) == [fence]
    assert ids(whole, "dispute", assignee=f"person:{chen.person}", unit=OTHER_VILLAGE) == []
    assert set(ids(whole, "dispute")) == {fence, ditch}


def test_days_are_the_countys_own(county: County, wang: Device) -> None:
    """The clock stands at 08:33 UTC, which is 16:33 in the county; nine hours on it is the next day there."""
    home = wang.create("household", unit=GRID)
    first = wang.create(
        "visit", household=home, unit=GRID, visited_at="2026-11-20T16:00:00Z", follow_up_on="2026-12-01"
    )
    wang.sync()
    today = county.clock.stamp[:10]
    county.clock.pass_ms(9 * HOUR_MS)
    second = wang.create("visit", household=home, unit=GRID, visited_at="2026-11-21T15:59:59.999Z")
    wang.sync()
    tomorrow = f"{today[:8]}{int(today[8:]) + 1:02d}"
    assert ids(wang, "visit", first=today, to=today) == [first]
    assert ids(wang, "visit", first=tomorrow) == [second]
    assert set(ids(wang, "visit", first=today, to=tomorrow)) == {first, second}
    assert ids(wang, "visit", to="2025-12-31") == []
    assert set(ids(wang, "visit", date="visited_at", first="2026-11-21", to="2026-11-21")) == {first, second}
    assert ids(wang, "visit", date="visited_at", first="2026-11-22") == []
    assert ids(wang, "visit", date="visited_at", to="2026-11-20") == []
    assert ids(wang, "visit", date="follow_up_on", first="2026-12-01", to="2026-12-01") == [first]
    assert ids(wang, "visit", date="follow_up_on", first="2026-12-02") == []
    assert set(ids(wang, "visit", first="0001-01-01", to="9999-12-31")) == {first, second}


@pytest.mark.parametrize("sort", ["rev", "-rev", "made_at", "-made_at"])
@pytest.mark.parametrize("who", ["township_staff", "county_staff"])
def test_pages_go_through_all_in_order(county: County, wang: Device, zhao: Device, sort: str, who: str) -> None:
    made = []
    for _ in range(7):
        county.clock.pass_ms(MINUTE_MS)
        made.append(wang.create("household", unit=GRID))
        made.append(zhao.create("household", unit=FAR_GRID))
    zhao.sync()
    wang.sync()
    wang.change("household", made[0], notes="门朝东。")
    wang.sync()
    reader = county.worker("孙立", TOWNSHIP if who == "township_staff" else COUNTY, who)
    found = list(pages(reader, "records/household", sort=sort, limit=3))
    assert [len(page) for page in found] == [3, 3, 3, 3, 2]
    listed = [each for page in found for each in page]
    assert sorted(each["id"] for each in listed) == sorted(made)
    place = [(each["rev"],) if "rev" in sort else (each["made_at"], each["id"]) for each in listed]
    assert place == sorted(place, reverse=sort.startswith("-"))
    if "rev" in sort:
        assert listed[0 if sort.startswith("-") else -1]["id"] == made[0], "changed last"


@pytest.mark.parametrize("sort", ["rev", "-rev", "made_at", "-made_at"])
@pytest.mark.parametrize("who", [VILLAGE, COUNTY])
def test_a_page_ends_where_its_bytes_do(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch, sort: str, who: str
) -> None:
    made = []
    for length in (2000, 2000, 10, 9000, 10):
        made.append(wang.create("household", unit=GRID, notes="长" * (length // 3)))
        county.clock.pass_ms(MINUTE_MS)
    wang.sync()
    sun = county.worker("孙立", who, "county_staff" if who == COUNTY else "village_staff")
    monkeypatch.setattr(listing, "PAGE_BYTES_MAX", 3000)
    expected = [[0, 1], [2, 3], [4]] if not sort.startswith("-") else [[4, 3], [2, 1, 0]]
    found = [[item["id"] for item in page] for page in pages(sun, "records/household", sort=sort)]
    assert found == [[made[number] for number in each] for each in expected]
    assert [len(page) for page in pages(sun, "records/household", sort=sort, limit=1)] == [1] * 5


def test_a_record_under_two_of_the_readers_keys_comes_once(county: County, wang: Device) -> None:
    sun = county.worker("孙立", VILLAGE, "village_staff")
    fences = [wang.create("dispute", unit=GRID) for _ in range(5)]
    wang.sync()
    sun.catch_up()
    for fence in fences:
        sun.change("dispute", fence, status="accepted", assignee=f"person:{sun.person}")
    sun.sync()
    for sort in ("rev", "made_at"):
        assert [len(page) for page in pages(sun, "records/dispute", limit=2, sort=sort)] == [2, 2, 1]
        assert sorted(ids(sun, "dispute", limit=2, sort=sort)) == sorted(fences)


def test_a_page_token_is_bound_to_its_question(wang: Device) -> None:
    for _ in range(3):
        wang.create("household", unit=GRID)
    wang.sync()
    token = got(wang, "records/household", limit=1)["next"]
    assert got(wang, "records/household", limit=2, page=token)["items"], "another limit is the same question"
    for path, parameters in (
        ("records/household", {"sort": "rev"}),
        ("records/household", {"sort": "made_at"}),
        ("records/household", {"unit": GRID}),
        ("records/visit", {}),
        ("records/household", {"first": "2026-01-01"}),
    ):
        assert problem(wang, path, page=token, **parameters) == (400, "malformed", "page")


@pytest.mark.parametrize("page", ["x", "", "é", "W10", "W251bGwsMV0", "e30", "[" * 400, "A" * 500])
def test_garbage_is_no_page_token(wang: Device, page: str) -> None:
    assert problem(wang, "records/household", page=page) == (400, "malformed", "page")
    home = wang.create("household", unit=GRID)
    wang.sync()
    assert problem(wang, f"records/household/{home}/history", page=page) == (400, "malformed", "page")


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("visit", {"colour": "red"}, "colour"),
        ("visit", {"notes": "x"}, "notes"),
        ("household", {"phone": "13812348000"}, "phone"),
        ("household", {"service_needs": "hardship"}, "service_needs"),
        ("visit", {"result": "seen"}, "result"),
        ("visit", {"household": "x"}, "household"),
        ("visit", {"assignee": "person:wang"}, "assignee"),
        ("dispute", {"assignee": "wang"}, "assignee.0"),
        ("dispute", {"violence_likely": "1"}, "violence_likely"),
        ("visit", {"limit": 0}, "limit"),
        ("visit", {"limit": LIST_ROWS_MAX + 1}, "limit"),
        ("visit", {"limit": "ten"}, "limit"),
        ("visit", {"limit": ["1", "2"]}, "limit"),
        ("visit", {"sort": "notes"}, "sort"),
        ("visit", {"first": "2026-02-30"}, "from"),
        ("visit", {"to": "yesterday"}, "to"),
        ("visit", {"date": "notes"}, "date"),
        ("visit", {"date": "rev"}, "date"),
        ("visit", {"lang": "en"}, "lang"),
        ("visit", {"x" * 100: "1"}, "x" * 64),
        ("visit", {"result": ["met"] * 101}, "result"),
    ],
)
def test_what_cannot_be_asked_is_said(wang: Device, kind: str, parameters: dict[str, Any], field: str) -> None:
    assert problem(wang, f"records/{kind}", **parameters) == (422, "invalid", field)


@pytest.mark.parametrize(
    ("kind", "parameters", "zh", "en"),
    [
        (
            "entry",
            {"colour": "red"},
            "没有“colour”这个参数，可用的有：assignee, at, by, ",
            "there are assignee, at, by, ",
        ),
        ("visit", {"result": "seen"}, "“result”应为以下之一：declined, ", '"result" must be one of declined, '),
        ("visit", {"household": "x"}, "“household”不是有效的记录编号", '"household" is not a valid record id'),
        ("visit", {"limit": ["1", "2"]}, "“limit”只能给一次", '"limit" can be given only once'),
        ("visit", {"limit": 0}, "“limit”应在 1–500 之间", '"limit" must be within 1–500'),
        ("visit", {"sort": "notes"}, "“sort”应为以下之一：made_at, -made_at", "must be one of made_at, -made_at"),
        (
            "visit",
            {"date": "notes"},
            "“date”应为以下之一：follow_up_on, made_at, visited_at",
            "must be one of follow_up_on, made_at",
        ),
        ("visit", {"result": ["met"] * 101}, "“result”最多 100 项", '"result" may have at most 100 items'),
    ],
)
def test_it_is_said_what_can_be_asked(wang: Device, kind: str, parameters: dict[str, Any], zh: str, en: str) -> None:
    with pytest.raises(ProblemAnswerError) as refused:
        answered(wang, f"records/{kind}", **parameters)
    said = refused.value.document
    assert zh in said["zh"]
    assert en in said["en"] == said["detail"]


def test_the_largest_page_is_given(wang: Device) -> None:
    assert items(wang, "records/visit", limit=LIST_ROWS_MAX) == []


def test_the_longest_filter_is_taken(wang: Device) -> None:
    assert items(wang, "records/visit", result=["met"] * FILTER_VALUES_MAX) == []


def test_every_type_of_the_catalog_can_be_listed(wang: Device) -> None:
    for kind in CATALOG.types:
        assert got(wang, f"records/{kind}") == {"items": [], "next": None}
    assert problem(wang, "records/matter") == (404, "not-found", None)


def test_a_record_that_is_not_theirs_is_as_one_that_is_not_there(wang: Device, zhao: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    said = []
    for path in (f"household/{home}", "household/01a1fe00-0000-7000-8000-000000000001", "household/x", f"visit/{home}"):
        for suffix in ("", "/history"):
            with pytest.raises(ProblemAnswerError) as refused:
                answered(zhao, f"records/{path}{suffix}")
            said.append({name: value for name, value in refused.value.document.items() if name != "instance"})
    assert said == [said[0]] * len(said)
    assert said[0]["code"] == "not-found"
    assert (said[0]["zh"], said[0]["en"]) == (UNSEEN.zh, UNSEEN.en)
    assert got(wang, f"records/household/{home}")["id"] == home


def test_a_grid_that_is_lost_is_read_no_more(county: County, wang: Device) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    assert ids(wang, "household") == [home]
    administration.unassign(county.center, wang.person, GRID, Period())
    county.clock.pass_ms(MINUTE_MS)
    assert ids(wang, "household") == []
    assert problem(wang, f"records/household/{home}") == (404, "not-found", None)


PATHS = (
    "records/household", "records/household/01a1fe00-0000-7000-8000-000000000001",
    "records/household/01a1fe00-0000-7000-8000-000000000001/history", "held", "feed", "export/household.csv",
    "export/household.xlsx", "export/household.geojson",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_revoked_tablet_and_a_stranger_read_nothing(county: County, wang: Device, path: str) -> None:
    administration.revoke(county.center, wang.tablet)
    assert problem(wang, path)[:2] == (403, "tablet-revoked")
    wang.token = "none"
    assert problem(wang, path)[:2] == (401, "token-unknown")
