"""Requests of several tablets in one transaction: each is answered as if it had come alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import sqlalchemy as sa

from server import administration, loading, sitting
from server.center import Center
from server.sitting import Call
from server.store import tables, tablets
from server.store.flight import Sender
from sync import edits
from tests.support.answers import ProblemAnswerError
from tests.support.county import FAR_GRID, GRID, NEXT_GRID, County
from tests.support.device import Device
from tests.support.statements import statements
from tests.support.turns import Together


@pytest.fixture
def together(county: County) -> Together:
    """The county's server works on requests together."""
    made = Together()
    county.app.extensions["center"] = replace(county.center, turns=made)
    return made


def receipts(county: County) -> dict[str, tuple[int, str | None]]:
    """By edit, the moment of its transaction and the tablet that handed it over."""
    log = tables.edit_log.c
    with county.center.engine.connect() as connection:
        rows = connection.execute(sa.select(log.name, log.receipt_ms, log.tablet).where(log.kind == "edit"))
        return {str(name): (moment, tablet) for name, moment, tablet in rows}


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests each transaction was of that came to its end."""
    counts: list[int] = []
    received = sitting.received

    def counted(center: Center, calls: Sequence[Call], **how: bool) -> object:
        found = received(center, calls, **how)
        counts.append(len(calls))
        return found

    monkeypatch.setattr(sitting, "received", counted)
    return counts


def problem(answer: object) -> str:
    assert isinstance(answer, ProblemAnswerError), answer
    return answer.code


def test_each_gets_its_own_outcomes_and_its_own_rows(
    county: County, wang: Device, li: Device, together: Together
) -> None:
    qian = county.worker("钱", FAR_GRID)
    homes = {
        device.tablet: device.create("household", unit=unit)
        for device, unit in ((wang, GRID), (li, GRID), (qian, FAR_GRID))
    }
    wrong = li.create("household", unit=FAR_GRID)
    answers = together.run(wang.sync, li.sync, qian.sync)
    assert not any(isinstance(each, Exception) for each in answers)
    assert li.outcomes[wrong]["code"] == "not-allowed"
    assert {name: tablet for name, (_, tablet) in receipts(county).items()} == {
        **{home: tablet for tablet, home in homes.items()},
        wrong: li.tablet,
    }
    assert set(wang.all("household")) == set(li.all("household")) == {homes[wang.tablet], homes[li.tablet]}
    assert set(qian.all("household")) == {homes[qian.tablet]}
    assert not wang.sees(wrong)


def test_they_share_one_transaction(
    county: County, wang: Device, li: Device, together: Together, shared: list[int]
) -> None:
    for device in (wang, li):
        device.create("household", unit=GRID)
    with statements(county.center.engine) as alone:
        together.run(wang.sync)
    county.clock.pass_ms(1000)
    wang.create("household", unit=GRID)
    with statements(county.center.engine) as both:
        together.run(wang.sync, li.sync)
    assert len(both) <= len(alone) + 6  # Of each: who asks, what it said of its clock, its page; and on SQLite twice.
    assert shared == [1, 2]


def test_one_hands_over_what_the_other_links_to(county: County, wang: Device, li: Device, together: Together) -> None:
    home = wang.create("household", unit=GRID)
    visit = li.create("visit", household=home, unit=GRID)
    together.run(li.sync, wang.sync)
    assert li.outcomes[visit]["result"] == "applied"
    together.run(wang.sync)
    assert wang.sees(visit)


def test_who_is_not_known_or_not_understood_is_told_so_alone(
    county: County, wang: Device, li: Device, together: Together
) -> None:
    stranger, garbled = county.device(wang.person), county.device(li.person)
    stranger.token = "nobody's"
    garbled.cursor = "no cursor of ours"
    home = wang.create("household", unit=GRID)
    answers = together.run(wang.sync, stranger.sync, garbled.sync, li.sync)
    assert [problem(each) for each in answers[1:3]] == ["token-unknown", "cursor-unknown"]
    assert wang.outcomes[home]["result"] == "applied"
    assert not isinstance(answers[3], Exception)


def test_two_who_change_one_record_go_one_after_the_other(
    county: County, wang: Device, li: Device, together: Together, shared: list[int]
) -> None:
    """What the server itself writes of a dispute follows each change of its status, and not only the last."""
    fence = wang.create("dispute", unit=GRID)
    together.run(wang.sync)
    together.run(li.sync)
    wang.change("dispute", fence, title="地界")
    li.change("dispute", fence, title="田埂")
    together.run(wang.sync, li.sync)
    assert shared == [1, 1, 1, 1]
    together.run(wang.sync)
    assert [each["field"] for each in wang.all("conflict").values()] == ["title"]


def test_tablets_are_noted_in_one_order(
    county: County, wang: Device, li: Device, zhao: Device, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that note the same tablets in another order would wait for one another for ever."""
    noted: list[str] = []
    heard = tablets.heard

    def listened(sender: Sender, code: str, tablet: str, receipt: str, now: str | None, owes: int) -> None:
        noted.append(tablet)
        heard(sender, code, tablet, receipt, now, owes)

    monkeypatch.setattr(tablets, "heard", listened)
    together.run(wang.sync, li.sync, zhao.sync)
    together.run(zhao.sync, li.sync, wang.sync)
    assert noted == sorted(noted[:3]) * 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_tablets_with_the_same_lines_go_one_after_the_other(
    county: County, wang: Device, together: Together, order: tuple[int, int]
) -> None:
    twin = county.device(wang.person)
    home, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"})
    _, other = wang.line(edit=home, do="create", type="household", now={"unit": GRID, "address": "西"})
    jobs = [lambda: wang.push([line]), lambda: twin.push([line, other])]
    answers = together.run(*(jobs[each] for each in order))
    outcomes = [each for each in answers if not isinstance(each, Exception)]
    codes = [outcomes[order.index(each)].outcomes for each in (0, 1)]
    assert codes[0] == []
    assert [each.get("code") for each in codes[1]] == ["edit-reused"]


