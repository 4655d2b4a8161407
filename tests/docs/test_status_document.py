"""docs/status.md is true: it names every count and measure, each with its fraction."""

import re

from schemas.periods import PERIODS
from schemas.status import BALANCES, FLOWS, MEASURES
from tests.support.markdown import section

NAME = "docs/status.md"


def test_it_names_every_count() -> None:
    named = set(re.findall(r"`(\w+)`", section(NAME, "## Counts")))
    assert named >= {*FLOWS, *BALANCES, "carried_in", "carried_out", "tablets", "tablets_fresh"}


def test_it_tells_every_measure_as_it_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.*) \|$", section(NAME, "## Measures"), re.MULTILINE)
    assert [(name, zh) for name, zh, _ in rows] == [(each.name, each.zh) for each in MEASURES]
    for (_, _, fraction), measure in zip(rows, MEASURES, strict=True):
        above, below = (re.findall(r"`(\w+)`", part) for part in fraction.split(" / "))
        assert (tuple(above), tuple(below)) == (measure.numerator, measure.denominator)


def test_it_says_how_long_a_visit_counts() -> None:
    assert f"{PERIODS.visit_every_days} days, {PERIODS.visit_every_days_in_need} with a service need" in section(
        NAME, "## Counts"
    )
