"""A restore: the database becomes what a backup holds, and what must outlast it is applied again."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from server.administration.changing import NotPossibleError
from server.center import Center
from server.keeping import lasting
from server.keeping.again import apply_again
from server.keeping.backup import server_major, sqlite_files
from server.keeping.contents import SQLITE, Contents, Standing, contents
from server.keeping.programs import programs
from server.status.days import days_in
from server.store import center_anew, dialect, schema, tables
from server.store.dialect import BUSY_TIMEOUT_S
from server.store.log import EDIT
from sync.stamps import instant, stamp

IN_USE_S = 2 * BUSY_TIMEOUT_S
"""How long a restore waits for others who write to the same SQLite file."""

_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Loss:
    """What the database has of a county and the backup has not: log lines, edits among them, and when the last came."""

    county: str
    lines: int
    edits: int
    last_ms: int

    @property
    def zh(self) -> str:
        return f"{self.county}：{self.lines} 条日志（其中 {self.edits} 条修改），最近一条 {instant(self.last_ms)}"

    @property
    def en(self) -> str:
        lines = "1 log line" if self.lines == 1 else f"{self.lines} log lines"
        return f"{self.county}: {lines} ({self.edits} of them edits), the last of {instant(self.last_ms)}"


def restore(center: Center, file: Path, *, force: bool = False) -> dict[str, Any]:
    """Puts the whole database back to a backup; then brings its tables up to this release, and revokes and erases again
    what the lasting file names.

    Raises NotPossibleError where the file is no whole backup of the same kind of database, and, unless `force`, where
    the database holds a county with work in it (it says what would be lost) or another program's tables."""
    found = contents(file)
    _require_fitting(center, found)
    # Read before anything is put back: what cannot be read cannot be applied again either.
    kept = lasting.content(center)
    if not force:
        _require_own(center)
    losses = _losses(center, found, force=force)
    if losses is not None and losses and not force:
        _refuse(losses)
    counted = _counted_days(center)
    center.engine.dispose()
    if found.database == SQLITE:
        _put_back_sqlite(Path(str(center.engine.url.database)), file)
    else:
        _put_back_postgresql(center, file)
    schema.migrate(center.settings.database_url)
    dialect.analyze(center.engine)
    for each in found.counties:
        _push_anew(center.answering_for(each.county), counted.get(each.county, set()))
    again = [apply_again(center.answering_for(each.county)) for each in found.counties]
    return {
        "file": str(file),
        "counties": [each.county for each in found.counties],
        "revision": max(each.revision for each in found.counties),
        "lost_lines": None if losses is None else sum(each.lines for each in losses),
        "lost_edits": None if losses is None else sum(each.edits for each in losses),
        "revoked_again": sum(each.revoked for each in again),
        "erased_again": sum(each.erased for each in again),
        "overwritten": all(each.overwritten for each in again),
        "lasting_file_found": kept is not None,
    }


def _require_fitting(center: Center, found: Contents) -> None:
    backend = center.engine.url.get_backend_name()
    if backend != found.database:
        raise NotPossibleError(
            f"这是 {found.database} 的备份，数据库是 {backend}",
            f"This is a backup of {found.database}, and the database is {backend}",
        )
    if found.schema not in schema.versions():
        raise NotPossibleError(
            "备份来自更新版本的 Doorstep：请先升级", "The backup was made by a newer Doorstep: upgrade this one first"
        )
    named = center.settings.county
    if named is not None and named not in {each.county for each in found.counties}:
        raise NotPossibleError(f"备份中没有县 {named}", f"There is no county {named} in the backup")


def _require_own(center: Center) -> None:
    """What another program keeps there, or a tablet, is not to be overwritten by a slip of the pen."""
    with dialect.reading(center.engine) as connection:
        found = sa.inspect(connection).get_table_names()
    if found and tables.edit_log.name not in found:
        raise NotPossibleError(
            "数据库里是别的程序的数据，不是中心的。请换一个空数据库；确要覆盖，请加 --force",
            "The database holds another program's tables, and no center's. Name an empty one; to overwrite it "
            "nevertheless, say --force",
        )


