"""A dispute's life, step by step: every pair of statuses, every pair of tiers, every role."""

from itertools import combinations, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import CODES
from schemas.workflow import WORKFLOW

STATUSES = tuple(CODES["status"])
TIERS = tuple(CODES["tier"])
ROLES = tuple(CODES["role"])
STAFF = {"village_staff", "township_staff", "county_staff"}
UPPER = STAFF - {"village_staff"}
HANDLERS = STAFF | {"grid_worker", "mediator"}

STEPS = {
    ("reported", "accepted"): HANDLERS,
    ("reported", "declined"): STAFF,
    ("reported", "merged"): STAFF,
    ("accepted", "mediating"): HANDLERS,
    ("mediating", "suspended"): HANDLERS,
    ("suspended", "mediating"): HANDLERS,
    ("mediating", "agreed"): HANDLERS,
    ("mediating", "failed"): HANDLERS,
    ("agreed", "performed"): HANDLERS,
    ("agreed", "mediating"): HANDLERS,
    ("agreed", "failed"): HANDLERS,
    ("performed", "closed"): HANDLERS,
    ("reported", "withdrawn"): HANDLERS,
    ("accepted", "withdrawn"): HANDLERS,
    ("mediating", "withdrawn"): HANDLERS,
    ("suspended", "withdrawn"): HANDLERS,
    ("agreed", "withdrawn"): HANDLERS,
    ("closed", "mediating"): UPPER,
    ("failed", "mediating"): UPPER,
    ("withdrawn", "mediating"): UPPER,
}
PATH = ("reported", "accepted", "mediating", "agreed", "performed", "closed")
ACTIVE = {"reported", "accepted", "mediating", "suspended"}


def at(status: str, tier: str = "village", assignee: str | None = "person:wang") -> dict[str, object]:
    return {"status": status, "tier": tier, "assignee": assignee}


def who_may(was: dict[str, object], now: dict[str, object]) -> set[str]:
    return {role for role in ROLES if WORKFLOW.legal(was, now, [role])}


@pytest.mark.parametrize(("was", "now"), list(permutations(STATUSES, 2)))
def test_a_step_of_status(was: str, now: str) -> None:
    assert who_may(at(was), at(now)) == STEPS.get((was, now), set())


@pytest.mark.parametrize("status", STATUSES)
def test_standing_still_is_legal_for_anybody(status: str) -> None:
    assert WORKFLOW.legal(at(status), at(status), [])
    assert WORKFLOW.legal({"status": status, "tier": "grid"}, at(status, "grid", None), [])


@pytest.mark.parametrize(("low", "high"), list(combinations(WORKFLOW.tiers, 2)))
def test_a_change_of_tier_is_an_escalation_or_a_return(low: str, high: str) -> None:
    for was, now in product(STATUSES, STATUSES):
        is_possible = was in ACTIVE and now == "reported"
        for assignee in ("person:wang", None):  # kept or cleared
            assert who_may(at(was, low), at(now, high, assignee)) == (HANDLERS if is_possible else set())
            assert who_may(at(was, high), at(now, low, assignee)) == (STAFF | {"mediator"} if is_possible else set())
        assert who_may(at(was, low), at(now, high, "body:b")) == (STAFF if is_possible else set())
        assert who_may(at(was, high), at(now, low, "body:b")) == (STAFF if is_possible else set())


@pytest.mark.parametrize(("before", "after"), list(permutations((None, "person:wang", "body:b"), 2)), ids=str)
def test_assigning_with_a_step_or_alone_needs_a_role_that_may_assign(before: str | None, after: str | None) -> None:
    for was, now in product(STATUSES, STATUSES):
        may_step = set(ROLES) if was == now else STEPS.get((was, now), set())
        assert who_may(at(was, assignee=before), at(now, assignee=after)) == may_step & STAFF


def test_a_person_of_two_roles_may_take_a_step_by_one_and_assign_by_the_other() -> None:
    was, now = at("closed"), at("mediating", assignee="body:b")
    assert not WORKFLOW.legal(was, now, ["village_staff"])
    assert WORKFLOW.legal(was, now, ["village_staff", "county_staff"])


