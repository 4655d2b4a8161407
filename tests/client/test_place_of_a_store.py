"""Where a store lies: whatever its path is, and whatever becomes of its file while it is open."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from client_sdk import CenterError, StoreError, StoreMissingError, StoreMovedError, Tablet
from client_sdk.store import Store
from tests.client.center import Center, Link
from tests.client.conftest import Worker
from tests.client.stories import household, sync


def move(store: Path) -> None:
    store.rename(store.with_name("elsewhere"))


def delete(store: Path) -> None:
    store.unlink()


def replace(store: Path) -> None:
    shutil.copy(store, store.with_name("older"))
    store.with_name("older").replace(store)


@pytest.mark.parametrize("meddle", [move, delete, replace])
def test_nothing_is_saved_where_nobody_would_find_it_again(
    wang: Worker, center: Center, meddle: Callable[[Path], object]
) -> None:
    made = household(wang)
    meddle(wang.store)
    with pytest.raises(StoreMovedError) as found:
        household(wang)
    assert (found.value.code, "移走" in found.value.zh) == ("store-moved", True)
    with pytest.raises(StoreMovedError):
        wang.tablet.households.change(made, address="河边二号")
    assert wang.tablet.households.list() == [made]
    sync(wang)
    assert center.document("household", made.id) is not None, "what was saved before is still handed over"


def test_a_store_that_was_put_back_goes_on(wang: Worker) -> None:
    first = household(wang)
    move(wang.store)
    with pytest.raises(StoreMovedError):
        household(wang)
    wang.store.with_name("elsewhere").rename(wang.store)
    second = household(wang)
    assert [each.id for each in wang.reopen().households.list()] == [first.id, second.id]


def test_an_enrolment_that_fails_takes_no_store_away_that_somebody_has_open(center: Center, tmp_path: Path) -> None:
    path = tmp_path / "w.tablet"
    other = Store(path, create=True)
    with pytest.raises(CenterError, match="not known"):
        Tablet.enroll("https://center.example", "NONE", path, transport=Link(center))
    other.require_place()
    other.leave()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [":memory:", "file:w?mode=memory", "file:w.tablet", "平板 一 😀#1?.tablet"])
def test_a_store_lies_where_its_path_says(
    center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with Tablet.enroll("https://center.example", "WANG", name, transport=Link(center)) as tablet:
        made = tablet.households.create(address="河边一号")
    with Tablet.open(tmp_path / name) as tablet:
        assert tablet.households.get(made) is not None
    assert os.listdir(tmp_path) == [name]  # noqa: PTH208


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300])
def test_a_path_that_no_file_can_have_is_told(center: Center, tmp_path: Path, name: str) -> None:
    with pytest.raises(StoreError):
        Tablet.open(tmp_path / name)
    with pytest.raises(StoreError):
        Tablet.enroll("https://center.example", "WANG", tmp_path / name, transport=Link(center))
    assert center.nonces == {}


def test_a_folder_that_is_closed_to_us_is_told(wang: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    wang.tablet.close()

    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", closed)
    with pytest.raises(StoreError, match="not yours to use") as found:
        Tablet.open(wang.store)
    assert "没有权限" in found.value.zh
    monkeypatch.undo()
    with pytest.raises(StoreMissingError):
        Tablet.open(wang.store / "below")
