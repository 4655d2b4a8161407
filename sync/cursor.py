"""Where a tablet stands in its feed: opaque to it, self-contained for the server."""

import base64
import json
import re
from dataclasses import dataclass, fields

from sync.limits import INTEGER_MAX

CURSOR_BYTES_MAX = 16 * 1024
"""However many keys catch up: more than one page's are named by the set that they are of."""
_IS_DIGEST = re.compile("[0-9a-f]{16}")
_IS_KEY = re.compile("(?:unit|staff|person|body):[^\\0]+", re.DOTALL)


class CursorUnknownError(ValueError):
    """The text is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`revision` up to which all steady keys were read; `log_revision` and `tag`, the mark of the log when it was read;
    `covers`, the digest of the key set, empty where none was read.

    `catching_up` are the keys that are still read from their beginning, one after another: the first of them up to
    `position`, the others not at all. Where they are many, only the first are named: those after them are the keys of
    the set `later` (by its digest), in order, but for as many as were `taken` already."""

    revision: int
    log_revision: int
    tag: str
    covers: str
    catching_up: tuple[str, ...] = ()
    position: int = 0
    later: str = ""
    taken: int = 0

    @property
    def mark(self) -> "Mark":
        return Mark(self.log_revision, self.tag)


@dataclass(frozen=True, slots=True)
class Mark:
    """A log position and the chain's tag there: it tells a tablet that only pushes of a restore."""

    revision: int
    tag: str


def encode(cursor: Cursor | Mark) -> str:
    values = [getattr(cursor, member.name) for member in fields(cursor)]
    return _encoded(values[:-2] if isinstance(cursor, Cursor) and not cursor.later else values)


def _encoded(values: list[object]) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(text: str) -> list[object]:
    if len(text) > CURSOR_BYTES_MAX:
        raise CursorUnknownError("too long")
    try:
        raw = text.encode("ascii")
        values = json.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True))
        # A text that says the same in other bytes is not one that we gave out.
        is_ours = isinstance(values, list) and _encoded(values) == text
    except (ValueError, RecursionError) as error:
        raise CursorUnknownError(str(error)) from error
    if not is_ours:
        raise CursorUnknownError("not as it was encoded")
    return list(values)


def cursor(text: str) -> Cursor:
    """Raises CursorUnknownError for any text that `encode` never made."""
    match _decode(text):
        case [int(revision), int(log_revision), str(tag), str(covers), list(keys), int(position), *rest] if (
            all(map(_is_revision, (revision, log_revision, position)))
            and _is_digest(tag)
            and (covers == "" or _is_digest(covers))
            and all(map(_is_key, keys))
        ):
            return Cursor(revision, log_revision, tag, covers, tuple(map(str, keys)), position, *_later(rest))
        case _:
            raise CursorUnknownError("not a cursor")


def _later(rest: list[object]) -> tuple[str, int]:
    match rest:
        case []:
            return "", 0
        case [str(digest), int(taken)] if _is_digest(digest) and _is_revision(taken):
            return digest, taken
        case _:
            raise CursorUnknownError("not a cursor")


def mark(text: str) -> Mark:
    """Raises CursorUnknownError for any text that `encode` never made."""
    match _decode(text):
        case [int(revision), str(tag)] if _is_revision(revision) and _is_digest(tag):
            return Mark(revision, tag)
        case _:
            raise CursorUnknownError("not a mark")


def _is_digest(text: str) -> bool:
    """Whether the text is one as a chain's tag and the digest of a key set are written."""
    return _IS_DIGEST.fullmatch(text) is not None


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _IS_KEY.fullmatch(value) is not None


def _is_revision(value: int) -> bool:
    return not isinstance(value, bool) and 0 <= value <= INTEGER_MAX
