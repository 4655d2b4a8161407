"""The registers alone, over every shape that edits naming each other can have: chains, forks, circles, other records.

Two disputes, and changes of their titles that name any of each other, also those that were refused, or that are still
to come. Most of it no honest tablet writes; none of it may do harm.
"""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sync import ids, lines, stamps
from sync.scope import standing
from sync.touches import Touch
from tests.laws.county import BEGIN_MS, FAR_GRID, GRID, NEXT_GRID, Center, received, reshuffled
from tests.laws.effort import thorough
from tests.laws.oracle import Said, told_by

UNITS = {"Fence": GRID, "Drain": NEXT_GRID, "Canal": FAR_GRID}
HOMES = (ids.edit_name(BEGIN_MS, 101), ids.edit_name(BEGIN_MS, 102))


@dataclass(frozen=True, slots=True)
class Change:
    home: int
    over: frozenset[int]
    is_refused: bool
    settles: bool
    value: str


changes = st.lists(
    st.builds(
        Change,
        home=st.sampled_from((0, 0, 0, 1)),
        over=st.frozensets(st.integers(-2, 5), max_size=3),
        is_refused=st.booleans(),
        settles=st.booleans(),
        value=st.sampled_from(("Fence", "Drain", "Canal")),
    ),
    min_size=1,
    max_size=6,
)


def name(number: int) -> str:
    """Of the change of that number, or of one of the two creations below 0."""
    return HOMES[number] if number < 0 else ids.edit_name(BEGIN_MS, number + 1)


def creation(home: str) -> bytes:
    dispute = {
        "unit": GRID,
        "category": "neighbours",
        "source": "found_by_grid",
        "title": "Fence",
        "summary": "Quiet.",
        "parties": [{"role": "applicant", "kind": "person", "name": "Gao"}],
        "difficulty": "simple",
        "violence_likely": False,
        "tier": "grid",
        "status": "reported",
        "registered_by": "zhao",
    }
    head = {"edit": home, "schema": 1, "by": "zhao", "do": "create", "type": "dispute"}
    return lines.write({**head, "at": stamps.stamp(BEGIN_MS), "now": dispute})


def written(number: int, change: Change, field: str = "title") -> bytes:
    over = [name(each) for each in sorted(change.over) if each != number]
    return lines.write(
        {
            "edit": name(number),
            "schema": 1,
            "by": "sun",
            "do": "change",
            "type": "dispute",
            "id": HOMES[change.home],
            "at": stamps.stamp(BEGIN_MS + number // 2),
            "over": {field: over} if over else None,
            "settles": [field] if change.settles else None,
            "now": {field: UNITS[change.value] if field == "unit" else change.value}
            | ({"category": "nothing we know"} if change.is_refused else {}),
        }
    )


def picture(center: Center) -> tuple[object, ...]:
    return center.documents(), center.dots(), center.conflicts(), center.results()


@thorough
@given(changes, st.integers(0, 2**32))
def test_whatever_edits_name_the_records_are_as_defined_in_every_order(graph: list[Change], seed: int) -> None:
    holds(graph, seed)


def holds(graph: list[Change], seed: int) -> None:
    all_lines = [*map(creation, HOMES), *(written(number, change) for number, change in enumerate(graph))]
    center = received([all_lines])

    for order in range(4):
        assert picture(received(reshuffled(all_lines, seed + order))) == picture(center)

    said = {name(number): as_said(number, change) for number, change in enumerate(graph)}
    told = told_by(center, all_lines, said, dict.fromkeys(HOMES, "dispute"))
    assert {record: each.document() for record, each in told.items()} == center.documents()
    assert {record: each.dots() for record, each in told.items()} == center.dots()
    assert {record: each.conflicts() for record, each in told.items()} == center.conflicts()


@thorough
@given(changes, st.integers(0, 2**32))
def test_whatever_edits_of_units_name_the_records_stand_alike_in_every_order(graph: list[Change], seed: int) -> None:
    all_lines = [*map(creation, HOMES), *(written(number, change, "unit") for number, change in enumerate(graph))]
    center = received([all_lines])

    for order in range(4):
        other = received(reshuffled(all_lines, seed + order))
        assert (picture(other), stands(other)) == (picture(center), stands(center))
    assert all(any(key.startswith("unit:") for key in keys) for keys in stands(center).values())


def stands(center: Center) -> dict[str, frozenset[str]]:
    """The keys that each record is under."""
    return {identity: standing(placed.placement) for identity, placed in center.world.records.items()}


def as_said(number: int, change: Change) -> Said:
    over = tuple(name(each) for each in sorted(change.over) if each != number)
    touch = Touch("title", change.value, over, change.settles)
    at = stamps.stamp(BEGIN_MS + number // 2)
    return Said(name(number), HOMES[change.home], "sun", at, creates=False, touches={"title": touch})
