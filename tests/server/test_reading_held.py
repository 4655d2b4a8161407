"""Held edits: listed to those who see them, released and refused by the staff who may write what they write."""

from typing import Any

import pytest

from schemas.reading import DECISION_BYTES_MAX
from server import administration, holding
from server.administration import Period
from sync import ids
from sync.stamps import stamp
from tests.support.answers import Document, ProblemAnswerError
from tests.support.clock import MINUTE_MS
from tests.support.county import COUNTY, GRID, OTHER_VILLAGE, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.reader import got, items


def decides(device: Device, edit: str, decision: object) -> Document:
    """Raises ProblemAnswerError."""
    headers = {"Authorization": f"Bearer {device.token}"}
    answer = device.http.post(f"/api/v1/held/{edit}", json={"decision": decision}, headers=headers)
    if not answer.is_success:
        raise ProblemAnswerError(answer.status_code, answer.json())
    found: Document = answer.json()
    return found


def refusal(device: Device, edit: str, decision: object = "release") -> tuple[int, str]:
    with pytest.raises(ProblemAnswerError) as refused:
        decides(device, edit, decision)
    return refused.value.status, refused.value.code


@pytest.fixture
def home(wang: Device) -> str:
    made = wang.create("household", unit=GRID)
    wang.sync()
    return made


@pytest.fixture
def foreign(zhao: Device, home: str) -> str:
    """An edit of Wang's household by Zhao, who is of another village: held."""
    edit = zhao.change("household", home, over={"head_name": [home]}, head_name="丙某")
    assert zhao.sync().outcome(edit)["result"] == "held"
    return edit


def test_it_says_why_since_when_of_what_and_whose(county: County, zhao: Device, home: str, foreign: str) -> None:
    sun = county.worker("孙立", OTHER_VILLAGE, "village_staff")
    expected = {
        "edit": foreign,
        "by": zhao.person,
        "record_type": "household",
        "record": home,
        "code": "unknown-record",
        "field": "id",
        "detail": {
            "zh": "中心还没有这条记录，已保留，收到后处理",
            "en": "The center does not have this record yet; kept until it does",
        },
        "since": county.clock.stamp[:24],
    }
    assert items(zhao, "held") == [expected]
    assert items(sun, "held") == [expected]
    assert items(county.worker("周全", COUNTY, "county_staff"), "held", unit=OTHER_VILLAGE) == [expected]
    assert items(county.worker("钱进", VILLAGE, "village_staff"), "held") == []
    assert items(sun, "held", by=zhao.person) == [expected]
    assert items(sun, "held", by="somebody") == []


def test_staff_see_what_a_clock_far_behind_dates_before_the_first_assignment(county: County) -> None:
    unknown = ids.edit_name(0, 1)
    qian, above = county.worker("钱某", GRID, period=Period()), county.worker("孙立", VILLAGE, "village_staff")
    edit = qian.put(do="change", type="household", id=unknown, at=stamp(10**12), now={"notes": "门朝东。"}, over={})
    assert qian.sync().outcome(edit)["code"] == "unknown-record"
    assert [each["edit"] for each in items(above, "held")] == [edit]


def test_it_comes_in_pages_and_ends_when_it_is_decided(county: County, zhao: Device, home: str) -> None:
    edits = [zhao.change("household", home, over={}, door_no=str(number)) for number in range(3)]
    zhao.sync()
    sun = county.worker("孙立", TOWNSHIP, "township_staff")
    assert [each["edit"] for each in items(sun, "held", limit=1, sort="made_at")] == edits
    assert decides(sun, edits[0], "refuse") == {"edit": edits[0], "result": "refused", "code": "not-allowed"}
    assert [each["edit"] for each in items(sun, "held", limit=1, sort="made_at")] == edits[1:]
    with pytest.raises(ProblemAnswerError):
        got(sun, "held", result="refused")


def test_staff_release_what_they_may_write_themselves(county: County, wang: Device, zhao: Device, foreign: str) -> None:
    near = county.worker("孙立", OTHER_VILLAGE, "village_staff")
    above = county.worker("吴限", TOWNSHIP, "township_staff")
    assert refusal(near, foreign) == (409, "not-released"), "the household is not of this village"
    assert [each["edit"] for each in items(zhao, "held")] == [foreign]
    assert decides(above, foreign, "release") == {"edit": foreign, "result": "applied"}
    wang.catch_up()
    assert next(iter(wang.all("household").values()))["head_name"] == "丙某"
    assert refusal(above, foreign) == (409, "not-held")
    assert refusal(above, foreign, "refuse") == (409, "not-held")
    with county.center.engine.connect() as connection:
        said = connection.exec_driver_sql("SELECT author FROM edit_log WHERE kind = 'decision'").scalars().all()
    assert said == [above.person]


