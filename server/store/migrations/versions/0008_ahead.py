"""By how much the versions that a center is told are ahead of the county's revision: after a restore."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("center_target", sa.Column("ahead", sa.BigInteger(), nullable=False, server_default="0"))
