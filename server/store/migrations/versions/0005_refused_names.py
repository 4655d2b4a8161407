"""What refused edits name, so that a chain of them is followed within the database."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1000
OVER_NAMES_MAX = 500

NAME = sa.Uuid(as_uuid=False).with_variant(sa.String(length=36), "sqlite")
IS_EDIT_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def upgrade() -> None:
    table = op.create_table(
        "refused_name",
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("named", NAME, nullable=False),
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
            for each in sorted(_named(name, bytes(line), record))
        ]
        op.bulk_insert(table, named)


def _named(name: str, line: bytes, record: str | None) -> set[str]:
    """What a refused line named, as it was read when this table came: the edits of a change's `over`, if all of it is
    as it must be; the creation that a creation was to mend, unless that one was followed to the first (`record`)."""
    try:
        members = json.loads(line)
    except ValueError:
        return set()  # Erased.
    match members:
        case {"do": "create", "type": str(), "mends": mends}:
            return {mends} if record in (None, name) and _is_edit_name(mends) else set()
        case {"do": "create"}:
            return set()
        case {"over": dict(over)} if all(isinstance(names, list) for names in over.values()):
            named = [each for names in over.values() for each in names]
            return set(named) if len(named) <= OVER_NAMES_MAX and all(map(_is_edit_name, named)) else set()
        case _:
            return set()


def _is_edit_name(value: object) -> bool:
    return isinstance(value, str) and IS_EDIT_NAME.fullmatch(value) is not None


def _of(name: str) -> sa.ColumnClause[str]:
    return sa.column(name, NAME)
