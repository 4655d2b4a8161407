"""Signatures of what centers send one another, per Standard Webhooks (github.com/standard-webhooks/standard-webhooks).

What is signed is the JSON text, however it is packed for the way. The clock is an argument, on both sides.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum, auto

from standardwebhooks import Webhook

from server.store.center_outbox import Secret
from sync import ids

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
COUNTY = "doorstep-county"
"""The header that says whose secret it is: known before anything of the body is read."""

TOLERANCE_S = 5 * 60
"""How far the time of a message may be from the receiver's, before and after: no older one can be played again."""
PREFIX = "whsec_"
"""Of a secret's text."""
SECRET_BYTES = 32
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
"""What the specification asks of a secret."""
SIGNATURES_MAX = 10
"""Of one message: a sender that changes its secret may sign by several."""

_ID_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TIMESTAMP_FORM = re.compile(r"[0-9]{1,11}")


class Judgement(Enum):
    RIGHT = auto()
    WRONG = auto()
    OUT_OF_TIME = auto()
    """Signed as it should be, but too long ago, or ahead of our clock."""


def new_secret() -> Secret:
    return Secret(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def read_secret(text: str) -> Secret:
    """The secret that a text holds. Raises ValueError, which does not repeat it."""
    stripped = text.strip()
    try:
        key = base64.b64decode(stripped.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not stripped.startswith(PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(f"not {PREFIX} and {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64")
    return Secret(stripped)


def message_id(now_ms: int) -> str:
    """A name for a message, by time and chance like a UUIDv7: every try of it carries the same."""
    return f"msg_{ids.edit_name(now_ms, secrets.randbits(74)).replace('-', '')}"


def headers(secret: Secret, county: str, message: str, now_ms: int, body: bytes) -> dict[str, str]:
    """What a message carries beside its body, for a try at this moment."""
    timestamp = now_ms // 1000
    return {
        COUNTY: county,
        ID: message,
        TIMESTAMP: str(timestamp),
        SIGNATURE: _signature(secret, message, timestamp, body),
    }


def judged(secret: Secret, given: Mapping[str, str], now_ms: int, body: bytes) -> Judgement:
    """Whether a body and its headers are what the holder of the secret sent, a short while ago."""
    message, timestamp = given.get(ID, ""), given.get(TIMESTAMP, "")
    if _ID_FORM.fullmatch(message) is None or _TIMESTAMP_FORM.fullmatch(timestamp) is None:
        return Judgement.WRONG
    try:
        expected = _signature(secret, message, int(timestamp), body).encode()
    except UnicodeDecodeError:
        return Judgement.WRONG
    # The library compares as well, but by the real clock, and raises whatever a broken header makes it raise.
    signatures = given.get(SIGNATURE, "").split(" ")[:SIGNATURES_MAX]
    if not any(hmac.compare_digest(expected, each.encode(errors="replace")) for each in signatures):
        return Judgement.WRONG
    if abs(now_ms // 1000 - int(timestamp)) > TOLERANCE_S:
        return Judgement.OUT_OF_TIME
    return Judgement.RIGHT


def _signature(secret: Secret, message: str, timestamp: int, body: bytes) -> str:
    return Webhook(secret.text).sign(message, datetime.fromtimestamp(timestamp, UTC), body.decode())
