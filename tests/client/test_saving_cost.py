"""What saving and a sync cost: the same, however much waits in the outbox and however much the store holds."""

from collections.abc import Callable

from tests.client.conftest import Worker
from tests.client.stories import household, sync, visit


def steps_of(worker: Worker, act: Callable[[], object]) -> int:
    """How many steps SQLite's machine takes for what is done."""
    connection = worker.tablet._desk.store._connection
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(step, 1)
    act()
    connection.set_progress_handler(None, 0)
    return steps


def test_saving_costs_the_same_however_much_waits(wang: Worker) -> None:
    home = household(wang)
    first = steps_of(wang, lambda: visit(wang, home))
    for _ in range(60):
        visit(wang, home)
    assert wang.tablet.waiting == 62
    assert steps_of(wang, lambda: visit(wang, home)) <= first


def test_saving_a_visit_takes_few_statements(wang: Worker) -> None:
    """Who saves, when and where; the line with its stamp, and the view; and the transaction around them."""
    home = household(wang)
    ran: list[str] = []
    wang.tablet._desk.store._connection.set_trace_callback(ran.append)
    visit(wang, home)
    wang.tablet._desk.store._connection.set_trace_callback(None)
    first, *between, last = [sql.split()[0] for sql in ran]
    assert (first, sorted(between), last) == ("BEGIN", [*["INSERT"] * 2, *["SELECT"] * 2], "COMMIT")


def test_an_edit_is_on_the_disk_in_one_transaction(wang: Worker) -> None:
    home = household(wang)
    store = wang.tablet._desk.store
    ran: list[str] = []
    store._connection.set_trace_callback(ran.append)
    wang.tablet.households.change(home, phone="13900000000")
    store._connection.set_trace_callback(None)
    assert [ran[0], ran[-1]] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert sum(sql in ("BEGIN IMMEDIATE", "COMMIT") for sql in ran) == 2
    assert (store.value("PRAGMA synchronous"), store.value("PRAGMA journal_mode")) == (2, "wal")


def test_a_sync_costs_the_same_however_much_the_tablet_keeps(wang: Worker) -> None:
    home = household(wang)

    def evening() -> int:
        """How many steps a sync takes after two visits of the day."""
        visit(wang, home)
        visit(wang, home)
        return steps_of(wang, wang.tablet.sync)

    sync(wang)
    first = evening()
    for _ in range(60):
        visit(wang, home)
    sync(wang)
    assert evening() <= first * 1.05
