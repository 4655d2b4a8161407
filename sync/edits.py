"""An edit: one change made by one person on one tablet, read from its line."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.catalog import Catalog, RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.validation import problems
from sync import ids, lines, stamps
from sync.codes import Code, Detail
from sync.faults import place
from sync.limits import LINE_BYTES_MAX
from sync.lines import Values
from sync.touches import Names, Parts, Touch, UnreadError, changed, created

_MEMBERS = {
    "create": frozenset({"edit", "schema", "by", "do", "type", "at", "now", "mends"}),
    "change": frozenset(
        {"edit", "schema", "by", "do", "type", "id", "at", "over", "was", "now", "add", "remove", "settles"}
    ),
}
_NEEDED = {"create": ("type", "at", "now"), "change": ("type", "id", "at")}


class Do(StrEnum):
    CREATE = "create"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit whose shape and values are as they must be. `record` is the id it is about; a creation's own name,
    unless it mends a refused creation: then the id is decided when that one is looked up."""

    name: str
    by: str
    do: Do
    type: str
    record: str
    at: str
    touches: tuple[Touch, ...]
    mends: str | None
    line: bytes

    def touch(self, register: str) -> Touch | None:
        for touch in self.touches:
            if touch.register == register:
                return touch
        return None

    def value(self, register: str) -> object:
        touch = self.touch(register)
        return None if touch is None else touch.value

    def about(self, record: str) -> "Edit":
        """The same edit, about this record."""
        return replace(self, record=record)

    def stamped(self, at: str) -> "Edit":
        """The same edit at the stamp that the server took for it, which nearly always is its own."""
        return self if at == self.at else replace(self, at=at)

    @property
    def over(self) -> Iterator[str]:
        for touch in self.touches:
            yield from touch.over


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no edit (yet): refused, or held where a newer release may read it. `name`, `by`, `type`, `at`
    and `record` (of a change) are None where the line does not say them in the form that they must have."""

    code: Code
    line: bytes
    name: str | None = None
    field: str | None = None
    detail: Detail | None = None
    by: str | None = None
    type: str | None = None
    record: str | None = None
    at: str | None = None
    error: str | None = None
    """For the server's log: the exception for which it is held."""

    @property
    def held(self) -> bool:
        return self.code in (Code.NEWER_SCHEMA, Code.SERVER_ERROR)


def read(line: bytes, catalog: Catalog) -> Edit | Unread:
    """The edit of a line at the catalog's schema, whatever older schema it was written in."""
    if len(line) > LINE_BYTES_MAX:
        return Unread(Code.LINE_TOO_LONG, line)
    try:
        members = lines.read(line)
    except lines.LineMalformedError:
        return Unread(Code.LINE_MALFORMED, line)
    name = members.get("edit")
    if not isinstance(name, str) or not ids.is_edit_name(name):
        return Unread(Code.LINE_MALFORMED, line, field="edit")
    return _Reader(name, line, members, catalog).read()


