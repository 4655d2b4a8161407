"""Lines: how a creation, a change or a settlement on the screen becomes the one line that says it for ever."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from client_sdk.errors import InvalidError
from client_sdk.record import Record
from schemas.catalog import CATALOG, RecordType
from schemas.masking import shape_of
from schemas.messages import LANGUAGES, sentence
from schemas.problems import INVALID, Problem
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.validation import problems
from schemas.workflow import WORKFLOW
from sync import edits, lines
from sync.codes import DETAILS, Code
from sync.edits import Edit
from sync.limits import LINE_BYTES_MAX, OVER_NAMES_MAX
from sync.lines import same
from sync.overlay import View, begun
from sync.touches import register_of, rule_of

OVER_NAMES_IN_LONG_LINE = 20
"""By register, where the values leave no room for more in the line."""

_NOW = b'"now":'
"""What the values of a creation's line follow, to its end."""

Siblings = Mapping[str, Any]
"""The values of a conflict by the edit that gave each."""


class LineTooLongError(InvalidError):
    """The line has more bytes than a line may have."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes an edit, when (in milliseconds since 1970, as the clock says), its name and its stamp."""

    person: str
    now_ms: int
    edit: str
    at: str


@dataclass(frozen=True, slots=True)
class Creation:
    """The line of a creation, and what it shows: the record, and the record's text, which is that in the line."""

    line: bytes
    view: View
    text: str


def creation(record_type: RecordType, values: Mapping[str, Any], author: Author, mends: str | None = None) -> Creation:
    """A creation of these values. `mends` names the refused one that it takes the place of. Raises InvalidError.

    Its line is not read again, as a change is: beside the values, which are judged here, nothing in it is its author's.
    """
    given = {field: value for field, value in values.items() if value is not None}
    _check(record_type, given, problems(record_type, given, partial=False), (Rule.SERVER,))
    view = begun(author.edit, record_type, given)
    head = {"edit": author.edit, "schema": CATALOG.version, "by": author.person, "do": "create"}
    line = _line({**head, "type": record_type.name, "at": author.at, "mends": mends, "now": view.document})
    return Creation(line, view, line[line.index(_NOW) + len(_NOW) : -1].decode())


@dataclass(frozen=True, slots=True)
class Change:
    """What a change says, field by field: what it gives, what was shown, which edits it saw, which fields it settles.

    `over` is by register, the others by field; `add` and `remove` are for fields that are sets."""

    now: Mapping[str, Any]
    was: Mapping[str, Any]
    add: Mapping[str, Sequence[str]]
    remove: Mapping[str, Sequence[str]]
    over: Mapping[str, Sequence[str]]
    settles: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.now or self.add or self.remove)

    def edit(self, record: Record, author: Author) -> Edit:
        """Raises InvalidError where it would be too long."""
        try:
            return self.written(record, author)
        except LineTooLongError:
            # What was shown of long texts is for people; a move of status cannot be judged without it.
            group = CATALOG.types[record.type].workflow_fields
            shorter = replace(self, was={field: value for field, value in self.was.items() if field in group})
        try:
            return shorter.written(record, author)
        except LineTooLongError:
            # Of many who wrote at once, those shown first: the others stay, for a later edit to name.
            few = {register: names[:OVER_NAMES_IN_LONG_LINE] for register, names in self.over.items()}
            return replace(shorter, over=few).written(record, author)

    def written(self, record: Record, author: Author) -> Edit:
        """The edit that says all of it. Raises LineTooLongError."""
        head = {"edit": author.edit, "schema": CATALOG.version, "by": author.person, "do": "change"}
        says = {
            "over": self.over,
            "settles": self.settles,
            "was": self.was,
            "now": self.now,
            "add": self.add,
            "remove": self.remove,
        }
        about = {"type": record.type, "id": record.id, "at": author.at}
        return _edit({**head, **about, **{member: value or None for member, value in says.items()}})


@dataclass(frozen=True, slots=True)
class Known:
    """What a change builds on: the record as it is shown, its open conflicts by register, and its author's roles
    (empty where they are not known)."""

    record: Record
    conflicts: Mapping[str, Siblings]
    roles: frozenset[str] = frozenset()


def change(known: Known, values: Mapping[str, Any], settles: Sequence[str] = ()) -> Change:
    """A change of the fields in `values` that differ from what is shown (of those it settles, in any case).

    Raises InvalidError."""
    record, conflicts = known.record, known.conflicts
    record_type = CATALOG.types[record.type]
    values = _with_whole_group(record, record_type, values, settles)
    _check(record_type, values, problems(record_type, values, partial=True), (Rule.SERVER, Rule.ONCE))
    now: dict[str, Any] = {}
    add: dict[str, list[str]] = {}
    remove: dict[str, list[str]] = {}
    for field, value in values.items():
        if record_type.fields[field].rule is Rule.SET:
            standing, given = set(record.document.get(field) or ()), set(value or ())
            add |= {field: sorted(given - standing)} if given - standing else {}
            remove |= {field: sorted(standing - given)} if standing - given else {}
        else:
            now[field] = value
    registers = dict.fromkeys(register_of(record_type, field) for field in now)
    registers |= dict.fromkeys(
        f"{field}/{member}" for sets in (add, remove) for field in sets for member in sets[field]
    )
    return Change(
        now,
        _was(known, record_type, now, settles),
        add,
        remove,
        _within_limit(
            {
                register: over(record.view, record_type, register, conflicts.get(register), register in settles)
                for register in registers
            }
        ),
        tuple(settles),
    )


