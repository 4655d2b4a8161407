"""What was held and waited for nothing is judged again: an early release forgot what an edit waited for, where another
that waited for the same was decided. What a revoked tablet handed over waits for staff alone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.text(
            """INSERT INTO held_wait (county, awaited, name)
            SELECT county, 'release', name FROM edit_log
            WHERE result = 'held' AND code <> 'tablet-revoked' AND NOT EXISTS (
                SELECT 1 FROM held_wait WHERE held_wait.county = edit_log.county AND held_wait.name = edit_log.name)"""
        )
    )
