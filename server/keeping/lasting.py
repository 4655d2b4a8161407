"""What must outlast a restore: revocations and erasures, in a file outside the database.

One JSON object a line, only ever appended to, on the disk before the database commits. What is there and not in the
database (a crash between the two, a restore from a backup) is applied again: see again.py. Every entry says `county`,
`at` (a stamp) and `do`.
"""

import fcntl
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.administration.changing import NotPossibleError
from server.center import Center
from sync import lines

REVOKE, ERASE = "revoke", "erase"

_OWNER_ONLY = 0o600
_log = logging.getLogger("doorstep")


def append(center: Center, county: str, entry: dict[str, Any]) -> None:
    """Adds an entry; when this returns it is on the disk. Does nothing where the settings name no file.

    Raises NotPossibleError where it cannot be written, and then the database must not commit."""
    path = center.settings.lasting_file
    if path is None:
        return
    try:
        _append(path, lines.write({"county": county, **entry}))
    except OSError as error:
        raise NotPossibleError(
            f"无法写入 {path}（{error.strerror}），没有停用或删除",
            f"Cannot write {path} ({error.strerror}): nothing was revoked or erased",
        ) from error


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _OWNER_ONLY), "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # What a crash left of a line stays one of its own, and is passed over.
        start = b"\n" if _is_torn(file.fileno()) else b""
        file.write(start + line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        flush_folder(path.parent)


def _is_torn(file: int) -> bool:
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def entries(center: Center, county: str) -> Iterator[lines.Values]:
    """The county's entries, oldest first. Lines that cannot be read are told to the log and passed over.

    Raises NotPossibleError where the file cannot be read."""
    for number, line in enumerate(io.BytesIO(content(center) or b""), 1):
        try:
            entry = lines.read(line.rstrip(b"\n"))
        except lines.LineMalformedError:
            _log.warning("lasting_line_unreadable", extra={"line": number})
            continue
        if entry.get("county") == county:
            yield entry


def content(center: Center) -> bytes | None:
    """The file's bytes; None where there is no file. Raises NotPossibleError where it is there and cannot be read."""
    path = center.settings.lasting_file
    try:
        return None if path is None else path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotPossibleError(
            f"无法读取停用与删除的记录文件 {path}（{error.strerror}）",
            f"The file of revocations and erasures, {path}, cannot be read ({error.strerror})",
        ) from error


def flush_folder(folder: Path) -> None:
    """Puts a folder's own entries on the disk: a new or renamed file is there after a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
