"""Columns that nothing ever read: when a center was added or accepted, and which message brought a day."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("center_target", "added_ms")
    op.drop_column("center_source", "accepted_ms")
    op.drop_column("center_status", "message")