def _refuse(losses: list[Loss]) -> None:
    lost = [each for each in losses if each.lines]
    if not lost:
        raise NotPossibleError(
            "数据库不是空的，备份之后没有新的日志。确要恢复，请加 --force",
            "The database is not empty, and has no log line that came after the backup. To restore nevertheless, say "
            "--force",
        )
    zh, en = "；".join(each.zh for each in lost), "; ".join(each.en for each in lost)
    raise NotPossibleError(
        f"数据库不是空的。恢复后将失去备份之后的内容——{zh}。确要恢复，请先另存备份，再加 --force",
        f"The database is not empty. What came after the backup would be lost: {en}. To restore nevertheless, keep a "
        "backup of what is there, and say --force",
    )


def _losses(center: Center, found: Contents, *, force: bool) -> list[Loss] | None:
    """What would be lost of each county that is more than just made; None where (by `force`) nobody can tell."""
    backed = {each.county: each for each in found.counties}
    try:
        with dialect.reading(center.engine) as connection:
            if not sa.inspect(connection).has_table(tables.edit_log.name):
                return []
            rows = connection.execute(sa.select(tables.county.c.code).where(tables.county.c.log_revision > 0))
            return [_loss(connection, code, backed.get(code)) for (code,) in rows.all()]
    except SQLAlchemyError:
        if force:
            return None  # A damaged database is what backups are for.
        raise


def _loss(connection: sa.Connection, county: str, backed: Standing | None) -> Loss:
    log = tables.edit_log.c
    since = 0
    if backed is not None:
        same = sa.select(log.head).where(log.county == county, log.revision == backed.log_revision)
        # Of another past, all of it is lost.
        since = backed.log_revision if connection.scalar(same) == backed.head else 0
    row = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(log.kind == EDIT),
            sa.func.coalesce(sa.func.max(log.receipt_ms), 0),
        ).where(log.county == county, log.revision > since)
    ).one()
    return Loss(county, *row)


def _counted_days(center: Center) -> dict[str, set[str]]:
    """The days that the database has counted, by county; none where nobody can tell."""
    try:
        with dialect.reading(center.engine) as connection:
            return center_anew.counted_days(connection)
    except SQLAlchemyError:
        return {}


def _push_anew(center: Center, counted: set[str]) -> None:
    """Everything goes once more to the centers that the county pushes to. They may have days that the backup knows
    nothing of: those that were counted, as far as that is known, and in any case the days since it was made."""
    now_ms = center.clock()
    with dialect.writing(center.engine) as connection:
        county = center.county(connection)
        last = sa.select(sa.func.max(tables.edit_log.c.receipt_ms)).where(tables.edit_log.c.county == county.code)
        last_ms = connection.scalar(last)
        day_of = days_in(county.timezone)
        since = range(now_ms if last_ms is None else min(last_ms, now_ms), now_ms, _DAY_MS)
        days = counted | {day_of(stamp(moment_ms)) for moment_ms in (*since, now_ms)}
        center_anew.after_restore(connection, county.code, county.revision, days, now_ms)


def _put_back_sqlite(database: Path, file: Path) -> None:
    """In one transaction of the database's own: whole or not at all, also for a server that is running."""
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        _copy_into(database, file)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise NotPossibleError(f"无法恢复：{error}", f"It could not be restored: {error}") from error
        for each in sqlite_files(database):  # What stands there is no database any more.
            each.unlink(missing_ok=True)
        _copy_into(database, file)


def _copy_into(database: Path, file: Path) -> None:
    database.touch(mode=0o600)
    ends = time.monotonic() + IN_USE_S

    def look_at_the_clock(_status: int, _remaining: int, _total: int) -> None:
        if time.monotonic() > ends:
            raise NotPossibleError("数据库正在使用：请先停止中心", "The database is in use: stop the server first")

    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    with closing(source), closing(sqlite3.connect(database, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous = FULL").close()
        source.backup(target, progress=look_at_the_clock)
        target.execute("PRAGMA journal_mode = WAL").close()


def _put_back_postgresql(center: Center, file: Path) -> None:
    found = programs(server_major(center.engine), file)
    found.run(
        center.engine.url,
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        str(file),
    )
