"""A code becomes a token; a lost answer burns nothing; a store is one person's."""

import sqlite3
import stat
from pathlib import Path

import httpx
import pytest

from client_sdk import (
    AddressWrongError,
    AuthorityFileError,
    CenterError,
    InvalidError,
    OfflineError,
    PersonDiffersError,
    RevokedError,
    StoreMissingError,
    Tablet,
)
from tests.client.center import GRID, Center, Link, answer_lost, answering, refusing
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
    with pytest.raises(OfflineError) as found:
        Tablet.enroll("http://127.0.0.1:1", "WANG", tmp_path / "w.tablet")
    assert "Nothing answers at http://127.0.0.1:1" in found.value.en


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
    assert "The code is spent now" in found.value.en
    tablet = wang.reopen()
    assert (tablet.person["id"], tablet.waiting) == ("wang", 1)
    assert tablet.sync().sent == 1


def test_a_store_is_one_countys(wang: Worker, center: Center) -> None:
    """Another county may have a person of the same id: what was saved for this one is not handed over there."""
    household(wang)
    sync(wang)
    household(wang)
    other = Center()
    other.county = "5302"
    with pytest.raises(PersonDiffersError) as found:
        enroll(other, wang.store)
    assert "another county (5302)" in found.value.en
    assert "另一个县（5302）" in found.value.zh
    tablet = wang.reopen()
    assert tablet.sync().sent == 1
    assert not other.lines
    center.nonces.clear()
    wang.tablet.close()
    wang.tablet = wang.enroll("WANG")
    assert wang.tablet.sync().sent == 0


def test_a_store_from_before_counties_were_said_learns_its_own(wang: Worker, center: Center) -> None:
    with sqlite3.connect(wang.store) as store:
        store.execute("DELETE FROM meta WHERE key = 'county'")
    wang.reopen().sync()
    center.nonces.clear()
    center.county = "5302"
    with pytest.raises(PersonDiffersError):
        enroll(center, wang.store)


def test_only_its_owner_reads_a_store(wang: Worker) -> None:
    for file in wang.store.parent.glob("wang.tablet*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_only_its_owner_reads_a_store_that_others_could(wang: Worker, center: Center, tmp_path: Path) -> None:
    household(wang)
    for file in wang.store.parent.glob("wang.tablet*"):
        file.chmod(0o644)
    with Tablet.open(wang.store):
        for file in wang.store.parent.glob("wang.tablet*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    (tmp_path / "made.tablet").touch(0o644)
    with enroll(center, tmp_path / "made.tablet", "LI"):
        for file in tmp_path.glob("made.tablet*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


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
        lambda: wang.tablet.me(),
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


def test_a_private_authority_must_be_there(center: Center, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("none.pem", "empty.pem"):
        with pytest.raises(AuthorityFileError) as found:
            Tablet.enroll("https://center.example", "WANG", tmp_path / "w.tablet", ca_file=str(tmp_path / name))
        assert found.value.code == "ca-file-unusable"
    assert center.tokens == {}
    assert not list(tmp_path.glob("w.tablet*"))


def test_without_its_authority_a_tablet_still_saves(wang: Worker, tmp_path: Path) -> None:
    wang.tablet.close()
    with Tablet.open(wang.store, ca_file=str(tmp_path / "none.pem")) as tablet:
        made = tablet.households.create(unit=GRID, address="东村1号")
        for use in (tablet.sync, tablet.me):
            with pytest.raises(AuthorityFileError):
                use()
    with Tablet.open(wang.store) as tablet:
        assert tablet.households.get(made) is not None
        with pytest.raises(AuthorityFileError):
            tablet.sync()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("center.example", "must begin with https://"),
        ("ftp://center.example", "must begin with https://"),
        ("https://", "names no host"),
        ("https://center.example:port", "is none"),
        ("https://center..example", "is none"),
        (f"https://{'x' * 64}.example", "is none"),
        ("https://center.example/?code=1", "neither ? nor #"),
        ("", "must begin with https://"),
    ],
)
def test_an_address_that_is_none_is_said_to_be_wrong(tmp_path: Path, address: str, why: str) -> None:
    with pytest.raises(AddressWrongError) as found:
        Tablet.enroll(address, "WANG", tmp_path / "w.tablet")
    assert why in found.value.en
    assert "中心地址" in found.value.zh
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ca_file", ["a\0b", "\ud800", "none.pem"])
def test_an_authority_that_cannot_be_read_is_said(tmp_path: Path, ca_file: str) -> None:
    with pytest.raises(AuthorityFileError):
        Tablet.enroll("https://127.0.0.1:1", "WANG", tmp_path / "w.tablet", ca_file=ca_file)
    assert not list(tmp_path.iterdir())


def test_a_tablet_whose_name_is_no_text_can_be_enrolled(
    center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.node", lambda: "平板\udcb0")
    with enroll(center, tmp_path / "w.tablet") as tablet:
        assert tablet.person["id"] == "wang"


@pytest.mark.parametrize(
    ("setting", "value"), [("ALL_PROXY", "socks5://127.0.0.1:1"), ("HTTP_PROXY", "http://[::"), ("NO_PROXY", "[::")]
)
def test_proxy_settings_that_cannot_be_used_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(AddressWrongError, match="The proxy settings cannot be used") as found:
        Tablet.enroll("http://127.0.0.1:1", "WANG", tmp_path / "w.tablet")
    assert "代理设置有误" in found.value.zh
    assert not list(tmp_path.iterdir())


def test_an_address_where_something_else_answers_is_said_to_be_wrong(center: Center, tmp_path: Path) -> None:
    link = Link(center)
    link.faults.append(answering(lambda: httpx.Response(404, html="<h1>Not here</h1>")))
    with pytest.raises(AddressWrongError) as found:
        enroll(center, tmp_path / "w.tablet", link=link)
    assert "no Doorstep center (HTTP 404)" in found.value.en
    assert not list(tmp_path.iterdir())


def test_a_failed_enrolment_leaves_no_file_unless_the_code_may_be_spent(center: Center, tmp_path: Path) -> None:
    path, link = tmp_path / "w.tablet", Link(center)
    with pytest.raises(CenterError):
        enroll(center, path, "NOBODY")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OfflineError):
        Tablet.enroll("http://127.0.0.1:1", "WANG", path)
    assert not list(tmp_path.iterdir())
    link.faults.append(answer_lost)
    with pytest.raises(OfflineError):
        enroll(center, path, link=link)
    assert path.exists()
    with pytest.raises(OfflineError):
        Tablet.enroll("http://127.0.0.1:1", "WANG", path)
    assert path.exists(), "the code may still be spent with what is in there"
    enroll(center, path, link=link).close()
    assert len(center.nonces) == 1


def test_a_failed_enrolment_leaves_the_store_of_somebody_alone(wang: Worker, center: Center) -> None:
    made = household(wang)
    with pytest.raises(CenterError):
        enroll(center, wang.store, "NOBODY")
    assert wang.reopen().households.get(made) is not None


def test_there_is_nothing_to_open_where_nobody_was_enrolled(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        Tablet.open(tmp_path / "none.tablet")
    assert not (tmp_path / "none.tablet").exists()