class _Reader:
    """Reads one line in steps; each step may stop it with a code and a field."""

    def __init__(self, name: str, line: bytes, members: Values, catalog: Catalog) -> None:
        self.name, self.line, self.members, self.catalog = name, line, members, catalog

    def read(self) -> Edit | Unread:
        try:
            schema = self._schema()
            return self._edit(self._do(), schema)
        except UnreadError as stop:
            return self._unread(stop)
        except Exception as error:  # noqa: BLE001 - what upgrades a line, or looks into it, may stumble over this one
            return replace(self._unread(UnreadError(Code.SERVER_ERROR)), error=place(error))

    def _unread(self, stop: UnreadError) -> Unread:
        """What may be believed of a line that is no edit: only what has the form that it must have."""

        def text(member: str) -> str | None:
            value = self.members.get(member)
            return value if isinstance(value, str) else None

        by, kind, record, at = text("by"), text("type"), text("id"), text("at")
        return Unread(
            stop.code,
            self.line,
            self.name,
            stop.field,
            stop.detail,
            by=by if ids.is_person_id(by) else None,
            type=kind if kind in self.catalog.types else None,
            record=record if self.members.get("do") == "change" and ids.is_record_id(record) else None,
            at=at if stamps.is_stamp(at) else None,
        )

    def _schema(self) -> int:
        schema = self.members.get("schema")
        if type(schema) is not int or schema < 1:
            raise UnreadError(Code.INVALID, "schema")
        if not ids.is_person_id(self.members.get("by")):
            raise UnreadError(Code.INVALID, "by")
        if schema > self.catalog.version:
            raise UnreadError(Code.NEWER_SCHEMA, "schema")
        return schema

    def _do(self) -> Do:
        """What the line does, once its members other than those that speak of fields are as they must be."""
        members = self.members
        do = members.get("do")
        if not isinstance(do, str) or do not in _MEMBERS:
            raise UnreadError(Code.INVALID, "do")
        for member in members:
            if member not in _MEMBERS[do]:
                raise UnreadError(Code.UNKNOWN_FIELD, member)
        for member in _NEEDED[do]:
            if members.get(member) is None:
                raise UnreadError(Code.INVALID, member)
        if not stamps.is_stamp(members["at"]):
            raise UnreadError(Code.INVALID, "at")
        if do == "change" and not ids.is_record_id(members["id"]):
            raise UnreadError(Code.INVALID, "id")
        mends = members.get("mends")
        if mends is not None and (not ids.is_edit_name(mends) or mends == self.name):
            raise UnreadError(Code.INVALID, "mends")
        return Do(do)

    def _edit(self, do: Do, schema: int) -> Edit:
        record_type = self.catalog.types.get(str(self.members["type"]))
        if record_type is None:
            raise UnreadError(Code.UNKNOWN_TYPE, "type")
        if not record_type.editable:
            raise UnreadError(Code.NOT_ALLOWED, "type")
        parts = Parts.of(self.members, self.catalog, record_type.name, schema)
        mends = self.members.get("mends")
        return Edit(
            name=self.name,
            by=str(self.members["by"]),
            do=do,
            type=record_type.name,
            record=str(self.name if do is Do.CREATE else self.members["id"]),
            at=str(self.members["at"]),
            touches=tuple(self._touches(record_type, parts, do)),
            mends=None if mends is None else str(mends),
            line=self.line,
        )

    def _touches(self, record_type: RecordType, parts: Parts, do: Do) -> list[Touch]:
        _check(record_type, parts.now, partial=do is Do.CHANGE)
        for field in parts.was:
            if field not in record_type.fields:
                raise UnreadError(Code.UNKNOWN_FIELD, f"was.{field}")
        if do is Do.CREATE:
            return created(record_type, parts.now)
        _check_change(record_type, parts)
        touches = changed(record_type, parts)
        if not touches:
            raise UnreadError(Code.INVALID, "now")
        touched = {touch.register for touch in touches}
        for register in (*parts.over, *parts.settles):
            if register not in touched:
                raise UnreadError(Code.INVALID, "over" if register in parts.over else "settles")
        if any(self.name in touch.over for touch in touches):
            raise UnreadError(Code.INVALID, "over")
        return touches


def _check(record_type: RecordType, values: Values, *, partial: bool) -> None:
    for found in problems(record_type, values, partial=partial):
        raise UnreadError(Code(found.code), found.field, Detail(found.zh, found.en))


def _check_change(record_type: RecordType, parts: Parts) -> None:
    group = record_type.workflow_fields
    for field in parts.now:
        if record_type.fields[field].rule is Rule.SET:
            raise UnreadError(Code.INVALID, field)
        if field in group and not group <= parts.now.keys() & parts.was.keys():
            raise UnreadError(Code.INVALID, WORKFLOW_REGISTER)
    if not all(isinstance(parts.was.get(field), str | None) for field in group):
        raise UnreadError(Code.INVALID, f"was.{WORKFLOW_REGISTER}")
    for member in (parts.add, parts.remove):
        _check_members(record_type, member)
    for field, values in parts.add.items():
        if set(values) & set(parts.remove.get(field, ())):
            raise UnreadError(Code.INVALID, field)


def _check_members(record_type: RecordType, sets: Names) -> None:
    for field, values in sets.items():
        known = record_type.fields.get(field)
        if known is None:
            raise UnreadError(Code.UNKNOWN_FIELD, field)
        if known.rule is not Rule.SET or any("/" in value for value in values):
            raise UnreadError(Code.INVALID, field)
    _check(record_type, {field: list(values) for field, values in sets.items()}, partial=True)
