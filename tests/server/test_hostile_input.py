"""Lines that no tablet of ours would write, and that must harm nobody but their author."""

import pytest
import sqlalchemy as sa

from server import administration, loading
from server.store import tables
from server.store.log import LoggedEdit
from server.store.records import Writes
from sync import ids
from sync.batch import Arrival
from sync.limits import OVER_NAMES_MAX
from sync.records import Record
from sync.registers import Register
from sync.scope import Span
from tests.support.county import ALWAYS, FAR_GRID, GRID, NEXT_GRID, TOWNSHIP, VILLAGE, County
from tests.support.device import Device
from tests.support.statements import statements


def flipped(device: Device, household: str, times: int = 5) -> None:
    """The household goes to and fro between two grids."""
    before, was = household, GRID
    for _ in range(times):
        unit = NEXT_GRID if was == GRID else GRID
        now = {"unit": unit}
        before = device.put(
            do="change", type="household", id=household, over={"unit": [before]}, was={"unit": was}, now=now
        )
        was = unit


def ahead(county: County, person: str) -> Device:
    """A tablet whose clock is fast by less than what the server corrects."""
    return county.device(person, clock=lambda: county.clock() + 120_000)


def test_flips_by_a_fast_clock_do_not_hold_the_creation_that_they_wait_for(county: County, wang: Device) -> None:
    fast = ahead(county, county.hire("孙立", "village_staff", VILLAGE))
    household = wang.create("household", unit=GRID)
    flipped(fast, household)
    fast.sync()
    wang.sync()

    assert wang.outcomes[household]["result"] == "applied"
    county.clock.pass_ms(1000)
    fast.catch_up()
    assert fast.document("household", household)["unit"] == NEXT_GRID


def test_flips_by_a_fast_clock_do_not_block_an_assignment(county: County, wang: Device) -> None:
    household = wang.create("household", unit=GRID)
    wang.sync()
    person = county.hire("孙立", "mediator", GRID)
    fast = ahead(county, person)
    flipped(fast, household)
    fast.sync()
    assert {each["result"] for each in fast.outcomes.values()} == {"held"}

    administration.assign(county.center, person, VILLAGE, "village_staff", ALWAYS)
    wang.catch_up()
    assert ("household", household) not in wang.rows


def test_a_span_that_is_remembered_already_is_not_remembered_again(county: County, wang: Device) -> None:
    household, ended = wang.create("household"), Span(f"unit:{GRID}", "0", "1")
    for _ in range(2):
        with county.center.engine.begin() as connection:
            writes = Writes(county.center.county(connection).code)
            writes.end(household, ended)
            writes.end(household, ended)
            writes.write(connection, connection)


def mended_twice(county: County, units: tuple[str, str]) -> tuple[Device, Device, list[str]]:
    """An entry whose refused creation one person mended on two tablets, each under another dispute: neither is sent."""
    person = county.hire("孙立", "township_staff", TOWNSHIP)
    one, two = county.device(person), county.device(person)
    disputes = [one.create("dispute", unit=unit) for unit in units]
    one.catch_up()
    two.catch_up()
    refused = one.put(do="create", type="entry", now={"dispute": disputes[0], "kind": "nonsense", "by": person})
    one.sync()
    assert one.outcomes[refused]["result"] == "refused"
    for device, dispute, text in ((one, disputes[0], "earlier"), (two, disputes[1], "later")):
        county.clock.pass_ms(1000)
        device.mend(refused, "entry", dispute=dispute, text=text)
    return one, two, [refused, *disputes]


def is_with_its_dispute(device: Device, entry: str) -> bool:
    """Whether whoever sees the entry sees its dispute."""
    row = device.rows.get(("entry", entry))
    return row is None or ("dispute", row["doc"]["dispute"]) in device.rows


