"""A code becomes a token; a lost answer burns nothing; a store is one person's."""

import stat
from pathlib import Path

import httpx
import pytest

from client_sdk import (
    CenterError,
    InvalidError,
    OfflineError,
    PersonDiffersError,
    RevokedError,
    StoreMissingError,
    Tablet,
)
from tests.client.center import Center, Link, answer_lost, answering, refusing
from tests.client.conftest import Worker
from tests.client.stories import dispute, household, sync


def enroll(center: Center, path: Path, code: str = "WANG", link: Link | None = None) -> Tablet:
    clock = lambda: center.clock_ms  # noqa: E731
    return Tablet.enroll("https://center.example/", code, path, transport=link or Link(center), clock=clock)


def test_a_lost_answer_burns_no_code(center: Center, tmp_path: Path) -> None:
    link = Link(center)
    for fault in (answer_lost, answering(lambda: httpx.Response(201, text="<html>"))):
        link.faults.append(fault)
        with pytest.raises(OfflineError):
            enroll(center, tmp_path / "w.tablet", link=link)
        with pytest.raises(StoreMissingError):
            Tablet.open(tmp_path / "w.tablet")
    with enroll(center, tmp_path / "w.tablet", link=link) as tablet:
        assert tablet.person["name"] == "王一"
    assert len(center.nonces) == 1


def test_a_center_that_nobody_is_at_is_offline(tmp_path: Path) -> None:
    with pytest.raises(OfflineError):
        Tablet.enroll("http://127.0.0.1:1", "WANG", tmp_path / "w.tablet")


def test_a_code_that_is_unknown_or_spent_is_said(center: Center, tmp_path: Path) -> None:
    with pytest.raises(CenterError) as found:
        enroll(center, tmp_path / "w.tablet", "NOBODY")
    assert found.value.problem == "code-unknown"
    enroll(center, tmp_path / "w.tablet").close()
    with pytest.raises(CenterError) as found:
        enroll(center, tmp_path / "another.tablet")
    assert found.value.problem == "code-spent"


@pytest.mark.parametrize("member", ["token", "clock", "person"])
def test_an_answer_without_its_members_is_none(center: Center, tmp_path: Path, member: str) -> None:
    link = Link(center)
    answer = {"tablet": "t", "token": "x", "person": {"id": "wang"}, "scope": [], "clock": center.stamp}
    link.faults.append(answering(lambda: httpx.Response(201, json={**answer, member: {"id": "王"}})))
    with pytest.raises(OfflineError):
        enroll(center, tmp_path / "w.tablet", link=link)


def test_a_store_is_one_persons(wang: Worker, center: Center) -> None:
    household(wang)
    with pytest.raises(PersonDiffersError) as found:
        enroll(center, wang.store, "LI")
    assert found.value.code == "person-differs"
    tablet = wang.reopen()
    assert (tablet.person["id"], tablet.waiting) == ("wang", 1)
    assert tablet.sync().sent == 1


def test_only_its_owner_reads_a_store(wang: Worker) -> None:
    for file in wang.store.parent.glob("wang.tablet*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_stolen_tablet_hands_over_what_it_owes_and_is_then_empty(wang: Worker, center: Center) -> None:
    made = dispute(wang, title="Of whom nobody else may read")
    sync(wang)
    wang.tablet.disputes.change(made, place="渠边")
    center.revoked.add("token-0")
    with pytest.raises(RevokedError) as found:
        wang.tablet.sync()
    assert found.value.wiped
    assert len(center.lines[-1]) == 1, "handed over first"
    for use in (
        lambda: wang.tablet.sync(),
        lambda: wang.tablet.person,
        lambda: dispute(wang),
    ):
        with pytest.raises((RevokedError, InvalidError)):
            use()
    assert not [*wang.tablet.disputes.list(), *wang.tablet.attention]
    wang.tablet.close()
    for file in wang.store.parent.glob("wang.tablet*"):
        assert b"Of whom nobody" not in file.read_bytes()
    with pytest.raises(RevokedError) as found:
        Tablet.open(wang.store)
    assert found.value.wiped
    center.nonces.clear()
    wang.tablet = wang.enroll("WANG")
    assert wang.tablet.sync().received == 1


def test_a_revoked_tablet_that_may_not_even_hand_over_keeps_its_work(wang: Worker) -> None:
    household(wang)
    wang.link.faults.append(refusing("tablet-revoked"))
    with pytest.raises(RevokedError) as found:
        wang.tablet.sync()
    assert not found.value.wiped
    assert wang.tablet.waiting == 1
    wang.link.faults.append(refusing("tablet-revoked"))
    with pytest.raises(RevokedError):
        wang.tablet.me()


def test_what_is_saved_at_the_last_moment_is_handed_over_too(wang: Worker, center: Center) -> None:
    center.revoked.add("token-0")

    def save(request: httpx.Request, deliver: object) -> httpx.Response:
        household(wang)
        return center.handle(request)

    wang.link.faults.append(save)
    with pytest.raises(RevokedError) as found:
        wang.tablet.sync()
    assert found.value.wiped
    assert [len(lines) for lines in center.lines] == [1]


def test_a_private_authority_is_remembered_and_must_be_there(center: Center, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Tablet.enroll("https://center.example", "WANG", tmp_path / "w.tablet", ca_file=str(tmp_path / "none.pem"))
    assert center.tokens == {}


def test_there_is_nothing_to_open_where_nobody_was_enrolled(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        Tablet.open(tmp_path / "none.tablet")
    assert not (tmp_path / "none.tablet").exists()
