"""Requests that came to nothing: told apart by what is known of what the center made of them."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from client_sdk.errors import CenterError, CertificateUntrustedError, OfflineError, TabletError
from sync import backoff

_BY_STATUS = {
    413: "too-large",
    429: "slow-down",
    500: "internal",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}
"""What a status means where it comes from a proxy, which knows no codes."""


class RequestError(Exception):
    """`said`: what came of the request, as the tablet's people are told it."""

    def __init__(self, why: str, said: TabletError | None = None) -> None:
        super().__init__(why)
        self.said = said or OfflineError()


class UnreachableError(RequestError):
    """No connection came about: the center has seen nothing of the request."""


class AnswerTimeoutError(RequestError):
    """The center did not answer in time. What it made of the request is not known."""


class BrokenAnswerError(RequestError):
    """The answer broke off, or is none of the center's. What it made of the request is not known."""


class ProblemError(RequestError):
    """The center refused the request as a whole (RFC 9457)."""

    def __init__(self, said: CenterError) -> None:
        super().__init__(said.problem, said)
        self.code = said.problem


@contextmanager
def told() -> Iterator[None]:
    """What httpx and the frames raise, as a RequestError."""
    try:
        yield
    except httpx.ConnectError as error:
        said = CertificateUntrustedError() if _is_untrusted(error) else OfflineError()
        raise UnreachableError(str(error), said) from error
    except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise UnreachableError(str(error)) from error
    except httpx.TimeoutException as error:
        raise AnswerTimeoutError(str(error)) from error
    # FrameMalformedError is a ValueError; httpx.StreamError is a RuntimeError, like the word of a client that another
    # thread closed.
    except (httpx.HTTPError, RuntimeError, ValueError) as error:
        raise BrokenAnswerError(str(error)) from error


def problem(response: httpx.Response) -> ProblemError | BrokenAnswerError:
    """What a refusal says. One without a code comes from something between here and the center."""
    try:
        document = json.loads(response.read())
    except ValueError:
        document = None
    document = document if isinstance(document, dict) else {}
    status = response.status_code
    code = document.get("code") or _BY_STATUS.get(status)
    if not isinstance(code, str):
        return BrokenAnswerError(f"HTTP {status} from something that is not the center")
    said = CenterError(
        code,
        zh=str(document.get("zh") or f"中心返回 HTTP {status}"),
        en=str(document.get("en") or f"The center answered HTTP {status}"),
        retry_after_s=backoff.retry_after_s(response.headers.get("Retry-After"), time.time_ns() // 1_000_000),
    )
    return ProblemError(said)


def is_centers(response: httpx.Response) -> bool:
    """Whether an answer to an enrolment can be a center's. One that is broken, or a proxy's word on a center that is
    away, can."""
    kind = response.headers.get("Content-Type", "")
    return response.is_success or response.is_server_error or "json" in kind or response.status_code in _BY_STATUS


def _is_untrusted(error: BaseException | None) -> bool:
    """Whether a certificate was the cause: httpx gives only its own error, with the reason behind it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