def test_an_entry_mended_twice_leaves_the_grid_of_its_former_dispute(county: County, wang: Device) -> None:
    one, two, (entry, *_) = mended_twice(county, (GRID, FAR_GRID))
    one.sync()
    wang.catch_up()
    assert wang.document("entry", entry)["text"] == "earlier"
    two.sync()
    wang.catch_up()

    assert is_with_its_dispute(wang, entry)
    one.catch_up()
    assert is_with_its_dispute(one, entry)


def test_an_entry_mended_twice_leaves_the_grid_of_its_dispute_that_moves_as_well(county: County, wang: Device) -> None:
    one, two, (entry, dispute, _) = mended_twice(county, (GRID, FAR_GRID))
    one.sync()
    wang.catch_up()
    two.change("dispute", dispute, unit=NEXT_GRID)
    two.sync()
    wang.catch_up()

    assert ("dispute", dispute) not in wang.rows
    assert ("entry", entry) not in wang.rows


def test_an_entry_mended_twice_takes_the_earlier_line_after_the_later(county: County) -> None:
    one, two, (entry, _, shown) = mended_twice(county, (GRID, GRID))
    two.sync()
    earlier = next(iter(one.outbox))
    one.sync()

    assert one.outcomes[earlier].get("code") != "server-error"
    two.catch_up()
    assert two.rows["entry", entry]["doc"]["dispute"] == shown


def test_however_many_edits_a_line_names_the_siblings_are_looked_up_once(
    county: County, wang: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    household = wang.create("household", unit=GRID)
    wang.catch_up()
    register, asked = Record.register, list[str]()

    def counted(record: Record, name: str) -> Register:
        asked.append(name)
        return register(record, name)

    monkeypatch.setattr(Record, "register", counted)
    counts = []
    for many in (1, 1, 500):  # The first one finds a record that nobody has touched.
        names = [ids.edit_name(county.clock(), number) for number in range(many)]
        wang.put(do="change", type="household", id=household, over={"phone": names}, now={"phone": "1"})
        asked.clear()
        wang.sync()
        counts.append(len(asked))
    assert counts[1] == counts[2]


def test_names_that_nobody_has_stand_beside_the_record_and_cost_later_edits_nothing(
    county: County, wang: Device
) -> None:
    household = wang.create("household", unit=GRID)
    wang.catch_up()
    named = [ids.edit_name(county.clock(), number) for number in range(2 * OVER_NAMES_MAX)]
    for start in (0, OVER_NAMES_MAX):
        over = {"head_name": named[start:][:OVER_NAMES_MAX]}
        wang.put(do="change", type="household", id=household, over=over, now={"head_name": str(start)})
    wang.sync()
    assert state_chars(county, household) < 1_000

    late = wang.line(edit=named[0], do="change", type="household", id=household, over={}, now={"head_name": "late"})[1]
    wang.push([late])
    wang.catch_up()
    assert named[0] not in wang.rows["household", household]["dots"]["head_name"]
    assert wang.document("household", household)["head_name"] != "late"


def test_a_name_is_remembered_by_each_record_that_named_it_until_it_comes(county: County, wang: Device) -> None:
    one, other = wang.create("household", unit=GRID), wang.create("household", unit=GRID)
    wang.catch_up()
    name, late = wang.line(do="change", type="household", id=other, over={}, now={"head_name": "late"})
    county.clock.pass_ms(1000)
    for household in (one, other):
        wang.put(do="change", type="household", id=household, over={"head_name": [name]}, now={"head_name": "now"})
        wang.sync()
    wang.push([late])
    wang.catch_up()

    assert [wang.document("household", each)["head_name"] for each in (one, other)] == ["now", "now"]
    assert name not in wang.rows["household", other]["dots"]["head_name"]
    with county.center.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.remembered)) == 0


def state_chars(county: County, record: str) -> int:
    with county.center.engine.connect() as connection:
        return len(connection.scalar(sa.select(tables.record.c.state).where(tables.record.c.id == record)) or "")


