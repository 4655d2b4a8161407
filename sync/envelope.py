"""The lines of a request and an answer that are not edits: how they are read and written."""

import json
from typing import TypeGuard

from sync.limits import INTEGER_MAX
from sync.lines import LineMalformedError, Values, read

PROTOCOL_VERSION = 1


class FrameMalformedError(ValueError):
    """A request or an answer is not formed as docs/protocol.md says. `field` names the member at fault, if any."""

    def __init__(self, field: str | None, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def members(line: bytes) -> Values:
    """Raises FrameMalformedError where the line is not one I-JSON object."""
    try:
        return read(line)
    except LineMalformedError as error:
        raise FrameMalformedError(None, str(error)) from error


def text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def line(values: Values) -> bytes:
    """One line with every member, null ones too."""
    return text(values).encode()


def is_count(value: object, least: int = 0) -> TypeGuard[int]:
    return type(value) is int and least <= value <= INTEGER_MAX


def is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
