"""What an `over` named that has not come yet leaves the records' merge state, and stands by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.Uuid(as_uuid=False).with_variant(sa.String(length=36), "sqlite")


def upgrade() -> None:
    # What a record's state still has is read from there, and moves with the record's next version.
    op.create_table(
        "remembered",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("record", NAME, nullable=False),
        sa.Column("register", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("county", "name", "record", "register"),
    )
