"""The feed for other systems: rows, cursor and last line as in a tablet's sync, for a caller who sends nothing."""

from collections.abc import Iterator

from schemas import reading
from server import pull
from server.center import Center
from server.problems import ProblemError
from server.pull import Reader
from server.reading.query import Arguments, parameters
from server.reading.viewer import viewing
from server.store import ledger
from server.store.flight import ask
from sync import cursor as cursors
from sync.cursor import CursorUnknownError
from sync.frames import AnswerHead, RequestHead
from sync.limits import PAGE_ROWS_MAX


def fed(center: Center, token: str, arguments: Arguments) -> Iterator[bytes]:
    """The lines of the caller's next page.

    Raises ProblemError: token-unknown, tablet-revoked, invalid, cursor-unknown."""
    with viewing(center, token) as viewer:
        asked = parameters(reading.FeedQuery, arguments)
        try:
            cursor = cursors.cursor(asked["cursor"]) if "cursor" in asked else None
        except CursorUnknownError as error:
            raise ProblemError("cursor-unknown", "cursor") from error
        county, now = viewer.county, viewer.now
        reader = Reader(token, county, viewer.person)
        replay = cursor is not None and not ask(viewer.connection, ledger.known_marks(county, [cursor.mark]))
    head = RequestHead(asked.get("cursor"), None, 0, now, min(asked.get("want", PAGE_ROWS_MAX), PAGE_ROWS_MAX))
    answer = AnswerHead(cursors.encode(county.mark), now, county.revision, replay, ())
    return pull.pulled(center, reader, None if replay else cursor, head, answer)
