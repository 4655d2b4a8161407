"""docs/protocol.md, "Enrolling"."""

import httpx
import pytest

from tests.conformance.answer import problem
from tests.conformance.conftest import Lost
from tests.conformance.tablet import Tablet, milliseconds

states, needs = pytest.mark.states, pytest.mark.needs


@states("`POST /api/v1/enroll` with")
def test_a_code_gives_201_and_what_a_tablet_needs(wang: Tablet) -> None:
    enrolled = wang.enroll()
    assert enrolled.keys() >= {"tablet", "token", "person", "scope", "clock"}
    assert enrolled["person"].keys() >= {"id", "name", "roles"}
    assert enrolled["person"]["roles"] == ["grid_worker"]
    assert f"person:{wang.id}" in enrolled["scope"]
    assert milliseconds(enrolled["clock"]) > 0


@states("`county` is the code of the one that the server serves")
def test_the_county_is_said_at_enrolment_and_later(wang: Tablet) -> None:
    county = wang.enroll()["county"]
    assert county
    assert wang.get("/api/v1/me").json()["county"] == county


@states("Case, spaces and dashes do not matter when it is typed")
def test_case_spaces_and_dashes_do_not_matter(wang: Tablet) -> None:
    plain = wang.code.replace("-", "").lower()
    for typed in (plain, plain.upper(), f" {plain[:4]} - {plain[4:]} "):
        answer = wang.ask(code=typed)
        assert answer.status_code == 201, typed
        assert answer.json()["tablet"] == wang.tablet
    wang.enroll()


@states("The same code with the same nonce is answered alike, with a fresh token")
def test_the_same_nonce_is_answered_alike_with_a_fresh_token(wang: Tablet) -> None:
    first, tablet, person = wang.token, wang.tablet, wang.person
    wang.enroll()
    assert (wang.tablet, wang.person) == (tablet, person)
    assert wang.token != first
    fresh, wang.token = wang.token, first
    problem(wang.get("/api/v1/me"), 401, "token-unknown")
    problem(wang.post(wang.body()), 401, "token-unknown")
    wang.token = fresh
    assert wang.get("/api/v1/me").status_code == 200


@states("The same code with another nonce is `code-spent`", "| `code-spent` | 410 |")
def test_the_same_code_with_another_nonce_is_spent(wang: Tablet) -> None:
    problem(wang.ask(nonce="another tablet's"), 410, "code-spent")
    assert wang.get("/api/v1/me").status_code == 200


@states("A repeated nonce whose tablet was revoked meanwhile is `tablet-revoked`")
@needs("CODE_LOST", "REVOKE")
def test_a_repeated_nonce_of_a_revoked_tablet_is_tablet_revoked(lost: Lost) -> None:
    problem(lost.tablet.ask(), 403, "tablet-revoked")


@states("| `code-unknown` | 401 |")
def test_a_code_that_nobody_made_is_unknown(wang: Tablet) -> None:
    for code in ("2222-2222", "x", "王"):
        problem(wang.ask(code=code), 401, "code-unknown")


@states("| `invalid` | 422 |")
def test_a_request_to_enrol_is_whole(wang: Tablet) -> None:
    problem(wang.ask(code=None), 422, "invalid", "code")
    problem(wang.ask(nonce=None), 422, "invalid", "nonce")
    problem(wang.ask(nonce=5), 422, "invalid", "nonce")
    problem(wang.ask(tablet={}), 422, "invalid", "tablet.name")
    problem(wang.http.post("/api/v1/enroll", content=b"{"), 400, "malformed")


@states("All other requests carry `Authorization: Bearer <token>`", "| `token-unknown` | 401 |")
def test_all_other_requests_carry_the_token(wang: Tablet, http: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": wang.token}):
        problem(http.get("/api/v1/me", headers=headers), 401, "token-unknown")
        problem(http.post("/api/v1/sync", content=wang.body(), headers=headers), 401, "token-unknown")


@states("`GET /api/v1/me` gives the person")
def test_me_gives_the_person_the_scope_with_names_and_colleagues(wang: Tablet) -> None:
    me = wang.get("/api/v1/me").json()
    assert me["person"] == wang.person
    assert [each["key"] for each in me["scope"]] == wang.scope
    assert all(each["name"] for each in me["scope"])


@states("It is empty for who may not assign")
def test_colleagues_are_empty_for_who_may_not_assign(wang: Tablet) -> None:
    assert wang.get("/api/v1/me").json()["colleagues"] == []


@states("`GET /api/v1/me` gives the person")
@needs("CODE_OFFICER", "CODE_MEDIATOR")
def test_colleagues_are_those_to_whom_the_caller_may_assign(sun: Tablet, zhou: Tablet) -> None:
    colleagues = {each["assignee"]: each["name"] for each in sun.get("/api/v1/me").json()["colleagues"]}
    assert colleagues[f"person:{zhou.id}"] == zhou.person["name"]
    fence = sun.makes("dispute", {"unit": _grid(sun)})
    shown = {"status": "reported", "tier": "village", "assignee": None}
    for assignee in colleagues:
        edit = sun.change(
            "dispute", fence, shown | {"assignee": assignee}, {"status": sun.dots(fence, "status")}, was=shown
        )
        assert sun.sync(edit).outcome(edit["edit"])["result"] == "applied"
        shown = shown | {"assignee": assignee}


def _grid(tablet: Tablet) -> str:
    return max((key for key in tablet.scope if key.startswith("unit:")), key=len).removeprefix("unit:")
