"""The lines of a sync request and its answer, around the edits and the rows: read at the edge, once."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync import stamps
from sync.codes import DETAILS, Code, Detail, Result
from sync.limits import EDITS_PER_REQUEST_MAX, INTEGER_MAX, PAGE_ROWS_MAX, PROTOCOL_VERSION
from sync.lines import LineMalformedError, Values, read, write


class FrameMalformedError(ValueError):
    """A request or an answer is not formed as docs/protocol.md says. `field` names the member at fault, if any."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class RequestTooLargeError(ValueError):
    """More lines than one request may carry."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """`owes`: how many edits remain unsent after this request. `now`: the clock that the tablet's stamps use.
    `want`: the most rows that it takes."""

    cursor: str | None
    mark: str | None
    owes: int
    now: str
    want: int = PAGE_ROWS_MAX


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an edit, named by `edit`, or by its place among the lines (from 1) where it has no name.

    `at` is given where the server took another stamp than the line says."""

    result: Result
    edit: str | None = None
    line: int | None = None
    code: str | None = None
    field: str | None = None
    detail: Detail | None = None
    conflicts: tuple[str, ...] = ()
    at: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerHead:
    mark: str
    clock: str
    through: int
    replay: bool
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A record in the feed; `gone` says why it left the scope (then `document` is empty)."""

    revision: int
    type: str
    id: str
    keys: tuple[str, ...] = ()
    document: Values | None = None
    dots: Mapping[str, list[str]] | None = None
    gone: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeLost:
    """A key that is no longer the caller's."""

    key: str


@dataclass(frozen=True, slots=True)
class LastLine:
    cursor: str
    more: bool
    revision: int


def request(head: RequestHead, edit_lines: Iterable[bytes]) -> bytes:
    """The body of a sync request."""
    members = {
        "v": PROTOCOL_VERSION,
        "cursor": head.cursor,
        "mark": head.mark,
        "owes": head.owes,
        "now": head.now,
        "want": head.want,
    }
    return b"".join(line + b"\n" for line in (_exact(members), *edit_lines))


def read_request(body: bytes) -> tuple[RequestHead, list[bytes]]:
    """The head and the edit lines of a request. Raises FrameMalformedError, RequestTooLargeError."""
    first, *rest = body.removesuffix(b"\n").split(b"\n")
    if len(rest) > EDITS_PER_REQUEST_MAX:
        raise RequestTooLargeError(f"{len(rest)} lines")
    return _request_head(first), rest


def _request_head(line: bytes) -> RequestHead:
    head = _object(line)
    if head.get("v") != PROTOCOL_VERSION or isinstance(head.get("v"), bool):
        raise FrameMalformedError("v", f"this server speaks version {PROTOCOL_VERSION}")
    for member in ("cursor", "mark"):
        if not isinstance(head.get(member), str | None):
            raise FrameMalformedError(member, "neither a text nor null")
    if not stamps.is_stamp(head.get("now")):
        raise FrameMalformedError("now", "not a stamp")
    owes, want = head.get("owes", 0), head.get("want", PAGE_ROWS_MAX)
    cursor, mark = head.get("cursor"), head.get("mark")
    return RequestHead(
        cursor=str(cursor) if cursor is not None else None,
        mark=str(mark) if mark is not None else None,
        owes=_count("owes", owes, 0),
        now=str(head["now"]),
        want=min(_count("want", want, 1), PAGE_ROWS_MAX),
    )


def _count(member: str, value: object, least: int) -> int:
    if type(value) is not int or not least <= value <= INTEGER_MAX:
        raise FrameMalformedError(member, f"not a whole number from {least}")
    return value


def _object(line: bytes) -> Mapping[str, object]:
    try:
        return read(line)
    except LineMalformedError as error:
        raise FrameMalformedError(None, str(error)) from error


def answer_head(head: AnswerHead) -> bytes:
    """The first line of an answer. Outcomes that are plainly applied are not listed."""
    return write(
        {
            "v": PROTOCOL_VERSION,
            "mark": head.mark,
            "clock": head.clock,
            "through": head.through,
            "replay": head.replay,
            "outcomes": [_outcome(each) for each in head.outcomes if each.result is not Result.APPLIED or each.at],
        }
    )


