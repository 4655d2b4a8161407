"""What an `over` named that has not come yet leaves the records' merge state, and stands by itself."""

import sqlalchemy as sa
from alembic import op

from server.store.tables import Name

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What a record's state still has is read from there, and moves with the record's next version.
    op.create_table(
        "remembered",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("record", Name, nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("county", "name", "record", "register"),
    )
