"""How PostgreSQL and SQLite differ in connections, transactions, errors and upkeep."""

import select
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.string import TextLoader
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from server.settings import Settings, SettingsError
from server.store.arrays import Array, ArrayDumper

BUSY_TIMEOUT_S = 30
STALE_SQLSTATES = frozenset({"0A000", "26000"})
"""PostgreSQL: what was prepared gives other columns since a migration, or is not there any more."""
_RETRIED_SQLSTATES = frozenset({"40001", "40P01"}) | STALE_SQLSTATES
"""And serialization_failure, deadlock_detected."""
_UNAVAILABLE_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""PostgreSQL: connections, rolled back, resources, not in that state, operators, the system. What is missing here is
a fault of the statement's own, which would come again."""
_UNDEFINED_TABLE = "42P01"
_POSTGRES_NAMES = ("postgresql", "postgres")
"""libpq takes both, and so do those who hand out URLs."""
_SQLITE_LEAST = (3, 38)
"""What has `->>` and `format`."""

_PLANS = "-c enable_bitmapscan=off -c enable_seqscan=off -c plan_cache_mode=force_generic_plan -c jit=off"
"""PostgreSQL: each statement is made for one index, and planned once a connection: planning costs more than running it.
So no plan may hang on how few rows there were that day, or on statistics that are not there yet."""


def create_engine(settings: Settings) -> sa.Engine:
    """The engine of a database, with durable commits on both. What its errors say goes to the log, so it is without the
    values of a statement: they are people's. Raises SettingsError for another database, or a SQLite that is too
    old, and when it connects to a PostgreSQL database that is not UTF8."""
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if sqlite3.sqlite_version_info < _SQLITE_LEAST:
            least = ".".join(map(str, _SQLITE_LEAST))
            raise SettingsError(
                f"SQLite {sqlite3.sqlite_version} 版本过旧，至少应为 {least}",
                f"SQLite {sqlite3.sqlite_version} is too old: it must be {least} or newer",
            )
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            Path(url.database).touch(mode=0o600)  # People's data: for whoever runs the server, and nobody else.
        engine = sa.create_engine(
            url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=settings.pool_size, hide_parameters=True
        )
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
        return engine
    if url.get_backend_name() in _POSTGRES_NAMES:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=settings.pool_size,
            max_overflow=0,
            hide_parameters=True,
            # Not in the URL: others are given that (pg_dump, say).
            connect_args={"options": _options(url)},
        )
        event.listen(engine, "connect", _require_utf8, insert=True)
        event.listen(engine, "connect", _postgres_connected)
        event.listen(engine, "checkout", _postgres_checked_out)
        return engine
    raise SettingsError(
        f"Doorstep 使用 PostgreSQL 或 SQLite 数据库，不支持 {url.get_backend_name()}",
        f"Doorstep runs on PostgreSQL and SQLite, not on {url.get_backend_name()}",
    )


def _options(url: sa.URL) -> str:
    """What the database is told of each connection: what the URL says, and how to plan."""
    said = url.query.get("options", ())
    return " ".join([*((said,) if isinstance(said, str) else said), _PLANS])


def _require_utf8(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Before anything is asked: of another encoding the driver gives bytes, or no Chinese. Raises SettingsError."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise SettingsError(
            f"数据库的编码是 {encoding}，应为 UTF8：请用 createdb -E UTF8 -T template0 另建",
            f"The database's encoding is {encoding} and must be UTF8: make another, createdb -E UTF8 -T template0",
        )


def _postgres_connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # Names are texts to us: nothing is to be made of each and taken apart again.
    connection.adapters.register_loader("uuid", TextLoader)
    connection.adapters.register_dumper(Array, ArrayDumper)
    # What is asked again and again is prepared in flights. (The driver would forget it all whenever it rolls back.)
    connection.prepare_threshold = None