def _within_limit(names: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """As many names as a line may have, those that are shown first in each register: the others stay, for a later
    edit to name."""
    total, share = sum(map(len, names.values())), OVER_NAMES_MAX // max(len(names), 1)
    return {register: found if total <= OVER_NAMES_MAX else found[:share] for register, found in names.items()}


def over(view: View, record_type: RecordType, register: str, conflict: Siblings | None, settles: bool) -> list[str]:
    """The edits that a new value of a register takes the place of: all that stand, but in an open conflict only those
    whose value was shown, so that the others stay for a person to look at."""
    standing = view.siblings(register)
    if settles:
        return list(dict.fromkeys([*standing, *(conflict or {})]))
    if conflict is None or rule_of(record_type, register) in (Rule.NEWEST, Rule.SET):
        return standing
    shown = standing[0]
    if shown not in conflict:
        return [shown]  # An edit of our own, on top, that the center has not seen yet.
    return [name for name in standing if name in conflict and same((conflict[name], conflict[shown]))]


def _with_whole_group(
    record: Record, record_type: RecordType, values: Mapping[str, Any], settles: Sequence[str]
) -> dict[str, Any]:
    """The values that change something; status, tier and assignee all three, where one of them does."""
    group = record_type.workflow_fields
    changed = {
        field: value
        for field, value in values.items()
        if field in settles or field not in record_type.fields or not _same(record_type, field, record, value)
    }
    if group & changed.keys():
        shown = {field: record.document.get(field) for field in record_type.fields if field in group}
        changed |= {field: values.get(field, shown[field]) for field in shown}
    return changed


def _same(record_type: RecordType, field: str, record: Record, value: Any) -> bool:
    shown = record.document.get(field)
    if record_type.fields[field].rule is Rule.SET:
        shown, value = shown or [], value or []
    return same((shown, value))


def _was(known: Known, record_type: RecordType, now: Mapping[str, Any], settles: Sequence[str]) -> dict[str, Any]:
    """What was shown of the changed fields. Every value of a conflict was on the screen: who settles a status starts
    from the likeliest of them."""
    shown = {field: known.record.document.get(field) for field in now}
    group = record_type.workflow_fields
    if WORKFLOW_REGISTER in settles and group <= now.keys():
        chosen = {field: now[field] for field in sorted(group)}
        starts = list(known.conflicts.get(WORKFLOW_REGISTER, {}).values())
        shown |= max(starts, key=lambda start: _likelihood(start, chosen, known.roles), default={})
    return shown


def _likelihood(start: Mapping[str, Any], chosen: Mapping[str, Any], roles: frozenset[str]) -> tuple[bool, bool, int]:
    """Of a status to start from: that it is the chosen one (standing still is a move that everybody may make), that the
    author's roles lead from it to there, else how many roles do: the author's are known as of the enrolment, and may be
    others by now."""
    everybody = frozenset[str]().union(*WORKFLOW.moves.values())
    leading = [role for role in everybody if WORKFLOW.legal(start, chosen, (role,))]
    return same((chosen, start)), WORKFLOW.legal(start, chosen, roles), len(leading)


def _check(record_type: RecordType, values: Mapping[str, Any], found: Sequence[Problem], kept: Iterable[Rule]) -> None:
    """Raises InvalidError for what is wrong, and for fields that are not for people to write."""
    denied = [name for name in values if name in record_type.fields and record_type.fields[name].rule in kept]
    words = DETAILS[Code.NOT_ALLOWED]
    labels = record_type.fields
    all_found = [
        *found,
        *(
            Problem(Code.NOT_ALLOWED, name, f"{labels[name].zh}：{words.zh}", f"{labels[name].en}: {words.en}")
            for name in denied
        ),
    ]
    if all_found:
        raise InvalidError(all_found)


def _line(members: Mapping[str, Any]) -> bytes:
    """The line of these members. Raises InvalidError."""
    try:
        line = _readable(members)
    except ValueError as error:  # A lone surrogate, a number that is none.
        raise InvalidError(_unwritable(members) or [_problem(Code.LINE_MALFORMED)]) from error
    if len(line) > LINE_BYTES_MAX:
        raise LineTooLongError([_problem(Code.LINE_TOO_LONG)])
    return line


def _readable(members: Mapping[str, Any]) -> bytes:
    """The line of these members. Raises ValueError where it could not be read again."""
    line = lines.write(members)
    if b"\\u" in line:  # It may stand for a NUL.
        lines.read(line)
    return line


def _unwritable(members: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with each field whose value no line can hold."""
    schema = shape_of(CATALOG.types[members["type"]].schema)
    found = []
    for field, value in {**(members.get("now") or {}), **(members.get("add") or {})}.items():
        try:
            _readable({field: value})
        except ValueError:
            zh, en = (sentence("unwritable", schema, (field,), language) for language in LANGUAGES)
            found.append(Problem(INVALID, field, zh, en))
    return found


def _edit(members: Mapping[str, Any]) -> Edit:
    """The edit that a line of these members is, as the center will read it. Raises InvalidError."""
    line = _line(members)
    read = edits.read(line, CATALOG)
    if not isinstance(read, Edit):
        raise InvalidError([_problem(read.code, read.field or "")])
    return read


def _problem(code: Code, field: str = "") -> Problem:
    words = DETAILS[code]
    return Problem(INVALID, field, words.zh, words.en)
