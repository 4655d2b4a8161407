"""A batch: what waits for what, and what an exception does not do."""

from dataclasses import replace

import pytest

from sync import batch as batches
from sync import faults
from sync.admission import Refuse, Wait, judge
from sync.batch import Arrival
from sync.codes import Code
from sync.edits import Unread
from tests.laws.county import Center
from tests.sync.lines_of import START, changed, created, group, moved, name, path
from tests.sync.stories import APPLIED, HELD, REFUSED, arrival, decided, outcome, pushed, shown

FENCE = created("dispute")


def test_children_and_changes_may_come_before_their_record() -> None:
    entry = created("entry", dispute=name(FENCE))
    change = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    center = pushed(entry, change, FENCE)

    assert {outcome(center, line) for line in (entry, change, FENCE)} == {(APPLIED, None)}


def test_a_line_twice_in_a_batch_is_taken_once() -> None:
    change = changed(FENCE, over={"title": [FENCE]}, title="Drain")
    center = pushed(FENCE, change, change, FENCE)
    assert len(center.world.records[name(FENCE)].record.register("title").siblings) == 1


def test_a_line_that_waits_for_two_things_is_taken_once() -> None:
    accepted = [moved(FENCE, by, n, START, group("accepted"), FENCE) for n, by in enumerate(("wang", "zhao"), start=1)]
    further = moved(FENCE, "wang", 5, group("accepted"), group("mediating"), *accepted)
    odd = moved(FENCE, "zhao", 5, group("accepted"), group("mediating"), *accepted, further)
    center = pushed(FENCE, odd, further)
    assert len(decided(center, odd).awaited) == 3

    center.push(accepted)
    siblings = center.world.records[name(FENCE)].record.register("status").siblings
    assert [sibling.edit for sibling in siblings] == [name(odd)]


def test_a_long_chain_that_comes_backwards_is_judged_a_few_times_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    judgements = []

    def counting(*args: object) -> object:
        judgements.append(args)
        return judge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "judge", counting)
    steps = path(FENCE, "wang", "accepted", *["mediating", "suspended"] * 100)
    center = pushed(*steps[::-1], FENCE)

    assert shown(center, FENCE)["status"] == "suspended"
    assert len(judgements) <= 3 * len(steps)


def test_a_held_line_goes_on_in_the_batch_that_brings_what_it_waits_for() -> None:
    visit = created("visit", household=name(household := created("household")))
    center = pushed(visit)
    batch = center.push([household])

    assert set(batch.decisions) == {name(household), name(visit)}
    assert batch.changed == {name(household): None, name(visit): None}


def test_a_batch_says_how_a_record_was_before_it() -> None:
    center = pushed(FENCE)
    before = center.world.records[name(FENCE)]
    batch = center.push([changed(FENCE, title="Drain"), changed(FENCE, place="渠边")])

    assert batch.changed == {name(FENCE): before}


def test_a_line_of_a_newer_app_waits_for_a_release() -> None:
    newer = FENCE.replace(b'"schema":1', b'"schema":2')
    center = pushed(newer)
    assert outcome(center, newer) == (HELD, Code.NEWER_SCHEMA)
    assert decided(center, newer).awaited == {"release"}


def test_a_line_may_be_decided_before_it_is_judged() -> None:
    revoked = replace(arrival(FENCE), verdict=Wait(Code.TABLET_REVOKED, None, frozenset()))
    center = Center()
    center.work([revoked])
    assert outcome(center, FENCE) == (HELD, Code.TABLET_REVOKED)

    center.work([replace(revoked, verdict=Refuse(Code.NOT_ALLOWED))])
    assert outcome(center, FENCE) == (REFUSED, Code.NOT_ALLOWED)


def test_a_line_by_nobody_known_has_no_rights() -> None:
    line = created("dispute", "stranger")
    assert outcome(pushed(line), line) == (REFUSED, Code.NOT_ALLOWED)


def test_a_line_without_a_name_never_gets_into_a_batch() -> None:
    with pytest.raises(ValueError, match="without a name"):
        _ = Arrival(Unread(Code.LINE_MALFORMED, b"{"), "").name


def test_an_exception_holds_its_line_and_says_where_but_nobodys_data(monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = changed(FENCE, over={"title": [FENCE]}, title="Drain"), changed(FENCE, place="渠边")

    def failing(edit: object, *args: object) -> object:
        if getattr(edit, "name", None) == name(bad):
            raise KeyError("张三 13800000000")
        return judge(edit, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "judge", failing)
    center = pushed(FENCE, bad, good)

    assert outcome(center, bad) == (HELD, Code.SERVER_ERROR)
    assert decided(center, bad).awaited == {"release"}
    assert str(decided(center, bad).error).startswith("KeyError in test_an_exception")
    assert outcome(center, good) == (APPLIED, None)
    assert "place" not in shown(center, FENCE)

    monkeypatch.undo()
    center.work([decided(center, bad).arrival])
    assert shown(center, FENCE)["place"] == "渠边"


def test_an_exception_that_was_never_raised_has_no_place() -> None:
    assert faults.place(KeyError("x")) == "KeyError"
