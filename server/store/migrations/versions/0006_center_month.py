"""What the days that other counties pushed add up to by month."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MONTH_CHARS = len("YYYY-MM")
ROWS_AT_ONCE = 4


def upgrade() -> None:
    table = op.create_table(
        "center_month",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("county", "source", "month"),
    )
    kept = sa.table(
        "center_status", *(sa.column(each) for each in ("county", "source", "day", "version", "units", "counters"))
    )
    # A row may be megabytes.
    asked = sa.select(kept).order_by(kept.c.county, kept.c.source, kept.c.day)
    days = op.get_bind().execute(asked, execution_options={"yield_per": ROWS_AT_ONCE})
    for (county, source, period), rows in groupby(days, lambda row: (row.county, row.source, row.day[:MONTH_CHARS])):
        units, counters = _added_up(rows)
        op.bulk_insert(
            table,
            [{"county": county, "source": source, "month": period, "units": _text(units), "counters": _text(counters)}],
        )


def _added_up(days: Iterable[Any]) -> tuple[dict[str, tuple[int, str, str | None]], dict[str, dict[str, int]]]:
    """Each unit as the newest of the days that name it says: its version, name and parent. And the sums by unit and
    measure, without what is 0."""
    units: dict[str, tuple[int, str, str | None]] = {}
    sums: dict[str, dict[str, int]] = {}
    for day in days:
        for each in json.loads(day.units):
            known = units.get(each["unit"])
            if known is None or known[0] <= day.version:
                units[each["unit"]] = day.version, each["name"], each.get("parent")
        for each in json.loads(day.counters):
            counted = sums.setdefault(each["unit"], {})
            for measure, value in each["measures"].items():
                counted[measure] = counted.get(measure, 0) + value
    kept = {unit: {name: value for name, value in counted.items() if value} for unit, counted in sums.items()}
    return units, {unit: counted for unit, counted in kept.items() if counted}


def _text(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
