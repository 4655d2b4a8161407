"""Transactions that come between one another: no lost wake-up, no lost edit, no deadlock."""

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from server import administration, sitting, transaction
from server.loading import Loading
from server.push import OvertakenError, Push
from server.store import dialect, ledger, log
from server.store.flight import Question, ask
from server.transaction import TRIES_MAX
from tests.support.county import ALWAYS, GRID, NEXT_GRID, THIRD_GRID, VILLAGE, County
from tests.support.device import Device
from tests.support.meetings import Meeting, at_once

DEADLOCK = "40P01"
"""PostgreSQL's own code for it."""


@pytest.fixture
def before_lock(county: County, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Two transactions have looked at everything, and neither has the county yet. On SQLite one of them has not begun:
    there these tests say that the one waits for the other, and that the outcome is the same."""
    return Meeting(monkeypatch, county.center.engine, ledger, "locked", 2)


@pytest.fixture
def deadlocks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whatever PostgreSQL has rolled back since two waited for one another."""
    found: list[object] = []
    is_retryable = dialect.is_retryable

    def noted(error: sa.exc.DBAPIError) -> bool:
        found.extend([error.orig] if getattr(error.orig, "sqlstate", None) == DEADLOCK else [])
        return is_retryable(error)

    monkeypatch.setattr(dialect, "is_retryable", noted)
    return found


def held(county: County) -> list[str]:
    with county.center.engine.connect() as connection:
        return list(ask(connection, log.held_all(county.center.county(connection).code)))


def test_one_creates_what_the_other_finds_missing(
    county: County, wang: Device, li: Device, before_lock: Meeting
) -> None:
    home = wang.create("household", unit=GRID)
    change = li.change("household", home, head_name="甲某")
    before_lock.run(wang.sync, li.sync)
    assert held(county) == []
    li.catch_up()
    assert li.all("household")[home]["head_name"] == "甲某"
    assert li.outcomes[change]["result"] in ("applied", "held")
    if li.outcomes[change]["result"] == "held":
        assert li.all("held")[change]["result"] == "applied"


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each attempt at a transaction of syncs, whether the county was locked first."""
    found: list[bool] = []
    attempt = transaction.attempt

    def counted(*arguments: Any, early: bool) -> Any:
        found.append(early)
        return attempt(*arguments, early=early)

    monkeypatch.setattr(sitting, "attempt", counted)
    return found


def test_who_works_elsewhere_waits_and_does_not_try_again(
    county: County, wang: Device, li: Device, before_lock: Meeting, attempts: list[bool]
) -> None:
    wang.create("household", unit=GRID)
    li.create("household", unit=GRID)
    before_lock.run(wang.sync, li.sync)
    assert attempts == [False, False]


def test_a_held_creation_is_freed_and_mended_at_the_first_attempt(
    county: County, li: Device, attempts: list[bool]
) -> None:
    fence = li.create("dispute", unit=GRID)
    page = li.create("entry", dispute=fence)
    assert li.push([li.outbox[page]]).outcome(page)["result"] == "held"
    mending = li.mend(page, "entry", dispute=fence)
    attempts.clear()
    answer = li.push([li.outbox[fence], li.outbox[mending]])
    assert answer.outcome(mending).items() >= {"result": "refused", "field": "mends"}.items(), "it was none to mend"
    assert attempts == [False]


def test_one_creates_the_parent_and_one_the_child(
    county: County, wang: Device, li: Device, before_lock: Meeting
) -> None:
    fence = wang.create("dispute", unit=GRID)
    page = li.create("entry", dispute=fence)
    before_lock.run(wang.sync, li.sync)
    assert held(county) == []
    li.catch_up()
    assert li.sees(page)


def test_the_same_edit_comes_twice_at_once(county: County, wang: Device, before_lock: Meeting) -> None:
    twin = county.device(wang.person)
    home, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"})
    garbage = b"{"
    answers = before_lock.run(lambda: wang.push([line, garbage]), lambda: twin.push([line, garbage]))
    assert answers[0].outcomes == answers[1].outcomes
    wang.catch_up()
    assert list(wang.all("household")) == [home]


def test_one_name_and_two_bodies_at_once(county: County, wang: Device, before_lock: Meeting) -> None:
    twin = county.device(wang.person)
    name, line = wang.line(do="create", type="household", now={"unit": GRID, "address": "东"})
    _, other = wang.line(edit=name, do="create", type="household", now={"unit": GRID, "address": "西"})
    first, second = before_lock.run(lambda: wang.push([line]), lambda: twin.push([other]))
    assert sorted([first.outcome(name).get("code", ""), second.outcome(name).get("code", "")]) == ["", "edit-reused"]


def test_two_let_go_on_the_same_held_edit(county: County, wang: Device, li: Device, before_lock: Meeting) -> None:
    """A creation that was refused is mended on two tablets at once, and an edit waits for the record."""
    twin = county.device(wang.person)
    refused = wang.create("household", unit="nowhere")
    waiting = li.change("household", refused, phone="138 0000 0000")
    wang.sync()
    assert li.sync().outcome(waiting)["result"] == "held"
    one, other = wang.mend(refused, "household", unit=GRID), twin.mend(refused, "household", unit=GRID)
    before_lock.run(wang.sync, twin.sync)
    assert held(county) == []
    li.catch_up()
    assert li.all("held")[waiting]["result"] == "applied"
    assert set(li.rows["household", refused]["dots"]["*"]) == {one, other}


def test_an_edit_comes_to_be_held_while_one_that_names_it_is_heard(
    county: County, wang: Device, li: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is met as an edit that another one names, after it was asked who waits for the record."""
    home = wang.create("household", unit=GRID)
    named, naming = (li.change("household", home, head_name=name) for name in ("甲某", "乙某"))
    li.push([li.outbox[naming]])
    know, has_come = Loading._know, list[bool]()

    def one_comes() -> None:
        has_come.append(True)
        li.push([li.outbox[named]])

    def knowing(self: Loading, names: set[str]) -> None:
        if named in names and not has_come:
            one_comes()
        know(self, names)

    if dialect.writes_alone(county.center.engine):
        one_comes()
    monkeypatch.setattr(Loading, "_know", knowing)
    wang.sync()
    assert has_come
    assert held(county) == []
    li.catch_up()
    assert li.all("household")[home]["head_name"] == "乙某"


def test_two_change_one_record(county: County, wang: Device, li: Device, before_lock: Meeting) -> None:
    home = wang.create("household", unit=GRID)
    wang.sync()
    li.sync()
    wang.change("household", home, head_name="甲某")
    li.change("household", home, people_count=3)
    before_lock.run(wang.sync, li.sync)
    wang.sync()
    assert wang.all("household")[home].items() >= {"head_name": "甲某", "people_count": 3}.items()


def test_an_assignment_ends_while_its_work_is_pushed(county: County, wang: Device, before_lock: Meeting) -> None:
    """Whichever comes first: it was made while the assignment lasted."""
    county.clock.pass_ms(1000)
    home = wang.create("household", unit=GRID)
    county.clock.pass_ms(1000)
    before_lock.run(
        wang.sync, lambda: administration.unassign(county.center, wang.person, GRID, administration.Period())
    )
    assert wang.outcomes[home]["result"] == "applied"
    wang.catch_up()
    assert not wang.sees(home)


def test_no_deadlock_with_a_change_of_the_directory(
    county: County, wang: Device, zhao: Device, before_lock: Meeting, deadlocks: list[object]
) -> None:
    """A held edit of a record is judged again, with the county locked, while a push looks at the same record."""
    home = wang.create("household", unit=GRID)
    wang.sync()
    late = zhao.change("household", home, head_name="甲某")
    assert zhao.sync().outcome(late)["result"] == "held"
    wang.change("household", home, people_count=3)
    before_lock.run(wang.sync, lambda: administration.assign(county.center, zhao.person, GRID, None, ALWAYS))
    assert deadlocks == []
    assert held(county) == []
    wang.sync()
    assert wang.all("household")[home].items() >= {"head_name": "甲某", "people_count": 3}.items()


def test_no_deadlock_among_many_who_change_the_same_records(county: County, deadlocks: list[object]) -> None:
    """Records in different orders, moves that take children along, retries with the county locked first."""
    staff = [county.worker(name, VILLAGE, "village_staff") for name in ("孙立", "周正", "吴桐", "郑好")]
    fences = [staff[0].create("dispute", unit=GRID) for _ in range(6)]
    for fence in fences:
        staff[0].create("entry", dispute=fence)
    staff[0].sync()

    def evening(number: int, device: Device) -> None:
        device.catch_up()
        for turn in range(4):
            for fence in fences if number % 2 else reversed(fences):
                device.create("entry", dispute=fence)
                device.change("dispute", fence, unit=(GRID, NEXT_GRID, THIRD_GRID)[(number + turn) % 3])
                device.change("dispute", fence, place=f"{number}-{turn}")
            device.sync()

    at_once([partial(evening, number, each) for number, each in enumerate(staff)])
    assert deadlocks == []
    assert held(county) == []
    for each in staff:
        each.catch_up()
        assert len(each.all("entry")) == 6 + 4 * 4 * 6
    assert staff[0].all("dispute") == staff[1].all("dispute") == staff[2].all("dispute")


class RolledError(Exception):
    """As the driver says that PostgreSQL rolled a transaction back for the sake of another."""

    sqlstate = DEADLOCK


@pytest.mark.parametrize(
    "fault",
    [sa.exc.OperationalError("UPDATE", {}, RolledError()), sa.exc.IntegrityError("INSERT", {}, Exception())],
    ids=["rolled back", "another's row came first"],
)
def test_what_may_pass_is_tried_again(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """As often as may be: see below for once more."""
    work, faults, tries = Push.put, [fault] * (TRIES_MAX - 1), list[bool]()

    def working(self: Push, *arguments: Any) -> Any:
        tries.append(self.early)
        if faults:
            raise faults.pop()
        return work(self, *arguments)

    monkeypatch.setattr(Push, "put", working)
    home = wang.create("household", unit=GRID)
    assert wang.sync().outcomes == []
    assert wang.sees(home)
    alone = county.center.engine.dialect.name == "sqlite"
    assert tries == [alone, *[True] * (TRIES_MAX - 1)], "from the second try on with the county locked first"


def test_a_tablet_that_is_revoked_before_the_second_try_is_revoked(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks is read once more under the lock."""
    if county.center.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nobody comes between")
    put, locked = Push.put, ledger.locked
    between, revoked = [OvertakenError("somebody came between")], list[str]()

    def overtaken_once(self: Push, *arguments: Any) -> Any:
        if between:
            raise between.pop()
        return put(self, *arguments)

    def revoked_just_before(code: str) -> Question[ledger.County]:
        if not between and not revoked:
            revoked.append(wang.tablet)
            administration.revoke(county.center, wang.tablet)
        return (yield from locked(code))

    monkeypatch.setattr(Push, "put", overtaken_once)
    monkeypatch.setattr(ledger, "locked", revoked_just_before)
    home = wang.create("household", unit=GRID)
    assert wang.sync().outcome(home).items() >= {"result": "held", "code": "tablet-revoked"}.items()
    assert revoked


def test_what_never_passes_is_not_tried_for_ever(county: County, wang: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []

    def failing(push: Push, *_: object) -> None:
        tries.append(push)
        raise sa.exc.OperationalError("UPDATE", {}, RolledError())

    with monkeypatch.context() as patched:
        patched.setattr(Push, "put", failing)
        home = wang.create("household", unit=GRID)
        answer = wang.post(wang.body(list(wang.outbox.values())))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert len(tries) == TRIES_MAX
    assert wang.sync().outcomes == []
    assert wang.sees(home)
