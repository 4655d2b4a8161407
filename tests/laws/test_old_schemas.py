"""A line that was written by an older app reads as it was meant, in every member that names a field."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from schemas.catalog import CATALOG, Catalog
from sync import lines
from sync.edits import Edit, Unread, read
from sync.refused import over_of_refused
from tests.laws.county import Center, received
from tests.laws.effort import brief
from tests.laws.histories import History, histories

FORMER: Mapping[str, str] = {
    "title": "name",
    "summary": "story",
    "notes": "remarks",
    "purposes": "reasons",
    "service_needs": "needs",
    "status": "state",
}
"""What the app called its fields at schema 1, by what they are called since."""
LATER = {former: name for name, former in FORMER.items()}
FORMER_CATEGORIES = {"neighbours": "next_door"}


def upgrade(values: Mapping[str, object]) -> Mapping[str, object]:
    found = {LATER.get(name, name): value for name, value in values.items()}
    if found.get("category") == "next_door":
        found["category"] = "neighbours"
    return found


SECOND = Catalog(
    version=2,
    types=CATALOG.types,
    upgrades={(name, 1): upgrade for name in CATALOG.types},
    renames={(name, 1): LATER for name in CATALOG.types},
)


def by_old_app(line: bytes) -> bytes:
    """The same line as the app of schema 1 would have written it."""

    def former(register: str) -> str:
        field, slash, member = register.partition("/")
        return FORMER.get(field, field) + slash + member

    members = lines.read(line) | {"schema": 1}
    for member in ("now", "was", "over", "add", "remove"):
        values = members.get(member)
        if isinstance(values, dict):
            members[member] = {former(register): value for register, value in values.items()}
    for member in ("now", "was"):
        values = members.get(member)
        if isinstance(values, dict) and "category" in values:
            values["category"] = FORMER_CATEGORIES.get(str(values["category"]), values["category"])
    settles = members.get("settles")
    if isinstance(settles, list):
        members["settles"] = [former(register) for register in settles]
    return lines.write(members)


def by_new_app(line: bytes) -> bytes:
    return lines.write(lines.read(line) | {"schema": 2})


@brief
@given(histories())
def test_an_old_line_reads_as_it_was_meant(history: History) -> None:
    for line in history.lines:
        old, new = read(by_old_app(line), SECOND), read(by_new_app(line), SECOND)
        if isinstance(new, Edit):
            assert isinstance(old, Edit)
            # A creation's touches come in the order of its line's members.
            assert replace(old, line=b"") == replace(new, line=b"")
        else:
            assert isinstance(old, Unread)
            assert (old.code, old.name, old.record) == (new.code, new.name, new.record)
            assert over_of_refused(old.line, SECOND) == over_of_refused(new.line, SECOND)


@brief
@given(histories(), st.data())
def test_old_and_new_apps_on_one_evening_make_the_same_records(history: History, data: st.DataObject) -> None:
    new = list(map(by_new_app, history.lines))
    mixed = [by_old_app(line) if data.draw(st.booleans()) else by_new_app(line) for line in history.lines]

    assert picture(received([mixed], SECOND)) == picture(received([new], SECOND))


def picture(center: Center) -> Mapping[str, object]:
    return center.picture()


@brief
@given(histories())
def test_a_line_of_a_newer_app_is_held_until_the_center_can_read_it(history: History) -> None:
    center = received([map(by_new_app, history.lines)])  # by a center of schema 1
    assert center.world.records == {}
    assert {code for _, code, _ in center.results().values()} == {"newer-schema"}

    upgraded = received([], SECOND)
    upgraded.push([decision.arrival.line.line for decision in center.outcomes.values()])
    assert upgraded.picture() == received([map(by_new_app, history.lines)], SECOND).picture()
