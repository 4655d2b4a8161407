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
    days = op.get_bind().execute(sa.select(kept).order_by(kept.c.county, kept.c.source, kept.c.day))
    made = []
    for (county, source, period), rows in groupby(days, lambda row: (row.county, row.source, row.day[:MONTH_CHARS])):
        month = Month()
        for row in rows:
            month.name(row.version, orjson.loads(row.units))
            month.count(orjson.loads(row.counters))
        made.append({"county": county, "source": source, "month": period, **month.written})
    op.bulk_insert(table, made)