def _outcome(outcome: Outcome) -> Values:
    members: dict[str, object] = {"edit": outcome.edit} if outcome.edit else {"line": outcome.line}
    members["result"] = outcome.result
    if outcome.code is not None:
        detail = outcome.detail or DETAILS[Code(outcome.code)]
        members |= {"code": outcome.code, "field": outcome.field, "detail": {"zh": detail.zh, "en": detail.en}}
    if outcome.conflicts:
        members["conflicts"] = list(outcome.conflicts)
    members["at"] = outcome.at
    return {name: value for name, value in members.items() if value is not None}


def row(revision: int, record_type: str, record: str, keys: Iterable[str], document: str, dots: str | None) -> bytes:
    """A feed row, spliced from stored JSON texts: pulling parses nothing."""
    head = f'{{"rev":{revision},"type":"{record_type}","id":"{record}","keys":{_text(list(keys))},"doc":{document}'
    return (head + (f',"dots":{dots}' if dots else "") + "}").encode()


def gone(revision: int, record_type: str, record: str, reason: str) -> bytes:
    return _exact({"rev": revision, "type": record_type, "id": record, "gone": reason})


def scope_lost(key: str) -> bytes:
    return _exact({"scope": key, "gone": True})


def last_line(line: LastLine) -> bytes:
    return _exact({"cursor": line.cursor, "more": line.more, "rev": line.revision})


def read_answer(answer_lines: Iterable[bytes]) -> Iterator[AnswerHead | Row | ScopeLost | LastLine]:
    """The parts of an answer as they arrive: the head, rows and scope lines, the last line.

    Raises FrameMalformedError where the answer is broken, also where it ends without its last line."""
    arriving = iter(answer_lines)
    yield _answer_head(_object(next(arriving, b"")))
    for line in arriving:
        members = _object(line)
        try:
            part = _part(members)
        except (KeyError, TypeError, ValueError) as error:
            raise FrameMalformedError(None, f"not a line of an answer: {error}") from error
        yield part
        if isinstance(part, LastLine):
            return
    raise FrameMalformedError(None, "the answer ends without its last line")


def _answer_head(members: Mapping[str, object]) -> AnswerHead:
    match members:
        case {
            "mark": str(mark),
            "clock": str(clock),
            "through": int(through),
            "replay": bool(replay),
            "outcomes": list(outcomes),
        } if stamps.is_stamp(clock):
            return AnswerHead(mark, clock, through, replay, tuple(_read_outcome(each) for each in outcomes))
        case _:
            raise FrameMalformedError(None, "not the head of an answer")


def _read_outcome(members: object) -> Outcome:
    match members:
        case {"result": str(result), **rest}:
            code, detail, conflicts = rest.get("code"), rest.get("detail"), rest.get("conflicts", [])
            return Outcome(
                Result(result),
                edit=_optional(rest.get("edit")),
                line=rest.get("line") if isinstance(rest.get("line"), int) else None,
                code=_optional(code),
                field=_optional(rest.get("field")),
                detail=Detail(str(detail.get("zh")), str(detail.get("en"))) if isinstance(detail, dict) else None,
                conflicts=tuple(conflicts) if isinstance(conflicts, list) else (),
                at=_optional(rest.get("at")),
            )
        case _:
            raise FrameMalformedError("outcomes", "not an outcome")


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _part(members: Mapping[str, object]) -> Row | ScopeLost | LastLine:
    match members:
        case {"rev": int(rev), "type": str(kind), "id": str(record), "gone": str(reason)}:
            return Row(rev, kind, record, gone=reason)
        case {"rev": int(rev), "type": str(kind), "id": str(record), "keys": list(keys), "doc": dict(document), **rest}:
            dots = rest.get("dots")
            return Row(rev, kind, record, tuple(keys), document, dots if isinstance(dots, dict) else {})
        case {"scope": str(key), "gone": True}:
            return ScopeLost(key)
        case {"cursor": str(cursor), "more": bool(more), "rev": int(rev)}:
            return LastLine(cursor, more, rev)
        case _:
            raise ValueError("unknown members")


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _exact(members: Values) -> bytes:
    """One line with every member, null ones too."""
    return _text(members).encode()
