"""The tables for what centers push to one another: where to, what is on its way there, and what came from others."""

import sqlalchemy as sa

from server.store.tables import county_key

metadata = sa.MetaData()

center_target = sa.Table(
    "center_target",
    metadata,
    county_key(),
    # Where the county's status is pushed to.
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("secret", sa.Text, nullable=False),
    # What was put into the outbox last: a day, with the revision at which it had changed. And its place there.
    sa.Column("taken_revision", sa.BigInteger, nullable=False),
    sa.Column("taken_day", sa.Text, nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False),
    # By how much the versions that it is told are above the county's revision: more after a restore.
    sa.Column("ahead", sa.BigInteger, nullable=False, server_default="0"),
    # Which worker delivers here now, and until when the others leave it alone.
    sa.Column("lease", sa.Text),
    sa.Column("lease_until_ms", sa.BigInteger),
    # Why nothing more is sent until somebody says so.
    sa.Column("stopped", sa.Text),
    sa.Column("last_delivered_ms", sa.BigInteger),
    sa.Column("last_result", sa.Text),
    sa.Column("last_error", sa.Text),
    sa.Column("last_error_ms", sa.BigInteger),
)

center_outbox = sa.Table(
    "center_outbox",
    metadata,
    county_key(),
    sa.Column("url", sa.Text, primary_key=True),
    # Delivered in this order.
    sa.Column("place", sa.BigInteger, primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    # As it travels, packed by gzip; empty once it is delivered.
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_try_ms", sa.BigInteger, nullable=False),
    sa.Column("delivered_ms", sa.BigInteger),
    # Why the center will not have this one: it is set aside, and the later ones go on.
    sa.Column("refused", sa.Text),
)
sa.Index(
    "center_outbox_waiting",
    center_outbox.c.county,
    center_outbox.c.url,
    center_outbox.c.place,
    postgresql_where=center_outbox.c.delivered_ms.is_(None),
    sqlite_where=center_outbox.c.delivered_ms.is_(None),
)

center_source = sa.Table(
    "center_source",
    metadata,
    county_key(),
    # The code of a county whose status is taken in here.
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("name", sa.Text),
    sa.Column("secret", sa.Text, nullable=False),
)

center_status = sa.Table(
    "center_status",
    metadata,
    county_key(),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("received_ms", sa.BigInteger, nullable=False),
    # The snapshot's units and counters, JSON.
    sa.Column("units", sa.Text, nullable=False),
    sa.Column("counters", sa.Text, nullable=False),
)

center_month = sa.Table(
    "center_month",
    metadata,
    county_key(),
    sa.Column("source", sa.Text, primary_key=True),
    # `YYYY-MM`.
    sa.Column("month", sa.Text, primary_key=True),
    # Of its days, JSON: each unit as the newest snapshot that names it says, and the sums of counters.
    sa.Column("units", sa.Text, nullable=False),
    sa.Column("counters", sa.Text, nullable=False),
)
