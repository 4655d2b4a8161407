"""Who asks: the bearer token of a request (RFC 6750)."""

from flask import Request

from server.problems import ProblemError


def bearer(request: Request) -> str:
    """The token that a request carries. Raises ProblemError token-unknown where there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ProblemError("token-unknown")
    return token.strip()
