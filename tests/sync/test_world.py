"""What a world has loaded, and what it makes of that once."""

from schemas.catalog import CATALOG
from schemas.workflow import WORKFLOW
from sync import records
from tests.laws.county import Center
from tests.sync.lines_of import changed, created, name


def test_a_document_is_made_once_for_each_version_of_a_record() -> None:
    center = Center()
    line = created("household")
    center.push([line])
    world, placed = center.world, center.world.records[name(line)]
    first = placed.record
    assert world.document(first) is world.document(first)

    center.push([changed(line, kind="household", over={"address": [line]}, address="2 Canal Lane")])
    second = world.records[name(line)].record

    assert [world.document(each)["address"] for each in (second, first)] == ["2 Canal Lane", "1 Canal Lane"]
    assert world.document(second) == records.document(second, CATALOG, WORKFLOW)


def test_a_version_that_nobody_holds_any_more_lends_its_document_to_no_other() -> None:
    center = Center()
    line = created("household")
    center.push([line])
    world = center.world
    made = world.records[name(line)].record
    for number in range(1000):
        # Each is thrown away at once, so that its place in memory is free for the next.
        version = records.Record(made.type, made.id, made.origins, {**made.base, "address": str(number)}, {})
        assert world.document(version)["address"] == str(number)
