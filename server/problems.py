"""The one error tree of the server, and how it becomes problem+json (RFC 9457)."""

import json
import logging
from typing import Self

from flask import Flask, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from schemas.messages import named
from schemas.problems import INVALID, Problem
from server.store.dialect import is_unavailable
from server.store.ledger import NoCountyError
from sync.codes import PROBLEMS, UNSEEN, Detail

log = logging.getLogger("doorstep")

RETRY_AFTER_S = 5
_CODES_BY_STATUS = {
    400: "malformed", 404: "not-found", 405: "method-unknown", 411: "length-required", 413: "too-large",
    415: "media-unknown",
}  # fmt: skip


class ProblemError(Exception):
    """A request that is refused as a whole. `field` names what of it is at fault, where one thing is; `detail` says
    that in words, where the code's own say too little."""

    def __init__(self, code: str, field: str | None = None, detail: Detail | None = None) -> None:
        super().__init__(code)
        self.code, self.field, self.detail = code, field, detail

    @classmethod
    def of(cls, found: Problem) -> Self:
        """A request that is refused for one thing in it."""
        return cls(INVALID, found.field, Detail(found.zh, found.en))

    @classmethod
    def at(cls, field: str, error: str) -> Self:
        """One that is refused for this field of it; `error` as schemas.messages says it in words."""
        return cls.of(named(error, field))

    @classmethod
    def unseen(cls, field: str | None = None) -> Self:
        """One for a thing that is not there, or not the caller's: word for word alike, so nobody learns what exists."""
        return cls("not-found", field, UNSEEN)


def problem(code: str, field: str | None = None, detail: Detail | None = None) -> Response:
    """The answer that says so, in both languages."""
    kind = PROBLEMS[code]
    words = detail or kind.detail
    document = {
        "type": "about:blank",
        "title": kind.detail.en,
        "status": kind.status,
        "code": kind.code,
        "detail": words.en,
        "zh": words.zh,
        "en": words.en,
        "instance": request.path,
    }
    if field is not None:
        document["field"] = field
    answer = Response(json.dumps(document, ensure_ascii=False), kind.status, mimetype="application/problem+json")
    if kind.status in (429, 503):
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    if kind.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer" if code != "signature-wrong" else "Standard-Webhooks"
    return answer


def install(app: Flask) -> None:
    """Makes every error of the app a problem."""

    @app.errorhandler(ProblemError)
    def _refused(error: ProblemError) -> Response:
        return problem(error.code, error.field, error.detail)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        answer = problem(
            _CODES_BY_STATUS.get(error.code or 500, "malformed" if (error.code or 500) < 500 else "internal")
        )
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(NoCountyError)
    def _no_county(_error: NoCountyError) -> Response:
        return problem("unavailable")

    @app.errorhandler(SQLAlchemyError)
    def _database(error: SQLAlchemyError) -> Response:
        if is_unavailable(error):
            log.warning("database_unavailable", exc_info=error)
            return problem("unavailable")
        log.error("database_failed", exc_info=error)
        return problem("internal")

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Response:
        log.error("request_failed", exc_info=error)
        return problem("internal")
