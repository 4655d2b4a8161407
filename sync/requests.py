"""A sync request: its head, then edit lines."""

from collections.abc import Iterable
from dataclasses import dataclass

from sync import stamps
from sync.envelope import PROTOCOL_VERSION, FrameMalformedError, is_count, is_texts, line, members
from sync.limits import EDITS_PER_REQUEST_MAX, HEAD_BYTES_MAX, PAGE_ROWS_MAX
from sync.lines import Values


class RequestTooLargeError(ValueError):
    """More lines than one request may carry, or a first line that is too long."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """`owes`: how many edits remain unsent after this request. `now`: the clock that the tablet's stamps use.
    `want`: the most rows that it takes. `check`: whether the last line is to tell the digest of each key. `again`: keys
    to be read from their beginning once more."""

    cursor: str | None
    mark: str | None
    owes: int
    now: str
    want: int = PAGE_ROWS_MAX
    check: bool = False
    again: tuple[str, ...] = ()


def request(head: RequestHead, edit_lines: Iterable[bytes]) -> bytes:
    """The body of a sync request."""
    values: dict[str, object] = {
        "v": PROTOCOL_VERSION,
        "cursor": head.cursor,
        "mark": head.mark,
        "owes": head.owes,
        "now": head.now,
        "want": head.want,
    }
    if head.check:
        values["check"] = True
    if head.again:
        values["again"] = list(head.again)
    return b"".join(each + b"\n" for each in (line(values), *edit_lines))


def read_request(body: bytes) -> tuple[RequestHead, list[bytes]]:
    """The head and the edit lines of a request. Raises FrameMalformedError, RequestTooLargeError."""
    # Split no further than needed: a body of nothing but line ends must not become a list of millions.
    first, *rest = body.removesuffix(b"\n").split(b"\n", EDITS_PER_REQUEST_MAX + 1)
    if len(rest) > EDITS_PER_REQUEST_MAX:
        raise RequestTooLargeError(f"more than {EDITS_PER_REQUEST_MAX} lines")
    if len(first) > HEAD_BYTES_MAX:
        # Parsed, a line takes many times its length: whoever asks must not say how much.
        raise RequestTooLargeError(f"a first line of more than {HEAD_BYTES_MAX} bytes")
    return _head(members(first)), rest


def _head(values: Values) -> RequestHead:
    if type(values.get("v")) is not int or values["v"] != PROTOCOL_VERSION:
        raise FrameMalformedError("v", f"this server speaks version {PROTOCOL_VERSION}")
    now = values.get("now")
    if not stamps.is_stamp(now):
        raise FrameMalformedError("now", "not a stamp")
    return RequestHead(
        cursor=_text(values, "cursor"),
        mark=_text(values, "mark"),
        owes=_count(values, "owes", 0, 0),
        now=now,
        want=min(_count(values, "want", PAGE_ROWS_MAX, 1), PAGE_ROWS_MAX),
        check=_flag(values, "check"),
        again=_texts(values, "again"),
    )


def _text(values: Values, member: str) -> str | None:
    value = values.get(member)
    if not isinstance(value, str | None):
        raise FrameMalformedError(member, "neither a text nor null")
    return value


def _count(values: Values, member: str, default: int, least: int) -> int:
    value = values.get(member)
    if value is None:
        return default
    if not is_count(value, least):
        raise FrameMalformedError(member, f"not a whole number from {least}")
    return value


def _flag(values: Values, member: str) -> bool:
    value = values.get(member)
    if not isinstance(value, bool | None):
        raise FrameMalformedError(member, "neither true nor false")
    return value is True


def _texts(values: Values, member: str) -> tuple[str, ...]:
    value = values.get(member)
    if value is not None and not is_texts(value):
        raise FrameMalformedError(member, "not a list of texts")
    return tuple(value or ())
