"""What the days that other counties pushed add up to by month."""

from itertools import groupby

import orjson
import sqlalchemy as sa
from alembic import op

from server.store.center_month import Month

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
        month = Month()
        for row in rows:
            month.name(row.version, orjson.loads(row.units))
            month.count(orjson.loads(row.counters))
        op.bulk_insert(table, [{"county": county, "source": source, "month": period, **month.written}])
