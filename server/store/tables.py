"""The tables; those for what centers push to one another are in `center_tables`. Every key starts with the county, so
that a province can distribute them by it; no statement crosses one.

Moments that people's rights depend on are stamps (text, ordered as text); moments of receipt are milliseconds.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

Name = sa.Uuid(as_uuid=False).with_variant(sa.String(36), "sqlite")
"""Names of edits and ids of records: `uuid` on PostgreSQL, text on SQLite."""


def county_key() -> sa.Column[str]:
    """The first column of each table but the county's own."""
    return sa.Column("county", sa.Text, primary_key=True)


county = sa.Table(
    "county",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("timezone", sa.Text, nullable=False),
    # The counter row: locked late by every transaction that takes revisions.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("log_revision", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    # Raised by every change of units, people, assignments and bodies: what caches and open transactions check.
    sa.Column("directory_revision", sa.BigInteger, nullable=False),
    sa.Column("release", sa.Text, nullable=False),
)

unit = sa.Table(
    "unit",
    metadata,
    county_key(),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

unit_parent = sa.Table(
    "unit_parent",
    metadata,
    county_key(),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("since", sa.Text, primary_key=True),
    sa.Column("parent", sa.Text, nullable=False),
    sa.Column("until", sa.Text),
)

person = sa.Table(
    "person",
    metadata,
    county_key(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

assignment = sa.Table(
    "assignment",
    metadata,
    county_key(),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("since", sa.Text, primary_key=True),
    sa.Column("until", sa.Text),
)

body = sa.Table(
    "body",
    metadata,
    county_key(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
)

membership = sa.Table(
    "membership",
    metadata,
    county_key(),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("body", sa.Text, primary_key=True),
    sa.Column("since", sa.Text, primary_key=True),
    sa.Column("until", sa.Text),
)

tablet = sa.Table(
    "tablet",
    metadata,
    county_key(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("enrolled_at", sa.Text, nullable=False),
    sa.Column("revoked_at", sa.Text),
    sa.Column("last_sync", sa.Text),
    # What bounds backdating: the clock of the last request, how many older edits it announced (null: no request yet),
    # and the last moment at which nothing was owed.
    sa.Column("last_now", sa.Text),
    sa.Column("announced", sa.BigInteger),
    sa.Column("owed_nothing_at", sa.Text),
)
sa.Index("tablet_token", tablet.c.county, tablet.c.token_hash, unique=True)

enrolment_code = sa.Table(
    "enrolment_code",
    metadata,
    county_key(),
    sa.Column("code_hash", sa.LargeBinary, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("nonce_hash", sa.LargeBinary),
    sa.Column("tablet", sa.Text),
)

record = sa.Table(
    "record",
    metadata,
    county_key(),
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("id", Name, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    # The exact text that the feed sends.
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("dots", sa.Text),
    # Merge state beyond what the document says; null where the creation alone made the record.
    sa.Column("state", sa.Text),
    sa.Column("made_at", sa.Text, nullable=False),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("parent", Name),
    sa.Column("gone", sa.Text),
)
sa.Index("record_revision", record.c.county, record.c.revision)
sa.Index(
    "record_parent",
    record.c.county,
    record.c.parent,
    postgresql_where=record.c.parent.is_not(None),
    sqlite_where=record.c.parent.is_not(None),
)

# What an `over` named that has not come yet, by what is to come: beside the records, since only its coming asks for it.
remembered = sa.Table(
    "remembered",
    metadata,
    county_key(),
    sa.Column("name", Name, primary_key=True),
    sa.Column("record", Name, primary_key=True),
    sa.Column("register", sa.Text, primary_key=True),
)

placement = sa.Table(
    "placement",
    metadata,
    county_key(),
    sa.Column("record", Name, primary_key=True),
    sa.Column("type", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    # Set when the record left this key: why.
    sa.Column("gone", sa.Text),
)
sa.Index("placement_feed", placement.c.county, placement.c.key, placement.c.revision)

past_placement = sa.Table(
    "past_placement",
    metadata,
    county_key(),
    sa.Column("record", Name, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("since", sa.Text, primary_key=True),
    sa.Column("until", sa.Text, primary_key=True),
)

edit_log = sa.Table(
    "edit_log",
    metadata,
    county_key(),
    sa.Column("revision", sa.BigInteger, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", Name),
    sa.Column("line", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("receipt_ms", sa.BigInteger, nullable=False),
    sa.Column("head", sa.LargeBinary, nullable=False),
    sa.Column("tablet", sa.Text),
    sa.Column("author", sa.Text),
    sa.Column("type", sa.Text),
    sa.Column("record", Name),
    # The stamp taken, and the moment whose rights count.
    sa.Column("stamp", sa.Text),
    sa.Column("judged", sa.Text),
    # The outcome as it stands now; how it came to stand is in later lines of kind `decision`.
    sa.Column("result", sa.Text),
    sa.Column("code", sa.Text),
    sa.Column("field", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("conflicts", sa.Text),
)
sa.Index("edit_log_name", edit_log.c.county, edit_log.c.name, unique=True)
sa.Index(
    "edit_log_stray",
    edit_log.c.county,
    edit_log.c.digest,
    unique=True,
    postgresql_where=edit_log.c.kind == "stray",
    sqlite_where=edit_log.c.kind == "stray",
)
sa.Index(
    "edit_log_held",
    edit_log.c.county,
    edit_log.c.revision,
    postgresql_where=edit_log.c.result == "held",
    sqlite_where=edit_log.c.result == "held",
)
sa.Index("edit_log_record", edit_log.c.county, edit_log.c.record)

held_wait = sa.Table(
    "held_wait",
    metadata,
    county_key(),
    sa.Column("awaited", sa.Text, primary_key=True),
    sa.Column("name", Name, primary_key=True),
)
sa.Index("held_wait_name", held_wait.c.county, held_wait.c.name)

# What a refused edit names, so that a chain of them is followed within the database.
refused_name = sa.Table(
    "refused_name",
    metadata,
    county_key(),
    sa.Column("name", Name, primary_key=True),
    sa.Column("named", Name, primary_key=True),
)

scope_set = sa.Table(
    "scope_set",
    metadata,
    county_key(),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("keys", sa.Text, nullable=False),
)

counter = sa.Table(
    "counter",
    metadata,
    county_key(),
    # `day` or `month`: months are sums of days, so that long spans are short reads.
    sa.Column("span", sa.Text, primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True),
    # A local day, `YYYY-MM-DD`, or a month, `YYYY-MM`.
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("measure", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

counted_day = sa.Table(
    "counted_day",
    metadata,
    county_key(),
    sa.Column("day", sa.Text, primary_key=True),
    # Of the transaction that changed a counter of this day last.
    sa.Column("revision", sa.BigInteger, nullable=False),
)

attendance = sa.Table(
    "attendance",
    metadata,
    county_key(),
    # A household and the days of its valid visits; a dispute and the days of its follow-ups. JSON, in order.
    sa.Column("record", Name, primary_key=True),
    sa.Column("days", sa.Text, nullable=False),
)

case_number = sa.Table(
    "case_number",
    metadata,
    county_key(),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
