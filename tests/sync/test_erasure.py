"""What a line is about, for erasing; and that nothing about what is erased is taken."""

import pytest

from schemas.catalog import CATALOG
from sync import edits
from sync.batch import Batch
from sync.codes import Code
from sync.erasure import about
from sync.lines import write
from tests.sync.lines_of import changed, created, name, new_name
from tests.sync.stories import APPLIED, REFUSED, arrival, pushed

HOME, FENCE = created("household"), created("dispute")
FIRST = new_name()


def named(line: bytes) -> set[tuple[str, str]]:
    return set(about(edits.read(line, CATALOG), CATALOG))


def test_a_line_is_about_its_record_its_parent_and_what_it_mends() -> None:
    entry = created("entry", dispute=name(FENCE), mends=FIRST)
    assert named(FENCE) == {("dispute", name(FENCE))}
    assert named(changed(FENCE, title="Drain")) == {("dispute", name(FENCE))}
    assert named(entry) == {("entry", name(entry)), ("entry", FIRST), ("dispute", name(FENCE))}


def test_a_link_alone_is_not_what_it_is_about() -> None:
    visit = created("visit", household=name(HOME))
    assert named(visit) == {("visit", name(visit))}


def test_a_line_that_is_no_edit_is_about_what_it_names() -> None:
    entry = created("entry", dispute=name(FENCE), kind="no such kind")
    assert named(entry) == {("entry", name(entry)), ("dispute", name(FENCE))}
    bad = changed(FENCE, category="no such category")
    assert ("dispute", name(FENCE)) in named(bad)


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON",
        write({"edit": FIRST, "schema": 1}),
        write({"edit": FIRST, "schema": 1, "type": ["entry"]}),
        write({"edit": FIRST, "schema": 1, "type": "no such type"}),
    ],
)
def test_a_line_that_says_no_type_is_about_nothing(line: bytes) -> None:
    assert named(line) == set()


def test_a_line_without_values_is_about_itself() -> None:
    assert named(write({"edit": FIRST, "schema": 1, "type": "entry", "do": "create"})) == {("entry", FIRST)}
    assert named(write({"edit": FIRST, "schema": 1, "type": "entry", "now": {"dispute": 1}})) == {("entry", FIRST)}


def test_members_that_are_no_names_are_about_nothing() -> None:
    for member in ("edit", "id", "mends"):
        assert named(write({"schema": 1, "type": "entry", member: {"a": [1]}, "now": {"dispute": {"b": []}}})) == set()


def test_nothing_about_what_is_erased_is_taken() -> None:
    world = pushed(HOME, FENCE).world
    world.people = dict(pushed().people)
    world.erased = {name(FENCE), FIRST}
    late = [
        changed(FENCE, over={"title": [FENCE]}, title="Drain"),
        changed(FENCE, category="no such category"),
        created("entry", dispute=name(FENCE)),
        created("household", mends=FIRST),
    ]
    mending = created("entry", dispute=name(HOME), mends=name(late[2]))
    visit = created("visit", household=name(HOME))
    batch = Batch(world)
    batch.work([arrival(line) for line in (*late, mending, visit)])
    found = {line: batch.decisions[name(line)] for line in (*late, mending, visit)}
    assert {(found[line].result, found[line].code) for line in (*late, mending)} == {(REFUSED, Code.ERASED)}
    assert found[visit].result is APPLIED
    assert name(mending) in world.erased
