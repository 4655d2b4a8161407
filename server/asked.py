"""A sync request as it was read: its head, its lines, and where its tablet stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.catalog import CATALOG
from server.problems import ProblemError
from sync import cursor as cursors
from sync import edits, frames
from sync.cursor import Cursor, CursorUnknownError, Mark
from sync.edits import Edit, Unread
from sync.frames import RequestHead


@dataclass(frozen=True, slots=True)
class Asked:
    """`marks`: what it says that the log gave its tablet."""

    head: RequestHead
    lines: Sequence[Edit | Unread]
    cursor: Cursor | None
    marks: Sequence[Mark]

    def alone(self, number: int) -> "Asked":
        """The request with one of its lines only: the ones after it are still owed."""
        owes = self.head.owes + len(self.lines) - number
        return replace(self, head=replace(self.head, owes=owes), lines=self.lines[number - 1 : number])


def read_request(body: bytes) -> Asked:
    """Raises ProblemError: too-large, malformed, cursor-unknown. (A line that cannot be read is no fault of the
    request.)"""
    try:
        head, lines = frames.read_request(body)
        cursor = None if head.cursor is None else cursors.cursor(head.cursor)
        marks = [] if head.mark is None else [cursors.mark(head.mark)]
    except frames.RequestTooLargeError as error:
        raise ProblemError("too-large") from error
    except frames.FrameMalformedError as error:
        raise ProblemError("malformed", error.field) from error
    except CursorUnknownError as error:
        raise ProblemError("cursor-unknown") from error
    understood = [edits.read(line, CATALOG) for line in lines]
    return Asked(head, understood, cursor, marks if cursor is None else [*marks, cursor.mark])
