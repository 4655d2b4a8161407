"""Request and answer bodies: unpacked within bounds, packed as the caller accepts."""

import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import zstandard
from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from server.problems import ProblemError
from sync.limits import REQUEST_BYTES_MAX, REQUEST_UNPACKED_BYTES_MAX

NDJSON = "application/x-ndjson"
_GZIP_WBITS = 16 + zlib.MAX_WBITS
_ZSTD_WINDOW_BYTES_MAX = 8 * 1024 * 1024
_ZSTD_PART_BYTES = 256
_GZIP_LEVEL, _ZSTD_LEVEL = 1, 1
_PACKED_FROM_BYTES = 1024
_PASSED_OVER_BYTES_MAX = 16 * 1024 * 1024
_PASSED_OVER_AT_ONCE_BYTES = 64 * 1024


def install(app: Flask) -> None:
    """Makes the app take in what a refused request still has to say, before it answers.

    A server closes a connection on which a body is left unread, and a client that is still sending then sees a broken
    connection and not the answer: that it should send less at once."""

    @app.after_request
    def _passed_over(answer: Response) -> Response:
        left = 0 if "is_silent" in g else _PASSED_OVER_BYTES_MAX
        try:
            while left > 0 and (said := request.stream.read(_PASSED_OVER_AT_ONCE_BYTES)):
                left -= len(said)
        except (OSError, HTTPException):
            return answer  # The client is gone: nobody is there to be answered.
        return answer


def check_length(request: Request, most: int = REQUEST_BYTES_MAX) -> None:
    """Looks at what a request says of its body, not at the body. Raises ProblemError: too-large, length-required."""
    if request.content_length is None:
        raise ProblemError("length-required")
    if request.content_length > most:
        raise ProblemError("too-large")


def read(request: Request, most: int) -> bytes:
    """The body of a request, of at most so many bytes. Raises ProblemError: too-large, length-required, malformed,
    media-unknown."""
    return received(request, min(most, REQUEST_BYTES_MAX)).unpacked(most)


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it travelled, what it was said to be packed by, and how long. (Whoever unpacks it may be at work for
    another request.)"""

    packed: bytes
    encoding: str
    length: int | None

    def unpacked(self, most: int = REQUEST_UNPACKED_BYTES_MAX) -> bytes:
        """At most so many bytes. Raises ProblemError: too-large, malformed, media-unknown."""
        if len(self.packed) != self.length:
            raise ProblemError("malformed")
        return _unpacked(self.packed, self.encoding, most)


def received(request: Request, most: int = REQUEST_BYTES_MAX) -> Body:
    """The body of a request. Raises ProblemError: too-large, length-required, unavailable where no more of it comes."""
    check_length(request, most)
    encoding = request.headers.get("Content-Encoding", "identity")
    try:
        packed = request.get_data(cache=False)
    except OSError as error:
        g.is_silent = True
        raise ProblemError("unavailable") from error
    return Body(packed, encoding, request.content_length)


def _unpacked(packed: bytes, encoding: str, most: int) -> bytes:
    match encoding.strip().lower():
        case "identity":
            body = packed
        case "gzip":
            body = _gunzipped(packed, most)
        case "zstd":
            body = _unzstd(packed, most)
        case _:
            raise ProblemError("media-unknown", "Content-Encoding")
    if len(body) > most:
        raise ProblemError("too-large")
    return body


def _gunzipped(packed: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WBITS)
    try:
        body = unpacker.decompress(packed, most + 1)
    except zlib.error as error:
        raise ProblemError("malformed", "Content-Encoding") from error
    if len(body) <= most and (not unpacker.eof or unpacker.unused_data):
        raise ProblemError("malformed", "Content-Encoding")
    return body


def _unzstd(packed: bytes, most: int) -> bytes:
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES_MAX).decompressobj()
    body, taken = bytearray(), 0
    try:
        # In small parts: each may unpack to some 32,000 times its size, and the unpacker knows no bound.
        while taken < len(packed) and not unpacker.eof and len(body) <= most:
            body += unpacker.decompress(packed[taken : taken + _ZSTD_PART_BYTES])
            taken += _ZSTD_PART_BYTES
    except zstandard.ZstdError as error:
        raise ProblemError("malformed", "Content-Encoding") from error
    # A body that was cut, or that something follows, is no body.
    is_whole = unpacker.eof and not unpacker.unused_data and taken >= len(packed)
    if not is_whole and len(body) <= most:
        raise ProblemError("malformed", "Content-Encoding")
    return bytes(body)


def packed(request: Request, lines: Iterable[bytes]) -> Response:
    """An NDJSON answer, packed by zstd or gzip where the caller takes it."""
    body = b"".join(line + b"\n" for line in lines)
    accepted = request.accept_encodings
    encoding = None
    if len(body) >= _PACKED_FROM_BYTES:
        if accepted["zstd"] > 0 and accepted.find("zstd") >= 0:
            encoding, body = "zstd", zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)
        elif accepted["gzip"] > 0:
            encoding, body = "gzip", gzip.compress(body, _GZIP_LEVEL, mtime=0)
    answer = Response(body, mimetype=NDJSON)
    answer.headers["Vary"] = "Accept-Encoding"
    if encoding is not None:
        answer.headers["Content-Encoding"] = encoding
    return answer
