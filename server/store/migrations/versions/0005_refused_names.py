"""What refused edits name, so that a chain of them is followed within the database."""

import sqlalchemy as sa
from alembic import op

from schemas.catalog import CATALOG
from server.store.tables import Name
from sync.refused import named_by_refused

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1000


def upgrade() -> None:
    table = op.create_table(
        "refused_name",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("named", Name, nullable=False),
        sa.PrimaryKeyConstraint("county", "name", "named"),
    )
    logged = sa.table(
        "edit_log", *(sa.column(name) for name in ("county", "line", "result")), _of("name"), _of("record")
    )
    columns = (logged.c.county, logged.c.name, logged.c.line, logged.c.record)
    refused = op.get_bind().execute(sa.select(*columns).where(logged.c.result == "refused"))
    while rows := refused.fetchmany(ROWS_AT_ONCE):
        named = [
            {"county": county, "name": name, "named": each}
            for county, name, line, record in rows
            for each in sorted(named_by_refused(name, bytes(line), record, CATALOG))
        ]
        op.bulk_insert(table, named)


def _of(name: str) -> sa.ColumnClause[str]:
    return sa.column(name, Name)
