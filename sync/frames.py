"""The lines of a sync request and its answer, around the edits and the rows: read at the edge, once."""

from sync.answers import (
    AnswerHead,
    LastLine,
    Outcome,
    Row,
    ScopeLost,
    answer_head,
    gone,
    last_line,
    read_answer,
    row,
    scope_lost,
)
from sync.envelope import FrameMalformedError
from sync.requests import RequestHead, RequestTooLargeError, read_request, request

__all__ = [
    "AnswerHead",
    "FrameMalformedError",
    "LastLine",
    "Outcome",
    "RequestHead",
    "RequestTooLargeError",
    "Row",
    "ScopeLost",
    "answer_head",
    "gone",
    "last_line",
    "read_answer",
    "read_request",
    "request",
    "row",
    "scope_lost",
]
