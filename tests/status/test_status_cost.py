"""What a status costs: rows by grids and months, never by records or by days long past."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from server.store import bulk, counters, dialect
from server.store.counters import DAY, MONTH
from server.store.tables import counter
from tests.server.test_reading_cost import STORES
from tests.support.cost import rows_read
from tests.support.county import COUNTY, County, county_on

GRIDS = [f"99010110100{village}{grid:03}" for village in range(1, 6) for grid in range(1, 13)]
MEASURES = ("visits", "visits_met")
LAST = date(2026, 11, 30)
DAYS = [(LAST - timedelta(days=before)).isoformat() for before in range(700)]
MONTHS = sorted({day[:7] for day in DAYS})
LOOKS_PER_ROW_MAX = 2
"""Where the counting of a plan sees the inner and the outer side."""


@pytest.fixture(scope="module", params=STORES)
def county(request: pytest.FixtureRequest) -> Iterator[County]:
    """Two years of counters of sixty grids."""
    with county_on(request.getfixturevalue(STORES[request.param])) as found:
        periods = [(DAY, day, 1) for day in DAYS]
        periods += [(MONTH, month, sum(day.startswith(month) for day in DAYS)) for month in MONTHS]
        rows = [
            {"county": COUNTY, "span": span, "unit": unit, "period": period, "measure": measure, "value": value}
            for unit in GRIDS
            for span, period, value in periods
            for measure in MEASURES
        ]
        with dialect.writing(found.center.engine) as connection:
            bulk.insert(connection, counter, rows)
        yield found


@pytest.mark.parametrize("grids", [GRIDS[:1], GRIDS[:12], GRIDS], ids=["a grid", "a village", "all"])
@pytest.mark.parametrize(("first", "within"), [("2026-11-01", 30), ("2026-11-10", 21), ("2026-01-05", 330)])
def test_a_span_reads_its_months_and_the_days_at_its_edges(
    county: County, grids: list[str], first: str, within: int
) -> None:
    def ask(connection: sa.Connection) -> int:
        found = counters.sums(connection, COUNTY, grids, first, LAST.isoformat())
        assert sum(each.within for each in found) == within * len(grids) * len(MEASURES)
        assert sum(each.before for each in found) == (len(DAYS) - within) * len(grids) * len(MEASURES)
        return len(found)

    edges = len({first[:7], LAST.isoformat()[:7]})
    parts = (1 + edges) * len(grids) * len(MEASURES)
    at_most = (len(MONTHS) + 31 * edges) * len(grids) * len(MEASURES)
    assert rows_read(county, ask, parts) <= at_most * LOOKS_PER_ROW_MAX
