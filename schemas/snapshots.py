"""The wire between centers: a day's aggregated status as it is pushed, and what the receiver says of it."""

from schemas.kinds import Choice, Day, ListOf, MapOf, Name, Part, Shape, Text, Whole, YesNo
from schemas.limits import INTEGER_MAX, SNAPSHOT_UNITS_MAX, TITLE_CHARS_MAX
from schemas.rules import explained, labelled

SNAPSHOT_VERSION = 1
"""Of the form of a snapshot."""


def measures() -> MapOf:
    return MapOf(
        Whole(-INTEGER_MAX, INTEGER_MAX, required=True),
        required=True,
        metadata=labelled(zh="指标", en="Values by measure"),
    )


class SnapshotUnit(Shape):
    """A unit that carries counters, or one above such a unit."""

    unit = Name(required=True, metadata=labelled(zh="辖区编码", en="Unit"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))
    parent = Name(metadata=labelled(zh="上级辖区", en="The unit above it, none for the top"))


class SnapshotCounters(Shape):
    """What one unit counted itself, without the units under it."""

    unit = Name(required=True, metadata=labelled(zh="辖区编码", en="Unit"))
    measures = measures()


class Snapshot(Shape):
    """A local day of a county, whole: what it does not name is 0. A newer version takes the place of an older one."""

    v = Whole(SNAPSHOT_VERSION, SNAPSHOT_VERSION, required=True, metadata=labelled(zh="格式版本", en="Form version"))
    county = Name(required=True, metadata=labelled(zh="县", en="County"))
    day = Day(required=True, metadata=labelled(zh="日期", en="Local day"))
    version = Whole(0, INTEGER_MAX, required=True, metadata=labelled(zh="版本", en="The county's revision when read"))
    units = ListOf(
        Part(SnapshotUnit),
        items_max=SNAPSHOT_UNITS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="辖区", en="Units"),
    )
    counters = ListOf(
        Part(SnapshotCounters),
        items_max=SNAPSHOT_UNITS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="计数", en="Counters"),
    )


class SnapshotTest(Shape):
    """A message that says nothing, to see whether a center takes what we sign."""

    v = Whole(SNAPSHOT_VERSION, SNAPSHOT_VERSION, required=True, metadata=labelled(zh="格式版本", en="Form version"))
    county = Name(required=True, metadata=labelled(zh="县", en="County"))
    test = YesNo(required=True, metadata=labelled(zh="测试", en="True"))


class SnapshotTaken(Shape):
    """What became of a message: taken; known, which was here already; older than what is here; or a test."""

    source = Name(required=True, metadata=labelled(zh="来源县", en="County that sent it"))
    day = Day(metadata=labelled(zh="日期", en="Local day"))
    version = Whole(0, INTEGER_MAX, metadata=labelled(zh="版本", en="Version that is here now"))
    result = Choice("snapshot_result", required=True, metadata=labelled(zh="结果", en="Result"))


class SumsQuery(Shape):
    """The parameters of sums."""

    source = Name(required=True, metadata=explained(zh="来源县", en="The county that pushed"))
    first = Day(required=True, data_key="from", metadata=explained(zh="起始日", en="First local day"))
    last = Day(required=True, data_key="to", metadata=explained(zh="截止日", en="Last local day"))


class SummedUnit(Shape):
    """A unit with the sums of itself and all under it."""

    unit = Name(required=True, metadata=labelled(zh="辖区编码", en="Unit"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))
    parent = Name(metadata=labelled(zh="上级辖区", en="The unit above it, none for the top"))
    measures = measures()


class SummedStatus(Shape):
    """Sums by unit over local days, both included."""

    source = Name(required=True, metadata=labelled(zh="来源县", en="County that sent it"))
    since = Day(required=True, data_key="from", metadata=labelled(zh="起始日期", en="First day"))
    until = Day(required=True, data_key="to", metadata=labelled(zh="结束日期", en="Last day"))
    units = ListOf(
        Part(SummedUnit),
        items_max=SNAPSHOT_UNITS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="辖区", en="Units"),
    )
