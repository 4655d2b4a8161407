"""An edit: one change made by one person on one tablet, read from its line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.catalog import Catalog, RecordType
from schemas.rules import Rule
from schemas.validation import problems
from sync import ids, lines, stamps
from sync.codes import Code, Detail
from sync.lines import Values

WORKFLOW_REGISTER = "status"
_MEMBERS = {
    "create": frozenset({"edit", "schema", "by", "do", "type", "at", "now", "mends"}),
    "change": frozenset(
        {"edit", "schema", "by", "do", "type", "id", "at", "over", "was", "now", "add", "remove", "settles"}
    ),
}
_NEEDED = {"create": ("by", "type", "at", "now"), "change": ("by", "type", "id", "at")}


class Do(StrEnum):
    CREATE = "create"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Touch:
    """What an edit does to one register: the value it gives, what it knew (`over`), what its author's screen showed."""

    register: str
    value: object
    over: tuple[str, ...] = ()
    settles: bool = False
    was: object = None


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
        return next((touch for touch in self.touches if touch.register == register), None)

    def value(self, register: str) -> object:
        touch = self.touch(register)
        return None if touch is None else touch.value

    def about(self, record: str) -> "Edit":
        """The same edit, about this record."""
        return replace(self, record=record)

    def stamped(self, at: str) -> "Edit":
        """The same edit at the stamp that the server took for it."""
        return replace(self, at=at)

    @property
    def over(self) -> Iterator[str]:
        for touch in self.touches:
            yield from touch.over


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that is no edit (yet): refused, or held where a newer release may read it. `name` is None where the
    line has no readable name; `by` and `record` likewise."""

    code: Code
    line: bytes
    name: str | None = None
    field: str | None = None
    detail: Detail | None = None
    by: str | None = None
    type: str | None = None
    record: str | None = None
    at: str | None = None

    @property
    def held(self) -> bool:
        return self.code is Code.NEWER_SCHEMA


def read(line: bytes, catalog: Catalog) -> Edit | Unread:
    """The edit of a line at the catalog's schema, whatever older schema it was written in."""
    try:
        members = lines.read(line)
    except lines.LineMalformedError:
        return Unread(Code.LINE_MALFORMED, line)
    return _Reader(line, members, catalog).read()


def register_of(record_type: RecordType, field: str) -> str:
    """The register that holds a field: its own, or the workflow's one for status, tier and assignee."""
    return record_type.fields[field].register


def rule_of(record_type: RecordType, register: str) -> Rule:
    """The merge rule of a register (`purposes/errand` merges as `purposes` says). Raises KeyError for no register."""
    return record_type.fields[register.partition("/")[0]].rule


class _UnreadError(Exception):
    def __init__(self, code: Code, field: str | None = None, detail: Detail | None = None) -> None:
        super().__init__(code)
        self.code, self.field, self.detail = code, field, detail


