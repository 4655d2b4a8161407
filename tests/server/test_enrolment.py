"""A one-time code becomes a tablet's token; and who the holder of a token is."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from server import administration, enrolment
from server.administration import Period
from server.app import create_app
from server.settings import Settings
from server.store import schema, tablets
from server.store.ledger import NoCountyError
from tests.support.answers import Document, ProblemAnswerError
from tests.support.clock import HOUR_MS, SECOND_MS
from tests.support.county import COUNTY, FAR_GRID, GRID, NEXT_GRID, THIRD_GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.meetings import PATIENCE_ALONE_S, Meeting


@pytest.fixture
def person(county: County) -> str:
    return county.hire("王小满", "grid_worker", GRID)


def refused(county: County, code: str, nonce: str = "n") -> tuple[int, str]:
    with pytest.raises(ProblemAnswerError) as problem:
        Device(county.http, county.clock).enroll(code, nonce)
    return problem.value.status, problem.value.code


def test_what_it_gives(county: County, person: str) -> None:
    device = Device(county.http, county.clock)
    enrolled = device.enroll(county.code(person))
    assert enrolled["person"] == {"id": person, "name": "王小满", "roles": ["grid_worker"]}
    assert enrolled["scope"] == sorted([f"person:{person}", f"unit:{GRID}"])
    assert enrolled["clock"] == county.clock.stamp
    assert device.sync().head["replay"] is False


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {0} ", "{2}", "{3}"])
def test_a_code_however_it_is_typed(county: County, person: str, typed: str) -> None:
    code = county.code(person)
    written = typed.format(code, code.lower(), code.replace("-", ""), code.lower().replace("-", "  "))
    assert Device(county.http, county.clock).enroll(written)["person"]["id"] == person


def test_a_lost_answer_burns_nothing(county: County, person: str) -> None:
    code = county.code(person)
    first, again = Device(county.http, county.clock), Device(county.http, county.clock)
    lost = first.enroll(code, "nonce")
    county.clock.pass_ms(100 * HOUR_MS)  # The code itself has expired since.
    kept = again.enroll(code, "nonce")
    assert kept.keys() == lost.keys()
    assert {kept[name] == lost[name] for name in ("tablet", "person", "scope")} == {True}
    assert kept["token"] != lost["token"]
    again.sync()
    assert first.post(first.body()).json()["code"] == "token-unknown"
    assert len(administration.all_tablets(county.center)) == 1


def test_codes_that_are_no_use(county: County, person: str) -> None:
    assert refused(county, "AAAA-AAAA") == (401, "code-unknown")
    assert refused(county, "") == (422, "invalid")
    spent = county.code(person)
    Device(county.http, county.clock).enroll(spent, "one")
    assert refused(county, spent, "other") == (410, "code-spent")
    late = county.code(person)
    county.clock.pass_ms(administration.CODE_HOURS * HOUR_MS - 1)
    in_time = county.code(person)
    county.clock.pass_ms(1)
    assert refused(county, late) == (410, "code-spent")
    Device(county.http, county.clock).enroll(in_time)


def test_a_revoked_tablet_is_not_enrolled_by_its_old_code(county: County, person: str) -> None:
    code = county.code(person)
    device = Device(county.http, county.clock)
    device.enroll(code, "nonce")
    administration.revoke(county.center, device.tablet)
    assert refused(county, code, "nonce") == (403, "tablet-revoked")


def test_two_tablets_with_one_code_at_once(county: County, person: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code = county.code(person)
    meeting = Meeting(monkeypatch, county.center.engine, tablets, "code", 2)

    def enrolled(nonce: str) -> str:
        try:
            return str(Device(county.http, county.clock).enroll(code, nonce)["tablet"])
        except ProblemAnswerError as problem:
            return problem.code

    results = meeting.run(lambda: enrolled("one"), lambda: enrolled("other"))
    assert sorted(results)[1] == "code-spent"
    assert len(administration.all_tablets(county.center)) == 1


@pytest.fixture
def meanwhile(county: County, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Future[object]]]]:
    """Has something done, once, before a step of an enrolment, a second after that began. It comes to its end there, or
    after the enrolment where it has to wait for what that has locked (on SQLite the whole database)."""
    with ThreadPoolExecutor(1) as threads:

        def interrupt(step: str, deed: Callable[[], object]) -> list[Future[object]]:
            begun: list[Future[object]] = []
            stepped: Callable[..., Any] = getattr(enrolment, step)

            def interrupted(*arguments: Any) -> Any:
                if not begun:
                    county.clock.pass_ms(SECOND_MS)
                    begun.append(threads.submit(deed))
                    wait(begun, PATIENCE_ALONE_S)
                return stepped(*arguments)

            monkeypatch.setattr(enrolment, step, interrupted)
            return begun

        yield interrupt


@pytest.mark.parametrize("step", ["_claimed", "_person"], ids=["before the code is looked up", "when it is spent"])
def test_who_leaves_while_they_enrol_has_no_tablet(
    county: County, person: str, meanwhile: Callable[..., list[Future[object]]], step: str
) -> None:
    code = county.code(person)
    device = Device(county.http, county.clock)
    leaving = meanwhile(step, lambda: administration.disable(county.center, person))
    with suppress(ProblemAnswerError):
        device.enroll(code, "nonce")
    leaving[0].result()
    assert all(each["revoked_at"] for each in administration.all_tablets(county.center))


def test_whoever_is_given_another_token_while_they_are_revoked_is_known_as_revoked_after_a_restore(
    county: County, person: str, meanwhile: Callable[..., list[Future[object]]], tmp_path: Path
) -> None:
    """The file that outlasts a restore has the token that they were given last."""
    file = tmp_path / "lasting.ndjson"
    center = replace(county.center, settings=replace(county.center.settings, lasting_file=file))
    code = county.code(person)
    device = Device(county.http, county.clock)
    device.enroll(code, "nonce")
    revoking = meanwhile("_person", lambda: administration.revoke(center, device.tablet))
    again = Device(county.http, county.clock)
    again.enroll(code, "nonce")
    revoking[0].result()
    (entry,) = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    assert entry["token_hash"] == tablets.hashed(again.token).hex()


BODIES: dict[str, tuple[bytes, int, str, str | None]] = {
    "nothing": (b"", 400, "malformed", None),
    "garbage": (b"\xff", 400, "malformed", None),
    "a list": (b"[]", 400, "malformed", None),
    "a member twice": (b'{"code":"x","code":"y"}', 400, "malformed", None),
    "no members": (b"{}", 422, "invalid", "code"),
    "no nonce": (b'{"code":"x","tablet":{"name":"x"}}', 422, "invalid", "nonce"),
    "no tablet": (b'{"code":"x","nonce":"x"}', 422, "invalid", "tablet"),
    "a tablet that is a text": (b'{"code":"x","nonce":"x","tablet":"x"}', 422, "invalid", "tablet"),
    "a tablet without a name": (b'{"code":"x","nonce":"x","tablet":{}}', 422, "invalid", "tablet.name"),
    "a code that is a number": (b'{"code":5,"nonce":"x","tablet":{"name":"x"}}', 422, "invalid", "code"),
    "another member": (b'{"code":"x","nonce":"x","tablet":{"name":"x"},"more":1}', 422, "invalid", "more"),
}


@pytest.mark.parametrize("case", BODIES)
def test_bodies_that_are_not_as_they_must_be(shared_county: County, case: str) -> None:
    body, status, code, field = BODIES[case]
    answer = shared_county.http.post("/api/v1/enroll", content=body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert (answer.status_code, document["code"], document.get("field")) == (status, code, field)


# -- who one is


def described(county: County, name: str, role: str, unit: str) -> Document:
    return county.worker(name, unit, role).me()


def names(me: Document) -> dict[str, str]:
    return {each["key"]: each["name"] for each in me["scope"]}


def test_a_grid_worker_sees_who_they_are(county: County, wang: Device) -> None:
    me = wang.me()
    assert me["person"]["roles"] == ["grid_worker"]
    assert me["county"] == COUNTY
    assert names(me) == {f"unit:{GRID}": "柳沟一组", f"person:{wang.person}": "王小满"}
    assert me["colleagues"] == []


def test_staff_see_whom_they_may_assign(county: County, wang: Device) -> None:
    committee = str(administration.add_body(county.center, "柳沟调解委员会", VILLAGE)["id"])
    far = str(administration.add_body(county.center, "桥头调解委员会", "990101101002")["id"])
    mediator = county.hire("陈和", "mediator", VILLAGE)
    county.hire("何来", "mediator", "990101101002")
    above = county.hire("钱进", "township_staff", TOWNSHIP)
    sun = county.worker("孙立", VILLAGE, "village_staff")
    administration.join(county.center, committee, sun.person)
    me = sun.me()
    assignees = {each["assignee"]: each["name"] for each in me["colleagues"]}
    assert assignees.keys() >= {f"person:{mediator}", f"person:{above}", f"person:{sun.person}", f"body:{committee}"}
    assert f"body:{far}" not in assignees
    assert f"person:{wang.person}" not in assignees
    assert names(me)[f"body:{committee}"] == "柳沟调解委员会"
    assert names(me)[f"staff:{VILLAGE}"] == "柳沟村"
    everyone = county.worker("陈明", COUNTY, "county_staff").me()
    assert {each["assignee"] for each in everyone["colleagues"]} >= {f"body:{far}", f"body:{committee}"}
    assert set(names(everyone)) >= {f"unit:{unit}" for unit in (GRID, NEXT_GRID, THIRD_GRID, FAR_GRID)}


def test_staff_who_have_left_see_nobody_there_any_more(county: County) -> None:
    sun, stays = county.worker("孙立", VILLAGE, "village_staff"), county.hire("周正", "village_staff", VILLAGE)
    assert f"person:{stays}" in {each["assignee"] for each in sun.me()["colleagues"]}
    county.clock.pass_ms(HOUR_MS)
    administration.unassign(county.center, sun.person, VILLAGE, Period())
    assert sun.me()["colleagues"] == []


def test_one_whose_assignment_ended_is_still_somebody(county: County, wang: Device) -> None:
    county.clock.pass_ms(HOUR_MS)
    administration.unassign(county.center, wang.person, GRID, Period())
    me = wang.me()
    assert me["person"]["roles"] == []
    assert list(names(me)) == [f"person:{wang.person}"]


# -- the server itself


def test_alive_and_ready(county: County) -> None:
    assert county.http.get("/healthz").json() == {"status": "ok"}
    assert county.http.get("/readyz").json() == {"status": "ready"}


def test_whoever_asks_again_whether_it_is_ready_has_no_migration_read(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert county.http.get("/readyz").is_success
    monkeypatch.delattr(schema, "ScriptDirectory")
    assert county.http.get("/readyz").is_success


@pytest.mark.parametrize("tables", [False, True], ids=["no tables", "no county"])
def test_not_ready_before_it_is_set_up(databases: object, request: pytest.FixtureRequest, tables: bool) -> None:
    url = request.getfixturevalue("migrated_url" if tables else "database_url")
    county = County(url)
    bearer = {"Authorization": "Bearer x"}
    try:
        assert county.http.get("/healthz").is_success
        answers = [
            county.http.get("/readyz"),
            county.http.get("/api/v1/me", headers=bearer),
            county.http.post("/api/v1/sync", content=Device(county.http, county.clock).body(), headers=bearer),
            county.http.post("/api/v1/enroll", json={"code": "x", "nonce": "x", "tablet": {"name": "x"}}),
        ]
        assert [unavailable(each) for each in answers] == [True] * 4
    finally:
        county.stop()


def unavailable(answer: httpx.Response) -> bool:
    assert answer.headers["Retry-After"]
    return (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_several_counties_in_one_database(county: County) -> None:
    administration.init(county.center.answering_for("990202"), "990202", "东山县")
    answer = county.http.get("/readyz")
    assert answer.json()["code"] == "unavailable"
    with county.center.engine.connect() as connection, pytest.raises(NoCountyError, match="set DOORSTEP_COUNTY"):
        county.center.county(connection)
    county.stop()
    county.app = create_app(Settings(county.url, county="990202"), county.clock)
    county.center = county.app.extensions["center"]
    county.http = httpx.Client(transport=httpx.WSGITransport(app=county.app), base_url="http://center.example")
    assert county.http.get("/readyz").is_success
    other = county.worker("王小满", "990202", "county_staff")
    assert names(other.me()).keys() == {f"unit:{unit}" for unit in ["990202"]} | {
        "staff:990202",
        f"person:{other.person}",
    }