def test_a_chain_of_refused_creations_is_not_followed_link_by_link(county: County, wang: Device) -> None:
    wang.catch_up()
    counts = []
    refused = wang.put(do="create", type="household", now={"unit": GRID})
    for _ in range(3):
        for _ in range(30):
            refused = wang.put(do="create", type="household", mends=refused, now={"unit": GRID})
        wang.sync()
        with statements(county.center.engine) as said:
            refused = wang.put(do="create", type="household", mends=refused, now={"unit": GRID})
            wang.sync()
        counts.append(len(said))
    assert counts[0] == counts[1] == counts[2]

    mended = wang.mend(refused, "household", unit=GRID)
    wang.catch_up()
    assert wang.outcomes[mended]["result"] == "applied"


@pytest.mark.parametrize("is_in_order", [True, False])
def test_a_chain_of_refused_edits_is_not_followed_link_by_link(county: County, wang: Device, is_in_order: bool) -> None:
    counts = []
    for links in (2, 60):
        home = wang.create("household", unit=GRID)
        wang.catch_up()
        chain, last = list[bytes](), home
        for _ in range(links):
            last, line = wang.line(
                do="change", type="household", id=home, over={"head_name": [last]}, now={"head_name": 7}
            )
            chain.append(line)
        for line in chain if is_in_order else reversed(chain):
            wang.push([line])
        county.clock.pass_ms(1000)
        over = {"head_name": [last], "door_no": [ids.edit_name(county.clock(), 1)]}
        wang.put(do="change", type="household", id=home, over=over, now={"head_name": "甲某", "door_no": "1"})
        with statements(county.center.engine) as said:
            wang.sync()
        counts.append(len(said))
        assert len(wang.rows["household", home]["dots"]["head_name"]) == 1
    assert counts[0] == counts[1]


def test_who_waits_for_another_s_record_is_not_read_again_by_each_edit_of_it(
    county: County, wang: Device, zhao: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = wang.create("household", unit=GRID)
    wang.catch_up()
    waiting = zhao.put(do="change", type="household", id=home, over={}, now={"notes": "x"})
    zhao.sync()
    assert zhao.outcomes[waiting]["result"] == "held"
    read = list[str]()
    arrival_of = loading.arrival_of

    def counted(logged: LoggedEdit) -> Arrival:
        read.append(logged.name)
        return arrival_of(logged)

    monkeypatch.setattr(loading, "arrival_of", counted)
    wang.change("household", home, notes="y")
    wang.catch_up()
    assert read == []

    mover = county.worker("孙立", TOWNSHIP, "township_staff")
    mover.catch_up()
    mover.change("household", home, unit=FAR_GRID)
    mover.sync()
    assert waiting in read
    zhao.catch_up()
    assert zhao.rows["held", waiting]["doc"]["result"] == "conflict"


@pytest.mark.parametrize("kind", ["dispute", "visit", "conflict", "nonsense", None])
def test_what_a_refused_line_named_counts_in_each_order_alike(county: County, wang: Device, kind: str | None) -> None:
    """A refused line may name a record by its id, and another type than the record's."""
    shown = []
    for is_in_order in (True, False):
        dispute = wang.create("dispute", unit=GRID, title="0")
        wang.sync()
        said = {"do": "change", "id": dispute, "was": {"title": "0"}}
        refused, first = wang.line(**said, type=kind, over={"title": [dispute]}, now={"title": 5})
        _, second = wang.line(**said, type="dispute", over={"title": [refused]}, now={"title": "two"})
        for line in (first, second) if is_in_order else (second, first):
            wang.push([line])
        wang.catch_up()
        shown.append(len(wang.rows["dispute", dispute]["dots"]["title"]))
    # The creation's title stands beside the second one, unless the refused line was one about the dispute.
    assert shown == ([1, 1] if kind == "dispute" else [2, 2])
