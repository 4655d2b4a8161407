"""A backup: one file with the whole database as it was at one moment, made while the server goes on."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from server.administration.changing import NotPossibleError
from server.center import Center
from server.keeping.contents import contents
from server.keeping.lasting import flush_folder
from server.keeping.programs import programs
from server.store import dialect
from server.store.dialect import BUSY_TIMEOUT_S
from sync.lines import Values

_OWNER_ONLY = 0o600
_SQLITE_SUFFIXES = ("", "-wal", "-shm")


def back_up(center: Center, file: Path) -> Values:
    """Writes a backup, checks it, and gives it its name only then: `file` is whole or as it was before.

    Says what it holds. Raises NotPossibleError."""
    file = file.absolute()
    _require_elsewhere(center, file)
    with dialect.reading(center.engine) as connection:
        before = center.county(connection)
    try:
        with _beside(file) as part:
            _dump(center, part)
            found = contents(part)
            county = next((each for each in found.counties if each.county == before.code), None)
            if county is None or county.revision < before.revision:
                raise NotPossibleError("备份不完整", "The backup is not whole")
            written = _flushed(part)
            part.replace(file)
            flush_folder(file.parent)
    except OSError as error:
        raise NotPossibleError(
            f"无法写入 {file}：{error.strerror}", f"Cannot write {file}: {error.strerror}"
        ) from error
    except sqlite3.Error as error:
        raise NotPossibleError(f"无法备份到 {file}：{error}", f"No backup could be made at {file}: {error}") from error
    return {
        "file": str(file),
        "bytes": written,
        "county": county.county,
        "revision": county.revision,
        "log_revision": county.log_revision,
    }


def _require_elsewhere(center: Center, file: Path) -> None:
    """Raises NotPossibleError where a backup would take the place of what the center works on."""
    url, lasting_file = center.engine.url, center.settings.lasting_file
    in_use = sqlite_files(Path(str(url.database)).resolve()) if url.get_backend_name() == "sqlite" else []
    if file.resolve() in [*in_use, lasting_file and lasting_file.resolve()]:
        raise NotPossibleError(
            f"{file} 是中心正在使用的文件：请另选一个文件名",
            f"{file} is a file that the center works on: name another one for the backup",
        )


def sqlite_files(database: Path) -> list[Path]:
    """The files that make up a SQLite database."""
    return [database.with_name(database.name + suffix) for suffix in _SQLITE_SUFFIXES]


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A file of another name in the same folder, for nobody else to read; gone at the end if it was not renamed."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.touch(mode=_OWNER_ONLY)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _flushed(file: Path) -> int:
    """Puts a file on the disk; gives its size in bytes."""
    with file.open("rb+") as written:
        os.fsync(written.fileno())
        return os.fstat(written.fileno()).st_size


def _dump(center: Center, part: Path) -> None:
    url = center.engine.url
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), timeout=BUSY_TIMEOUT_S)) as source:
            copy_sqlite(source, part)
        return
    found = programs(server_major(center.engine))
    found.run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")


def copy_sqlite(source: sqlite3.Connection, part: Path) -> None:
    """Copies a database as it is at one moment into a single file; others go on writing meanwhile."""
    with closing(sqlite3.connect(part, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE").close()


def server_major(engine: sa.Engine) -> int:
    """The major version of a PostgreSQL server."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
