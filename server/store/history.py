"""The edits of one record, as the log has them."""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.store import probes
from sync.codes import ADMITTED
from sync.scope import Scope


@dataclass(frozen=True, slots=True)
class Logged:
    """An edit of the log, its outcome as it stands."""

    name: str
    revision: int
    line: bytes
    receipt_ms: int
    tablet: str | None
    author: str | None
    stamp: str | None
    result: str
    code: str | None
    field: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. What was not admitted is its author's, and of those who see that it is or was held."""

    person: str
    scope: Scope


_MINE = """
    WITH of_record AS MATERIALIZED (
        SELECT revision, name, line, receipt_ms, tablet, author, stamp, type, result, code, field FROM edit_log
        WHERE county = :county AND {subject} AND kind = 'edit'
    )
    SELECT e.name, e.revision, e.line, e.receipt_ms, e.tablet, e.author, e.stamp, e.result, e.code, e.field
    FROM of_record AS e
    WHERE e.revision > :after AND {about} (
        e.result IN (:applied, :conflict) OR e.author = :person OR EXISTS (
            SELECT 1 FROM placement AS h
            WHERE h.county = :county AND h.record = e.name AND h.type = 'held' AND h.gone IS NULL AND {held}
        )
    )
    ORDER BY e.revision LIMIT :rows
"""


def of_record(
    connection: sa.Connection, county: str, reader: Reader, record_type: str, identity: str, after: int, rows: int
) -> list[Logged]:
    """The edits of a record that a reader may see, oldest first, after a revision of the log. One statement."""
    about = {"type": record_type, "id": identity}
    return _read(connection, county, reader, "record = {id}", "e.type = :type AND", about, after, rows)


def of_edit(connection: sa.Connection, county: str, reader: Reader, edit: str, after: int) -> list[Logged]:
    """An edit by its name, where a reader may see it. One statement."""
    return _read(connection, county, reader, "name = {id}", "", {"id": edit}, after, 1)


def _read(
    connection: sa.Connection,
    county: str,
    reader: Reader,
    subject: str,
    about: str,
    parameters: dict[str, Any],
    after: int,
    rows: int,
) -> list[Logged]:
    name = connection.dialect.name
    applied, conflict = sorted(ADMITTED)
    statement = _MINE.format(
        subject=subject.format(id=probes.RECORD_ID[name].format("id")),
        about=about,
        held="true" if reader.scope.whole else probes.FEED_HELD[name],
    )
    parameters = parameters | {"county": county, "person": reader.person, "after": after, "rows": rows}
    parameters |= {"applied": applied, "conflict": conflict}
    if not reader.scope.whole:
        parameters["held"] = json.dumps(reader.scope.covers)
    return [_logged(row) for row in connection.execute(sa.text(statement), parameters)]


def _logged(row: Any) -> Logged:
    return Logged(str(row.name), *row[1:])