class _Reader:
    """Reads one line in steps; each step may stop it with a code and a field."""

    def __init__(self, line: bytes, members: Values, catalog: Catalog) -> None:
        self.line, self.members, self.catalog = line, members, catalog
        name = members.get("edit")
        self.name = name if isinstance(name, str) and ids.is_edit_name(name) else None

    def read(self) -> Edit | Unread:
        if self.name is None:
            return Unread(Code.LINE_MALFORMED, self.line, field="edit")
        try:
            schema = self._schema()
            self._envelope()
            return self._edit(schema)
        except _UnreadError as stop:
            text = self._text
            return Unread(
                stop.code, self.line, self.name, stop.field, stop.detail, text("by"), text("type"), text("id"), text("at")
            )

    def _text(self, member: str) -> str | None:
        value = self.members.get(member)
        return value if isinstance(value, str) else None

    def _schema(self) -> int:
        schema = self.members.get("schema")
        if type(schema) is not int or schema < 1:
            raise _UnreadError(Code.INVALID, "schema")
        if not ids.is_person_id(self.members.get("by")):
            raise _UnreadError(Code.INVALID, "by")
        if schema > self.catalog.version:
            raise _UnreadError(Code.NEWER_SCHEMA, "schema")
        return schema

    def _envelope(self) -> None:
        members = self.members
        do = members.get("do")
        if not isinstance(do, str) or do not in _MEMBERS:
            raise _UnreadError(Code.INVALID, "do")
        for member in members:
            if member not in _MEMBERS[do]:
                raise _UnreadError(Code.UNKNOWN_FIELD, member)
        for member in _NEEDED[do]:
            if members.get(member) is None:
                raise _UnreadError(Code.INVALID, member)
        if not stamps.is_stamp(members["at"]):
            raise _UnreadError(Code.INVALID, "at")
        if do == "change" and not ids.is_record_id(members["id"]):
            raise _UnreadError(Code.INVALID, "id")
        if members.get("mends") is not None and not ids.is_edit_name(members["mends"]):
            raise _UnreadError(Code.INVALID, "mends")
        if members.get("type") not in self.catalog.types:
            raise _UnreadError(Code.UNKNOWN_TYPE, "type")

    def _edit(self, schema: int) -> Edit:
        record_type = self.catalog.types[str(self.members["type"])]
        if not record_type.editable:
            raise _UnreadError(Code.NOT_ALLOWED, "type")
        parts = Parts.of(self.members, self.catalog, record_type.name, schema)
        do = Do(str(self.members["do"]))
        mends = self.members.get("mends")
        return Edit(
            name=str(self.name),
            by=str(self.members["by"]),
            do=do,
            type=record_type.name,
            record=str(self.name if do is Do.CREATE else self.members["id"]),
            at=str(self.members["at"]),
            touches=tuple(self._touches(record_type, parts, do)),
            mends=None if mends is None else str(mends),
            line=self.line,
        )

    def _touches(self, record_type: RecordType, parts: "Parts", do: Do) -> list[Touch]:
        self._validate(record_type, parts, do)
        touches = created(record_type, parts.now) if do is Do.CREATE else changed(record_type, parts)
        if do is Do.CHANGE and not touches:
            raise _UnreadError(Code.INVALID, "now")
        touched = {touch.register for touch in touches}
        for register in (*parts.over, *parts.settles):
            if register not in touched:
                raise _UnreadError(Code.INVALID, "over" if register in parts.over else "settles")
        if any(self.name in touch.over for touch in touches):
            raise _UnreadError(Code.INVALID, "over")
        return touches

    def _validate(self, record_type: RecordType, parts: "Parts", do: Do) -> None:
        for found in problems(record_type, parts.now, partial=do is Do.CHANGE):
            raise _UnreadError(Code(found.code), found.field, Detail(found.zh, found.en))
        for field in parts.was:
            if field not in record_type.fields:
                raise _UnreadError(Code.UNKNOWN_FIELD, f"was.{field}")
        if do is Do.CREATE:
            return
        for field, rule in ((field, record_type.fields[field]) for field in parts.now):
            if rule.rule is Rule.SET:
                raise _UnreadError(Code.INVALID, field)
            if rule.rule is Rule.WORKFLOW and not workflow_fields(record_type) <= parts.now.keys() & parts.was.keys():
                raise _UnreadError(Code.INVALID, WORKFLOW_REGISTER)
        for member in (parts.add, parts.remove):
            for field, values in member.items():
                known = record_type.fields.get(field)
                if known is None:
                    raise _UnreadError(Code.UNKNOWN_FIELD, field)
                if known.rule is not Rule.SET or any("/" in value for value in values):
                    raise _UnreadError(Code.INVALID, field)
            for found in problems(record_type, {field: list(values) for field, values in member.items()}, partial=True):
                raise _UnreadError(Code(found.code), found.field, Detail(found.zh, found.en))
        for field, values in parts.add.items():
            if set(values) & set(parts.remove.get(field, ())):
                raise _UnreadError(Code.INVALID, field)


