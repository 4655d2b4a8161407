"""A center restored from a backup holds again what its staff had decided: the author sees what is so now."""

from dataclasses import replace

import pytest

from client_sdk import Held, Refused
from sync.admission import Refuse
from sync.batch import Batch
from sync.codes import Code
from tests.client.center import OTHER_GRID, Center
from tests.client.conftest import Worker
from tests.client.stories import dispute, sync


def refuse(center: Center, edit: str, code: Code) -> None:
    arrival, _ = center.past.held[edit]
    batch = Batch(center.past.world)
    batch.work([replace(arrival, verdict=Refuse(code))])
    center._take(batch)


@pytest.mark.parametrize("is_discarded", [False, True])
def test_what_staff_turned_down_is_held_again(wang: Worker, center: Center, is_discarded: bool) -> None:
    entry = wang.tablet.entries.create(dispute=dispute(wang, unit=OTHER_GRID), kind="note", text="x")
    sync(wang)
    before_the_decision = center.backup()
    refuse(center, entry.id, Code.NOT_ALLOWED)
    sync(wang)
    assert [type(each) for each in wang.tablet.attention] == [Refused, Refused]
    if is_discarded:
        item = wang.tablet.attention[1]
        assert isinstance(item, Refused)
        item.discard()

    center.restore(before_the_decision)
    sync(wang)
    assert [(type(each), each.edit, each.code) for each in wang.tablet.attention[1:]] == [
        (Held, entry.id, Code.UNKNOWN_RECORD)
    ]
    sync(wang)
    assert len(wang.tablet.attention) == 2, "and so it stays"


def test_what_was_turned_down_is_turned_down_for_another_reason(wang: Worker, center: Center) -> None:
    entry = wang.tablet.entries.create(dispute=dispute(wang, unit=OTHER_GRID), kind="note", text="x")
    sync(wang)
    before_the_decision = center.backup()
    refuse(center, entry.id, Code.NOT_ALLOWED)
    sync(wang)
    assert [each.code for each in wang.tablet.attention[1:]] == [Code.NOT_ALLOWED]

    center.restore(before_the_decision)
    refuse(center, entry.id, Code.INVALID)
    sync(wang)
    assert [each.code for each in wang.tablet.attention[1:]] == [Code.INVALID]
    assert wang.tablet.sync().refused == 0, "and is told once"
