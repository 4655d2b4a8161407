"""Exports: all of the caller's records of a type in one snapshot, in bounded memory."""

import tempfile
import weakref
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from zoneinfo import ZoneInfo

from werkzeug.wsgi import FileWrapper

from schemas import reading
from schemas.messages import one_of
from schemas.rules import Sensitivity
from server.center import Center
from server.problems import ProblemError
from server.reading import comma_separated, features, workbook
from server.reading.audit import noted
from server.reading.cells import Table
from server.reading.names import Names
from server.reading.query import Arguments, Query, query, record_type
from server.reading.viewer import Viewer, viewing
from server.store import listing
from server.store.listing import Item
from server.store.tablets import Caller

MEDIA = {"csv": comma_separated.MEDIA, "xlsx": workbook.MEDIA, "geojson": features.MEDIA}


BYTES_AT_ONCE = 64 * 1024


def exported(center: Center, token: str, name: str, form: str, arguments: Arguments, language: str) -> FileWrapper:
    """The caller's records of a type as a file of a form of MEDIA, in parts. Raises ProblemError:
    token-unknown, tablet-revoked, not-found, invalid; not-allowed where one who is no staff asks to unmask a field.

    The rows go to a file on the disk as they are read, and the file is sent when the last of them is in: neither a
    connection of the database nor a snapshot waits for one who reads slowly, or no more."""
    with viewing(center, token) as viewer:
        asked, unmasked, reason = _asked(viewer, name, form, arguments)
    if unmasked:
        # Before anything is shown, and with no snapshot held open while it waits for the county's lock.
        _audit(center, viewer.caller, asked, form, unmasked, reason)
    with viewing(center, token) as viewer, ExitStack() as ending:
        _require_staff(viewer, unmasked)
        items = listing.everything(viewer.connection, viewer.county.code, viewer.scope, asked.wanted(viewer))
        zone, spoken = ZoneInfo(viewer.county.timezone), str(asked.said.get("lang", language))
        table = Table(asked.kind, spoken, zone, Names.of(viewer), unmasked)
        file = ending.enter_context(tempfile.TemporaryFile())
        with items as found:
            file.writelines(_parts(table, form, found))
        file.seek(0)
        ending.pop_all()
    # Closed when it is sent; by whoever drops an answer without a word, with the answer.
    sent = FileWrapper(file, BYTES_AT_ONCE)
    weakref.finalize(sent, file.close)
    return sent


def _asked(viewer: Viewer, name: str, form: str, arguments: Arguments) -> tuple[Query, frozenset[str], str]:
    """The question, the fields that are to be shown, and why."""
    kind = record_type(name)
    if form not in MEDIA:
        raise ProblemError("not-found")
    asked = query(kind, arguments, reading.ExportQuery)
    return asked, *_unmasked(viewer, asked)


def _parts(table: Table, form: str, items: Iterator[Item]) -> Generator[bytes]:
    match form:
        case "csv":
            return comma_separated.lines(table, items)
        case "xlsx":
            return workbook.parts(table, items)
        case _:
            return features.parts(table.kind, table.unmasked, items)


def _unmasked(viewer: Viewer, asked: Query) -> tuple[frozenset[str], str]:
    """The field that is to be shown, and why."""
    fields = frozenset(map(str, asked.said.get("unmask", ())))
    reason = str(asked.said.get("reason", "")).strip()
    if not fields:
        return fields, reason
    sensitive = {name for name, each in asked.kind.fields.items() if each.sensitivity is Sensitivity.SENSITIVE}
    if not fields <= sensitive:
        raise ProblemError.at("unmask", one_of(sensitive))
    if not reason or "\0" in reason:
        raise ProblemError.at("reason", "required")
    _require_staff(viewer, fields)
    return fields, reason


def _require_staff(viewer: Viewer, unmasked: frozenset[str]) -> None:
    if unmasked and not viewer.is_staff:
        raise ProblemError("not-allowed", "unmask")


def _audit(center: Center, caller: Caller, asked: Query, form: str, unmasked: frozenset[str], reason: str) -> None:
    said = {name: value for name, value in asked.said.items() if name not in {"unmask", "reason", "lang"}}
    filters = said | {name: list(values) for name, values in asked.members.items()}
    line = {"do": "unmask", "type": asked.kind.name, "form": form, "fields": sorted(unmasked), "reason": reason}
    noted(center, caller, line | {"filters": filters})