def test_two_requests_of_one_tablet_go_one_after_the_other(county: County, wang: Device, together: Together) -> None:
    home = wang.create("household", unit=GRID)
    lines = list(wang.outbox.values())
    answers = together.run(lambda: wang.push(lines), lambda: wang.push(lines), lambda: wang.push(lines))
    assert not any(isinstance(each, Exception) for each in answers)
    together.run(wang.sync)
    assert list(wang.all("household")) == [home]


def test_a_revoked_tablet_s_work_is_held_and_the_others_is_taken(
    county: County, wang: Device, li: Device, together: Together
) -> None:
    late, home = wang.create("household", unit=GRID), li.create("household", unit=GRID)
    administration.revoke(county.center, wang.tablet)
    together.run(wang.sync, li.sync)
    assert wang.outcomes[late]["code"] == "tablet-revoked"
    assert li.outcomes[home]["result"] == "applied"
    assert wang.rows == {}


def test_what_waits_for_one_of_them_is_let_go_on(
    county: County, wang: Device, li: Device, zhao: Device, together: Together
) -> None:
    home = wang.create("household", unit=GRID)
    waiting = li.change("household", home, people_count=3)
    together.run(li.sync)
    assert li.outcomes[waiting]["result"] == "held"
    zhao.create("household", unit=NEXT_GRID)
    together.run(wang.sync, zhao.sync)
    together.run(li.sync)
    assert li.all("household")[home]["people_count"] == 3
    assert li.all("held")[waiting]["result"] == "applied"


def test_a_line_that_breaks_the_server_keeps_no_other_out(
    county: County, wang: Device, li: Device, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = wang.create("household", unit=GRID, address="坏"), li.create("household", unit=GRID)
    ask_ahead = loading.Loading.ask_ahead

    def broken(self: loading.Loading, flight: object, lines: list[edits.Edit]) -> None:
        if any(each.name == bad for each in lines) and not self.held:
            raise ZeroDivisionError
        ask_ahead(self, flight, lines)  # type: ignore[arg-type]

    monkeypatch.setattr(loading.Loading, "ask_ahead", broken)
    answers = together.run(wang.sync, li.sync)
    assert isinstance(answers[0], Exception)
    assert li.outcomes[good]["result"] == "applied"
