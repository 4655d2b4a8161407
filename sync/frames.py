"""The lines of a sync request and its answer, around the edits and the rows: read at the edge, once."""

from sync.answers import (
    GONE,
    ROW,
    AnswerHead,
    LastLine,
    Outcome,
    Row,
    ScopeLost,
    answer_head,
    last_line,
    read_answer,
    scope_lost,
)
from sync.envelope import FrameMalformedError
from sync.requests import RequestHead, RequestTooLargeError, read_request, request

__all__ = [
    "GONE",
    "ROW",
    "AnswerHead",
    "FrameMalformedError",
    "LastLine",
    "Outcome",
    "RequestHead",
    "RequestTooLargeError",
    "Row",
    "ScopeLost",
    "answer_head",
    "last_line",
    "read_answer",
    "read_request",
    "request",
    "scope_lost",
]