def test_a_release_that_would_end_in_refusal_changes_nothing(county: County, home: str, wang: Device) -> None:
    """The line of a revoked tablet is held whatever it says; this one says what nobody may."""
    wang.catch_up()
    administration.revoke(county.center, wang.tablet)
    edit = wang.change("household", home, unit="nowhere")
    wang.sync()
    sun = county.worker("孙立", VILLAGE, "village_staff")
    assert refusal(sun, edit) == (409, "not-released")
    assert [each["edit"] for each in items(sun, "held")] == [edit]
    assert decides(sun, edit, "refuse")["result"] == "refused"


def test_the_work_of_a_stolen_tablet_waits_for_the_staff(county: County, home: str, wang: Device) -> None:
    wang.catch_up()
    administration.revoke(county.center, wang.tablet)
    edit = wang.change("household", home, notes="门朝东。")
    wang.sync()
    again = county.device(wang.person)
    assert [each["code"] for each in items(again, "held")] == ["tablet-revoked"]
    assert refusal(again, edit) == (403, "not-allowed"), "an author is not the staff"
    assert decides(county.worker("孙立", VILLAGE, "village_staff"), edit, "release")["result"] == "applied"


def test_to_release_one_needs_rights_of_this_moment(county: County, zhao: Device, foreign: str) -> None:
    """Another of the household's own grid could write it, and is neither its author nor staff: it is not there."""
    wang = county.worker("王小满")
    assert refusal(wang, foreign) == (404, "not-found")
    assert refusal(wang, "01a1fe00-0000-7000-8000-000000000001") == (404, "not-found")
    assert refusal(wang, "x") == (404, "not-found")
    mediator = county.worker("陈和", OTHER_VILLAGE, "mediator")
    assert refusal(mediator, foreign) == (404, "not-found")
    assert refusal(zhao, foreign) == (403, "not-allowed")
    assert refusal(zhao, foreign, "refuse") == (403, "not-allowed")


def test_a_creation_is_released_by_those_who_might_have_made_it(county: County, zhao: Device) -> None:
    """A household in a grid that is not its author's is refused at once; an entry of a dispute not seen is held."""
    wang = county.worker("王小满")
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    entry = zhao.create("entry", dispute=fence)
    assert zhao.sync().outcome(entry)["result"] == "held"
    above = county.worker("吴限", TOWNSHIP, "township_staff")
    assert decides(above, entry, "release") == {"edit": entry, "result": "applied"}
    wang.catch_up()
    assert list(wang.all("entry")) == [entry]
    assert not zhao.sees(fence)


def test_whoever_is_staff_now_may_release_what_is_older(county: County, zhao: Device, foreign: str) -> None:
    """The edit was written before anybody was assigned there: the rights of this moment count."""
    county.clock.pass_ms(MINUTE_MS)
    above = county.worker("吴限", TOWNSHIP, "township_staff", Period())
    assert decides(above, foreign, "release") == {"edit": foreign, "result": "applied"}


def test_whoever_is_staff_no_more_may_not(county: County, zhao: Device, foreign: str) -> None:
    above = county.worker("吴限", TOWNSHIP, "township_staff")
    county.clock.pass_ms(MINUTE_MS)
    administration.unassign(county.center, above.person, TOWNSHIP, Period())
    county.clock.pass_ms(MINUTE_MS)
    assert refusal(above, foreign) == (404, "not-found")


@pytest.mark.parametrize("decision", ["release", "refuse"])
@pytest.mark.parametrize("lost", ["the post", "the tablet"])
def test_whoever_loses_it_before_their_word_is_written_has_none(
    county: County, zhao: Device, foreign: str, monkeypatch: pytest.MonkeyPatch, lost: str, decision: str
) -> None:
    above = county.worker("吴限", TOWNSHIP, "township_staff")
    county.clock.pass_ms(MINUTE_MS)
    decided = holding.decided

    def lost_first(*arguments: Any) -> Any:
        if lost == "the post":
            administration.unassign(county.center, above.person, TOWNSHIP, Period())
        else:
            administration.revoke(county.center, above.tablet)
        county.clock.pass_ms(MINUTE_MS)
        return decided(*arguments)

    monkeypatch.setattr(holding, "decided", lost_first)
    assert refusal(above, foreign, decision) == ((404, "not-found") if lost == "the post" else (403, "tablet-revoked"))
    assert [each["edit"] for each in items(zhao, "held")] == [foreign]


@pytest.mark.parametrize("decision", ["maybe", None, 1, ["release"]])
def test_only_two_words_are_known(zhao: Device, foreign: str, decision: object) -> None:
    assert refusal(zhao, foreign, decision) == (422, "invalid")


WORD = b'{"decision":"maybe"}'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"release", 400),
        (WORD.ljust(DECISION_BYTES_MAX), 422),
        (WORD.ljust(DECISION_BYTES_MAX + 1), 413),
    ],
    ids=["nothing", "a list", "no JSON", "as long as may be", "longer"],
)
def test_a_body_that_is_none(zhao: Device, foreign: str, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {zhao.token}"}
    assert zhao.http.post(f"/api/v1/held/{foreign}", content=body, headers=headers).status_code == status
