"""A sync answer: its head with the outcomes, rows of the feed and keys that were lost, its last line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync import envelope, stamps
from sync.codes import DETAILS, Code, Detail, Result
from sync.envelope import PROTOCOL_VERSION, FrameMalformedError, is_count, is_texts, members
from sync.lines import Values, write


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an edit, named by `edit`; by its place among the lines (from 1) where its name is not its own, or
    it has none.

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


MOVED, ENDED, ERASED = "moved", "ended", "erased"
"""Why a row is gone: the record moved away; a conflict is no longer one; nothing of the record may stay."""


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
    """`digests` by key, where the request asked for them and nothing more is to come; else None."""

    cursor: str
    more: bool
    revision: int
    digests: Mapping[str, str] | None = None


ROW = '{"rev":%s,"type":"%s","id":"%s","keys":%s,"doc":%s%s}'
"""A feed row, spliced by the database from JSON texts as they are stored, so that pulling parses nothing: revision,
type, id, keys, document, and `,"dots":` with what there is of them."""
GONE = '{"rev":%s,"type":"%s","id":"%s","gone":"%s"}'
"""A row that left the scope: revision, type, id, and why."""


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
    values: dict[str, object] = {"edit": outcome.edit, "line": outcome.line, "result": outcome.result}
    if outcome.code is not None:
        detail = outcome.detail or DETAILS[Code(outcome.code)]
        values |= {"code": outcome.code, "field": outcome.field, "detail": {"zh": detail.zh, "en": detail.en}}
    if outcome.conflicts:
        values["conflicts"] = list(outcome.conflicts)
    values["at"] = outcome.at
    return {name: value for name, value in values.items() if value is not None}


def scope_lost(key: str) -> bytes:
    return envelope.line({"scope": key, "gone": True})


def last_line(line: LastLine) -> bytes:
    values: dict[str, object] = {"cursor": line.cursor, "more": line.more, "rev": line.revision}
    if line.digests is not None:
        values["digests"] = line.digests
    return envelope.line(values)


def read_answer(answer_lines: Iterable[bytes]) -> Iterator[AnswerHead | Row | ScopeLost | LastLine]:
    """The parts of an answer as they arrive: the head, rows and scope lines, the last line.

    Raises FrameMalformedError where the answer is broken, also where it ends without its last line."""
    arriving = iter(answer_lines)
    yield _head(members(next(arriving, b"")))
    for line in arriving:
        part = _part(members(line))
        yield part
        if isinstance(part, LastLine):
            return
    raise FrameMalformedError(None, "the answer ends without its last line")


def _head(values: Values) -> AnswerHead:
    match values:
        case {
            "mark": str(mark),
            "clock": str(clock),
            "through": through,
            "replay": bool(replay),
            "outcomes": list(outcomes),
        } if stamps.is_stamp(clock) and is_count(through):
            return AnswerHead(mark, clock, through, replay, tuple(map(_read_outcome, outcomes)))
        case _:
            raise FrameMalformedError(None, "not the head of an answer")


def _read_outcome(values: object) -> Outcome:
    match values:
        case {"result": str(result), **rest} if result in list(Result):
            line, detail, conflicts = rest.get("line"), rest.get("detail"), rest.get("conflicts")
            return Outcome(
                Result(result),
                edit=_text(rest.get("edit")),
                line=line if is_count(line) else None,
                code=_text(rest.get("code")),
                field=_text(rest.get("field")),
                detail=Detail(str(detail.get("zh")), str(detail.get("en"))) if isinstance(detail, dict) else None,
                conflicts=tuple(conflicts) if is_texts(conflicts) else (),
                at=_text(rest.get("at")),
            )
        case _:
            raise FrameMalformedError("outcomes", "not an outcome")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _part(values: Values) -> Row | ScopeLost | LastLine:
    match values:
        case {"rev": rev, "type": str(kind), "id": str(record), "gone": str(reason)} if is_count(rev):
            return Row(rev, kind, record, gone=reason)
        case {"rev": rev, "type": str(kind), "id": str(record), "keys": keys, "doc": dict(document), **rest} if (
            is_count(rev) and is_texts(keys)
        ):
            return Row(rev, kind, record, tuple(keys), document, _dots(rest.get("dots", {})))
        case {"scope": str(key), "gone": True}:
            return ScopeLost(key)
        case {"cursor": str(cursor), "more": bool(more), "rev": rev, **rest} if is_count(rev):
            return LastLine(cursor, more, rev, _digests(rest.get("digests")))
        case _:
            raise FrameMalformedError(None, "not a line of an answer")


def _dots(value: object) -> Mapping[str, list[str]]:
    if not isinstance(value, dict) or not all(map(is_texts, value.values())):
        raise FrameMalformedError("dots", "not lists of edits")
    return value


def _digests(value: object) -> Mapping[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise FrameMalformedError("digests", "not a digest for each key")
    return value