def _postgres_checked_out(connection: Any, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """A connection that the database ended is replaced, with all others: restarts are survived. Its end has come by
    itself by then, so that there is no need to ask whether it still answers."""
    try:
        came = select.poll()
        came.register(connection.fileno(), select.POLLIN)
        while came.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError as ended:
        raise InvalidatePoolError("the database ended the connection") from ended


def _sqlite_connected(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # Transactions begin where we say, not where sqlite3 guesses.
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begins(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("doorstep_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: sa.Engine, *, one_snapshot: bool = False) -> Iterator[sa.Connection]:
    """A transaction that only reads; on PostgreSQL each statement of it is a snapshot of its own, unless asked."""
    with engine.connect() as connection:
        if one_snapshot and not _is_sqlite(connection):
            # As an option of the connection it is said along with BEGIN, and costs no statement of its own.
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that writes, committed at the end. SQLite has one writer at a time: it waits for its turn here."""
    with engine.connect().execution_options(doorstep_writes=True) as connection, connection.begin():
        yield connection


def damage(connection: sa.Connection) -> list[str]:
    """What SQLite itself finds wrong with its file, such as an index without rows that the table has; at most 100. Of
    PostgreSQL nothing is asked: `pg_amcheck` is for its administrator."""
    if not _is_sqlite(connection):
        return []
    found = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
    return [line for line in found if line != "ok"]


def writes_alone(connection: sa.Connection | sa.Engine) -> bool:
    """Whether nobody else writes while a transaction does: so on SQLite, from its beginning."""
    return _is_sqlite(connection)


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same transaction may well succeed when it is tried again."""
    if isinstance(error, IntegrityError):
        return True  # Somebody else's row came first: the next try finds it.
    state = getattr(error.orig, "sqlstate", None)
    return state in _RETRIED_SQLSTATES


def is_unavailable(error: SQLAlchemyError) -> bool:
    """Whether the database itself is away, full, busy or not set up: the client should come again later."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state[:2] in _UNAVAILABLE_CLASSES or state == _UNDEFINED_TABLE
    return isinstance(error, OperationalError) or error.connection_invalidated


def _is_sqlite(connection: sa.Connection | sa.Engine) -> bool:
    return connection.dialect.name == "sqlite"


def holds(connection: sa.Connection, column: sa.ColumnElement[bytes], part: bytes) -> sa.ColumnElement[bool]:
    """Whether bytes hold these."""
    wanted = sa.literal(part, sa.LargeBinary)
    return (sa.func.instr(column, wanted) if _is_sqlite(connection) else sa.func.position(wanted.op("IN")(column))) > 0


def owe_forgetting(connection: sa.Connection) -> None:
    """Notes, in a transaction that erases, that bytes are still to be overwritten. (PostgreSQL vacuums by itself.)

    SQLite's `user_version`, which is ours to use, counts the erasures of which they are; 0 where there are none."""
    if _is_sqlite(connection):
        connection.exec_driver_sql(f"PRAGMA user_version = {_owed(connection) + 1}")


def owes_forgetting(engine: sa.Engine) -> bool:
    """Whether an erasure's bytes were not overwritten yet, as far as that was noted."""
    with reading(engine) as connection:
        return _is_sqlite(connection) and _owed(connection) > 0


def _owed(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def forget(engine: sa.Engine) -> bool:
    """Writes the database's free space anew, so that nothing can be read there of what was erased; others go on
    meanwhile. Says whether it could be done: not while SQLite's file is too busy, or somebody reads it for longer than
    BUSY_TIMEOUT_S."""
    if engine.dialect.name != "sqlite":
        _outside_transactions(engine, "VACUUM record, edit_log")
        return True
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        try:
            (owed,) = cursor.execute("PRAGMA user_version").fetchone()
            cursor.execute("VACUUM")
            is_busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                _settle(cursor, owed)
        except sqlite3.OperationalError:
            return False
    return not is_busy


def _settle(cursor: DBAPICursor, owed: int) -> None:
    """Notes that nothing is owed any more, unless another erasure has come since."""
    cursor.execute("BEGIN IMMEDIATE")
    if cursor.execute("PRAGMA user_version").fetchone() == (owed,):
        cursor.execute("PRAGMA user_version = 0")
    cursor.execute("COMMIT")


def analyze(engine: sa.Engine) -> None:
    """Makes PostgreSQL's statistics anew, where all its rows are. (SQLite's plans are to depend on none.)"""
    if engine.dialect.name != "sqlite":
        _outside_transactions(engine, "ANALYZE")


def _outside_transactions(engine: sa.Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