@dataclass(frozen=True, slots=True)
class Parts:
    """The members of a line that speak of fields, at the catalog's schema."""

    now: Values
    was: Values
    over: Mapping[str, tuple[str, ...]]
    add: Mapping[str, tuple[str, ...]]
    remove: Mapping[str, tuple[str, ...]]
    settles: tuple[str, ...]

    @classmethod
    def of(cls, members: Values, catalog: Catalog, type_name: str, schema: int) -> "Parts":
        now, was = _object(members, "now"), _object(members, "was")
        over, add, remove = (_texts(members, member) for member in ("over", "add", "remove"))
        settles = _list(members.get("settles", []), "settles")
        for names in over.values():
            if not all(ids.is_edit_name(name) for name in names):
                raise _UnreadError(Code.INVALID, "over")
        for version in range(schema, catalog.version):
            upgrade = catalog.upgrades.get((type_name, version))
            if upgrade is not None:
                now, was = upgrade(now), upgrade(was)
            renames = catalog.renames.get((type_name, version), {})
            over, add, remove = (_renamed(member, renames) for member in (over, add, remove))
            settles = tuple(_rename(register, renames) for register in settles)
        return cls(now, was, over, add, remove, settles)


def created(record_type: RecordType, now: Values) -> list[Touch]:
    """The touches of a creation: each value that it gives, the workflow's three as one."""
    touches: list[Touch] = []
    for field, value in now.items():
        rule = record_type.fields[field].rule
        if value is None or rule is Rule.WORKFLOW:
            continue
        if rule is Rule.SET and isinstance(value, list):
            touches.extend(Touch(f"{field}/{member}", True) for member in dict.fromkeys(value))
        else:
            touches.append(Touch(field, value))
    group = workflow_fields(record_type)
    if group & now.keys():
        touches.append(Touch(WORKFLOW_REGISTER, {field: now.get(field) for field in sorted(group)}))
    return touches


def changed(record_type: RecordType, parts: Parts) -> list[Touch]:
    """The touches of a change, each with what it names in `over`."""
    values: dict[str, object] = {}
    was: dict[str, object] = {}
    group = workflow_fields(record_type)
    for field, value in parts.now.items():
        register = register_of(record_type, field)
        if register == WORKFLOW_REGISTER and field in group:
            values[register] = {member: parts.now.get(member) for member in sorted(group)}
            was[register] = {member: parts.was.get(member) for member in sorted(group)}
        else:
            values[register], was[register] = value, parts.was.get(field)
    for sets, inside in ((parts.add, True), (parts.remove, False)):
        values.update({f"{field}/{member}": inside for field, members in sets.items() for member in members})
    return [
        Touch(register, value, parts.over.get(register, ()), register in parts.settles, was.get(register))
        for register, value in values.items()
    ]


def workflow_fields(record_type: RecordType) -> frozenset[str]:
    return frozenset(name for name, field in record_type.fields.items() if field.rule is Rule.WORKFLOW)


def over_of_refused(line: bytes, catalog: Catalog) -> Mapping[str, tuple[str, ...]]:
    """What a refused line named in `over`, by register, as far as it can be read: covering it covers these."""
    try:
        members = lines.read(line)
        schema = members.get("schema")
        version = schema if type(schema) is int and 1 <= schema <= catalog.version else catalog.version
        return Parts.of({"over": members.get("over", {})}, catalog, str(members.get("type")), version).over
    except (lines.LineMalformedError, _UnreadError):
        return {}


def _object(members: Values, member: str) -> Values:
    value = members.get(member)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _UnreadError(Code.INVALID, member)
    return value


def _texts(members: Values, member: str) -> Mapping[str, tuple[str, ...]]:
    return {name: _list(value, member) for name, value in _object(members, member).items()}


def _list(value: object, member: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _UnreadError(Code.INVALID, member)
    texts = tuple(text for text in value if isinstance(text, str))
    if len(texts) != len(value):
        raise _UnreadError(Code.INVALID, member)
    return texts


def _rename(register: str, renames: Mapping[str, str]) -> str:
    field, slash, value = register.partition("/")
    return renames.get(field, field) + slash + value


def _renamed(member: Mapping[str, tuple[str, ...]], renames: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    return {_rename(register, renames): values for register, values in member.items()}
