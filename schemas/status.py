"""The aggregated status: what is counted, the measures that come of it, and their shape over the wire."""

from dataclasses import dataclass

from schemas.forms import DAY, is_real_day
from schemas.kinds import Day, ListOf, MapOf, Name, Part, Patterned, Shape, Text, Whole, pattern
from schemas.limits import INTEGER_MAX, TITLE_CHARS_MAX
from schemas.rules import explained, labelled

STATUS_UNITS_MAX = 10_000
"""Units right under one unit."""
FIRST_DAY = "1900-01-01"
"""Before it no figures are asked for."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A share: the sum of some counts over the sum of others. Both are always told, never a rate alone."""

    name: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    zh: str
    en: str


MEASURES = (
    Measure("success_of_received", ("settled",), ("received",), "受理成功率", "Settled of received"),
    Measure("success_of_concluded", ("settled",), ("settled", "failed"), "办结成功率", "Settled of concluded"),
    Measure("overdue", ("overdue",), ("carried_out",), "逾期率", "Overdue of open"),
    Measure("on_time", ("on_time",), ("on_time", "late"), "按期率", "Closed on time"),
    Measure("settled_at_the_door", ("settled_at_the_door",), ("settled",), "就地化解率", "Settled at the door"),
    Measure("followed_up", ("followed_up",), ("settled",), "回访率", "Followed up"),
    Measure("satisfied", ("satisfied",), ("answered",), "满意率", "Satisfied"),
    Measure("visit_coverage", ("covered",), ("households",), "走访覆盖率", "Households visited in time"),
    Measure("freshness", ("tablets_fresh",), ("tablets",), "数据新鲜度", "Tablets that synced within 24 hours"),
)

FLOWS = (
    "reported", "received", "reopened", "settled", "failed", "withdrawn", "declined", "merged", "erased", "on_time",
    "late", "settled_at_the_door", "followed_up", "answered", "satisfied", "visits", "visits_met",
)  # fmt: skip
"""Counted on their day: what happened in a span of days."""

ERASED = "erased"
"""How an erased dispute goes off the books that it was on."""

BOOKS = {"received": 1, "reopened": 1} | dict.fromkeys(
    ("settled", "failed", "withdrawn", "declined", "merged", ERASED), -1
)
"""How a count changes the number of disputes on the books."""

BALANCES = ("households", "covered", "overdue")
"""Counted up: what there is at the end of a span of days."""


class CountedDay(Patterned):
    """A date, `YYYY-MM-DD`, early enough for any work and late enough that as many days, and a year, come before it."""

    form = pattern(f"^{DAY}$", "not_day", lambda day: day >= FIRST_DAY and is_real_day(day))


class StatusQuery(Shape):
    """The parameters of a unit's status."""

    unit = Name(metadata=explained(zh="辖区，默认为本人所在", en="By default the caller's own unit"))
    first = CountedDay(
        data_key="from", metadata=explained(zh="起始日，默认为当月一日", en="By default the month's first day")
    )
    last = CountedDay(data_key="to", metadata=explained(zh="截止日，默认为今日", en="By default and at most today"))


class Share(Shape):
    """A measure as a fraction; a denominator of 0 means that there is nothing to measure."""

    numerator = Whole(-INTEGER_MAX, INTEGER_MAX, required=True, metadata=labelled(zh="分子", en="Numerator"))
    denominator = Whole(-INTEGER_MAX, INTEGER_MAX, required=True, metadata=labelled(zh="分母", en="Denominator"))


class Counts(Shape):
    """Base: counts by name, and measures as fractions by name."""

    counts = MapOf(
        Whole(-INTEGER_MAX, INTEGER_MAX, required=True),
        required=True,
        metadata=labelled(zh="计数", en="Counts by name"),
    )
    measures = MapOf(Part(Share, required=True), required=True, metadata=labelled(zh="指标", en="Measures by name"))


class StatusUnit(Counts):
    """A unit right under the one that was asked for, with all that is under it."""

    unit = Name(required=True, metadata=labelled(zh="辖区编码", en="Unit"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))


class StatusSpan(Counts):
    """The same unit over other days, to compare with."""

    since = Day(required=True, data_key="from", metadata=labelled(zh="起始日期", en="First local day"))
    until = Day(required=True, data_key="to", metadata=labelled(zh="结束日期", en="Last local day"))


class Status(StatusSpan):
    """A unit's status over local days, both included: its own, those before it (环比), those a year ago (同比), and
    that of each unit right under it."""

    unit = Name(required=True, metadata=labelled(zh="辖区编码", en="Unit"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))
    revision = Whole(0, INTEGER_MAX, required=True, metadata=labelled(zh="版本", en="The county's revision"))
    previous = Part(StatusSpan, required=True, metadata=labelled(zh="环比", en="As many days before"))
    year_before = Part(StatusSpan, required=True, metadata=labelled(zh="同比", en="The same days a year before"))
    units = ListOf(
        Part(StatusUnit),
        items_max=STATUS_UNITS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="下级辖区", en="Units right under it"),
    )
