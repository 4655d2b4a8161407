"""Exports: all of the caller's records of a type in one snapshot, streamed as they are read."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from schemas import reading
from schemas.rules import Sensitivity
from server.center import Center
from server.problems import ProblemError
from server.reading import comma_separated, features, workbook
from server.reading.audit import noted
from server.reading.cells import Table
from server.reading.query import Arguments, Query, query, record_type
from server.reading.viewer import Viewer, viewing
from server.store import listing
from server.store.listing import Item
from server.store.tablets import Caller

MEDIA = {"csv": comma_separated.MEDIA, "xlsx": workbook.MEDIA, "geojson": features.MEDIA}


@dataclass(slots=True)
class Stream:
    """The parts of a file. Closing it ends what it reads from: a request may be broken off."""

    parts: Generator[bytes]
    ending: ExitStack = field(default_factory=ExitStack)

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self.parts)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self.parts.close()
        self.ending.close()


def exported(center: Center, token: str, name: str, form: str, arguments: Arguments, language: str) -> Stream:
    """The caller's records of a type as a file of a form of MEDIA. Raises ProblemError: token-unknown, tablet-revoked,
    not-found, invalid; not-allowed where one who is no staff would have a field unmasked."""
    ending = ExitStack()
    try:
        viewer = ending.enter_context(viewing(center, token))
        kind = record_type(name)
        if form not in MEDIA:
            raise ProblemError("not-found")
        asked = query(kind, arguments, reading.ExportQuery)
        unmasked, reason = _unmasked(viewer, asked)
        if unmasked:
            # Before anything is shown, and with no snapshot held open while it waits for the county's lock.
            ending.close()
            _audit(center, viewer.caller, asked, form, unmasked, reason)
            viewer = ending.enter_context(viewing(center, token))
        items = ending.enter_context(
            listing.everything(viewer.connection, viewer.county.code, viewer.scope, asked.wanted(viewer))
        )
    except BaseException:
        ending.close()
        raise
    table = Table(kind, str(asked.said.get("lang", language)), unmasked)
    return Stream(_parts(table, form, _ended(items, ending)), ending)


def _ended(items: Iterator[Item], ending: ExitStack) -> Iterator[Item]:
    """The items; with the last one the snapshot ends, however long the rest of the file takes to send."""
    yield from items
    ending.close()


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
    if not all(
        name in asked.kind.fields and asked.kind.fields[name].sensitivity is Sensitivity.SENSITIVE for name in fields
    ):
        raise ProblemError("invalid", "unmask")
    if not reason or "\0" in reason:
        raise ProblemError("invalid", "reason")
    if not viewer.is_staff:
        raise ProblemError("not-allowed", "unmask")
    return fields, reason


def _audit(center: Center, caller: Caller, asked: Query, form: str, unmasked: frozenset[str], reason: str) -> None:
    said = {name: value for name, value in asked.said.items() if name not in {"unmask", "reason", "lang"}}
    filters = said | {name: list(values) for name, values in asked.members.items()}
    line = {"do": "unmask", "type": asked.kind.name, "form": form, "fields": sorted(unmasked), "reason": reason}
    noted(center, caller, line | {"filters": filters})