@pytest.mark.parametrize("unknown", ["dreaming", None, 5, ["reported"]])
def test_what_the_workflow_does_not_know_is_not_legal(unknown: object) -> None:
    odd = at("reported") | {"status": unknown}
    assert who_may(at("reported"), odd) == set() == who_may(odd, at("accepted"))
    odd_tier = at("reported") | {"tier": unknown}
    assert who_may(at("reported"), odd_tier) == set() == who_may(odd_tier, at("reported"))


@pytest.mark.parametrize(("was", "now"), list(product(STATUSES, STATUSES)))
def test_forward_is_ahead_on_the_path_to_closing(was: str, now: str) -> None:
    is_ahead = was in PATH and now in PATH and PATH.index(was) < PATH.index(now)
    assert WORKFLOW.is_forward(was, now) == is_ahead
    assert WORKFLOW.comparable(was, now) == (was == now or (was in PATH and now in PATH))
    if is_ahead:
        assert WORKFLOW.rank(was) < WORKFLOW.rank(now)


def test_ranks_are_one_order_of_all_statuses() -> None:
    assert sorted(STATUSES, key=WORKFLOW.rank) == [
        *("reported", "accepted", "mediating", "suspended", "agreed", "performed", "closed"),
        *("declined", "merged", "failed", "withdrawn"),
    ]
    assert sorted(WORKFLOW.ranks.values()) == list(range(len(STATUSES)))
    with pytest.raises(KeyError):
        WORKFLOW.rank("dreaming")


def test_the_workflow_names_only_what_exists() -> None:
    assert WORKFLOW.start == "reported"
    assert WORKFLOW.tiers == tuple(CODES["tier"])
    assert dict(WORKFLOW.start_tier) == {"simple": "grid", "ordinary": "village", "major": "township"}
    assert WORKFLOW.start_tier.keys() == CODES["difficulty"].keys()
    assert WORKFLOW.ranks.keys() == set(STATUSES)
    assert WORKFLOW.alone == {"failed", "withdrawn", "declined", "merged"}
    assert WORKFLOW.open == ACTIVE | {"agreed"}
    assert {status for step in WORKFLOW.moves for status in step} == set(STATUSES)
    assert frozenset().union(*WORKFLOW.moves.values()) == HANDLERS


def test_every_open_dispute_can_be_withdrawn_and_every_status_reached() -> None:
    assert {was for was, now in WORKFLOW.moves if now == "withdrawn"} == WORKFLOW.open
    reached = {WORKFLOW.start}
    while more := {now for was, now in WORKFLOW.moves if was in reached} - reached:
        reached |= more
    assert reached == set(STATUSES)


anything = st.none() | st.integers() | st.text() | st.sampled_from(STATUSES) | st.lists(st.text())
states = st.dictionaries(st.sampled_from(["status", "tier", "assignee"]), anything)


@given(states, states, st.sets(st.sampled_from(ROLES)))
def test_legality_is_judged_of_whatever_comes(was: dict[str, object], now: dict[str, object], roles: set[str]) -> None:
    assert WORKFLOW.legal(was, was, roles)
    moved = {name for name in (*was, *now) if was.get(name) != now.get(name)}
    if moved and WORKFLOW.legal(was, now, roles):
        assert roles
        assert "status" not in moved or now["status"] in STATUSES
        assert "tier" not in moved or now["tier"] in TIERS


def test_the_next_steps_are_the_legal_ones() -> None:
    for status, role in product(STATUSES, ROLES):
        wanted = {after for (before, after), roles in STEPS.items() if before == status and role in roles}
        assert set(WORKFLOW.next_statuses(at(status), [role])) == wanted
    assert WORKFLOW.next_tiers(at("mediating"), ["grid_worker"]) == ["township", "county"]
    assert WORKFLOW.next_tiers(at("mediating"), ["mediator"]) == ["grid", "township", "county"]
    assert WORKFLOW.next_tiers(at("closed"), ["county_staff"]) == []
