"""Everything that differs between PostgreSQL and SQLite, and nothing else."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from server.settings import Settings

BUSY_TIMEOUT_S = 30
_RETRIED_SQLSTATES = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization_failure, deadlock_detected."""
_UNAVAILABLE_CLASSES = frozenset({"08", "40", "53", "55", "57", "58"})
"""PostgreSQL: connections, rolled back, resources, not in that state, operators, the system. What is missing here is
a fault of the statement's own, which would come again."""
_UNDEFINED_TABLE = "42P01"

_INDEX_ORDER = {"options": "-c enable_bitmapscan=off"}
"""PostgreSQL: with no statistics yet it may gather and sort a whole key's rows where an index gives the first few."""

Row = Mapping[str, Any]


def create_engine(settings: Settings) -> sa.Engine:
    """The engine of a database, with durable commits on both. What its errors say goes to the log, so it is without the
    values of a statement: they are people's."""
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            Path(url.database).touch(mode=0o600)  # People's data: for whoever runs the server, and nobody else.
        engine = sa.create_engine(
            url, connect_args={"timeout": BUSY_TIMEOUT_S}, pool_size=settings.pool_size, hide_parameters=True
        )
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
        return engine
    if url.get_backend_name() == "postgresql":
        # A connection that the database dropped is replaced before it is used: restarts are survived.
        return sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args=_INDEX_ORDER,
            hide_parameters=True,
        )
    raise ValueError(f"Doorstep runs on PostgreSQL and SQLite, not on {url.get_backend_name()}")


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


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def among(connection: sa.Connection, column: sa.ColumnElement[Any], values: Iterable[object]) -> sa.ColumnElement[bool]:
    """`column IN values` with one parameter, however many values."""
    wanted = list(values)
    if _is_sqlite(connection):
        return column.in_(sa.select(sa.func.json_each(_json(wanted)).table_valued("value").c.value))
    return column == sa.any_(sa.bindparam(None, wanted, type_=postgresql.ARRAY(column.type), unique=True))


def holds(connection: sa.Connection, column: sa.ColumnElement[bytes], part: bytes) -> sa.ColumnElement[bool]:
    """Whether bytes hold these."""
    wanted = sa.literal(part, sa.LargeBinary)
    return (sa.func.instr(column, wanted) if _is_sqlite(connection) else sa.func.position(wanted.op("IN")(column))) > 0


def _json(values: Sequence[object]) -> str:
    import json

    return json.dumps(values)


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts rows with one statement."""
    if rows:
        if _is_sqlite(connection):
            connection.execute(sa.insert(table), list(rows))
        else:
            columns, source = _arrays(table, rows)
            connection.execute(sa.insert(table).from_select(columns, source))


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, adding: bool = False) -> None:
    """Inserts rows, or overwrites those of the same primary key (or adds to them), with one statement."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    changing = [name for name in rows[0] if name not in keys]

    def written(given: Any) -> dict[str, Any]:
        return {name: table.c[name] + given[name] if adding else given[name] for name in changing}

    if _is_sqlite(connection):
        made = sqlite.insert(table)
        connection.execute(
            made.on_conflict_do_update(index_elements=keys, set_=written(made.excluded)),
            list(rows),
        )
    else:
        columns, source = _arrays(table, rows)
        insertion = postgresql.insert(table).from_select(columns, source)
        connection.execute(insertion.on_conflict_do_update(index_elements=keys, set_=written(insertion.excluded)))


def update(connection: sa.Connection, table: sa.Table, key: str, rows: Sequence[Row]) -> None:
    """Overwrites the other columns that the rows give in those with the same county and `key`, with one statement."""
    if not rows:
        return
    changing = [name for name in rows[0] if name not in ("county", key)]
    if _is_sqlite(connection):
        same = [table.c[name] == sa.bindparam(f"old_{name}") for name in ("county", key)]
        given = [{(name if name in changing else f"old_{name}"): row[name] for name in row} for row in rows]
        connection.execute(sa.update(table).where(*same).values({name: sa.bindparam(name) for name in changing}), given)
    else:
        _, selected = _arrays(table, rows)
        source = selected.subquery("given")
        same = [table.c[name] == source.c[name] for name in ("county", key)]
        connection.execute(sa.update(table).where(*same).values({name: source.c[name] for name in changing}))


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts the rows of which none of the same primary key is there, with one statement."""
    if not rows:
        return
    if _is_sqlite(connection):
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), list(rows))
    else:
        columns, source = _arrays(table, rows)
        connection.execute(postgresql.insert(table).from_select(columns, source).on_conflict_do_nothing())


_REACHED = {
    # Neither may walk through the table: one probe a name.
    "postgresql": """
        WITH RECURSIVE reached(name) AS (
            SELECT CAST(value AS uuid) FROM jsonb_array_elements_text(CAST(:names AS jsonb)) AS given(value)
            UNION
            SELECT n.named FROM reached, LATERAL (
                SELECT named FROM refused_name WHERE county = :county AND name = reached.name OFFSET 0
            ) AS n
        )
        SELECT name FROM reached
    """,
    "sqlite": """
        WITH RECURSIVE reached(name) AS (
            SELECT value FROM json_each(:names)
            UNION
            SELECT n.named FROM reached CROSS JOIN refused_name AS n ON n.county = :county AND n.name = reached.name
        )
        SELECT name FROM reached
    """,
}


def reached(connection: sa.Connection, county: str, names: Sequence[str]) -> sa.TextClause:
    """The names, and all that the refused edits among them name in turn."""
    return sa.text(_REACHED[connection.dialect.name]).bindparams(county=county, names=_json(names))


def _arrays(table: sa.Table, rows: Sequence[Row]) -> tuple[list[str], sa.Select[Any]]:
    """The rows as one array a column, unnested by the database: one statement and one parse for any number of rows."""
    columns = list(rows[0])
    arrays = [
        sa.bindparam(f"all_{name}", [row[name] for row in rows], type_=postgresql.ARRAY(table.c[name].type))
        for name in columns
    ]
    source = (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(name, table.c[name].type) for name in columns))
        .render_derived()
    )
    return columns, sa.select(*(source.c[name] for name in columns))


def forget(engine: sa.Engine) -> None:
    """Writes the database's free space anew, so that nothing can be read there of what was erased. Others go on
    meanwhile; where that cannot be done now (SQLite is too busy), it is left to the next time."""
    if engine.dialect.name == "sqlite":
        with closing(engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement).fetchall()
    else:
        _outside_transactions(engine, "VACUUM record, edit_log")


def analyze(engine: sa.Engine) -> None:
    """Makes PostgreSQL's statistics anew, where all its rows are. (SQLite's plans are to depend on none.)"""
    if engine.dialect.name != "sqlite":
        _outside_transactions(engine, "ANALYZE")


def _outside_transactions(engine: sa.Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


# The feed's building blocks. Both give, for each key with its own starting revision, its first rows in order of
# revision by one bounded index probe: a LATERAL join on PostgreSQL, the same said with a scalar bound on SQLite.

FEED_PROBES = {
    "postgresql": """
        SELECT k.part, k.turn, p.revision, p.type, p.record, p.gone
        FROM jsonb_to_recordset(CAST(:probes AS jsonb)) AS k(part integer, turn integer, key text, since bigint),
        LATERAL (
            SELECT revision, type, record, gone FROM placement
            WHERE county = :county AND key = k.key AND revision > k.since
            ORDER BY revision LIMIT :want
        ) AS p
    """,
    "sqlite": """
        SELECT k.value ->> 'part' AS part, k.value ->> 'turn' AS turn, p.revision, p.type, p.record, p.gone
        FROM json_each(:probes) AS k
        CROSS JOIN placement AS p ON p.county = :county AND p.key = k.value ->> 'key'
            AND p.revision > k.value ->> 'since'
            AND p.revision <= coalesce((
                SELECT q.revision FROM placement AS q
                WHERE q.county = :county AND q.key = k.value ->> 'key' AND q.revision > k.value ->> 'since'
                ORDER BY q.revision LIMIT 1 OFFSET :want - 1
            ), 9223372036854775807)
    """,
}
# A page's rows are few and their index is known: neither database may choose another way when its statistics are old.
# So the record is joined a row at a time, and the key's own index is kept out of the question (`h.key || ''`).
FEED_RECORD = {
    "postgresql": """
        LEFT JOIN LATERAL (
            SELECT gone, document, dots FROM record WHERE county = :county AND type = f.type AND id = f.record LIMIT 1
        ) AS r ON true
    """,
    "sqlite": "LEFT JOIN record AS r ON r.county = :county AND r.type = f.type AND r.id = f.record",
}
# What a row brings to a page: PostgreSQL knows it without reading the document, SQLite reads one after another.
FEED_BYTES = {
    "postgresql": """
        CASE WHEN coalesce(f.gone, r.gone) IS NULL
        THEN coalesce(octet_length(r.document), 0) + coalesce(octet_length(r.dots), 0) ELSE 0 END
    """,
    "sqlite": """
        CASE WHEN coalesce(f.gone, r.gone) IS NULL
        THEN coalesce(length(CAST(r.document AS BLOB)), 0) + coalesce(length(CAST(r.dots AS BLOB)), 0) ELSE 0 END
    """,
}
FEED_KEYS = {
    "postgresql": "jsonb_agg(h.key ORDER BY h.key)::text",
    "sqlite": "json_group_array(h.key)",
}
FEED_HELD = {
    "postgresql": "h.key || '' = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:held AS jsonb))))",
    "sqlite": "h.key || '' IN (SELECT value FROM json_each(:held))",
}

# The building blocks of lists and exports, by whether the scope is the whole county. Else its keys are probed one after
# another and each record by its own key: no statistics may make a database walk through what other scopes hold. On
# PostgreSQL each key gives a page's worth of rows at most.

_WHOLE_PAGE = """
    SELECT r.id, r.revision, r.made_at FROM record AS r
    WHERE r.county = :county AND r.type = :type AND r.gone IS NULL{bounds}{conditions}
    ORDER BY {order} LIMIT :rows
"""
LISTED_PAGE = {
    ("postgresql", True): _WHOLE_PAGE,
    ("sqlite", True): _WHOLE_PAGE,
    ("postgresql", False): """
        SELECT DISTINCT c.id, c.revision, c.made_at
        FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k(key), LATERAL (
            SELECT r.id, r.revision, r.made_at FROM placement AS p, LATERAL (
                SELECT id, type, revision, document, made_at FROM record
                WHERE county = :county AND type = :type AND id = p.record LIMIT 1
            ) AS r
            WHERE p.county = :county AND p.key = k.key AND p.type = :type AND p.gone IS NULL{bounds}{conditions}
            ORDER BY {order} LIMIT :rows
        ) AS c
        ORDER BY {outer} LIMIT :rows
    """,
    ("sqlite", False): """
        SELECT DISTINCT c.id, c.revision, c.made_at FROM (
            SELECT r.id, r.revision, r.made_at FROM json_each(:keys) AS k
            CROSS JOIN placement AS p
                ON p.county = :county AND p.key = k.value AND p.type = :type AND p.gone IS NULL{bounds}
            CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = p.record
            WHERE true{conditions}
        ) AS c
        ORDER BY {outer} LIMIT :rows
    """,
}
LISTED_DOCUMENTS = {
    "postgresql": """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by, f.found FROM ({found}) AS f, LATERAL (
            SELECT id, revision, document, made_at, made_by FROM record
            WHERE county = :county AND type = :type AND id = f.id LIMIT 1
        ) AS r
        ORDER BY {order}
    """,
    "sqlite": """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by, f.found FROM ({found}) AS f
        CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = f.id
        ORDER BY {order}
    """,
}
_WHOLLY = """
    SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM record AS r
    WHERE r.county = :county AND r.type = :type AND r.gone IS NULL{conditions}
    ORDER BY r.id
"""
LISTED_WHOLLY = {
    ("postgresql", True): _WHOLLY,
    ("sqlite", True): _WHOLLY,
    ("postgresql", False): """
        WITH mine AS MATERIALIZED (
            SELECT DISTINCT p.record FROM jsonb_array_elements_text(CAST(:keys AS jsonb)) AS k(key), LATERAL (
                SELECT record FROM placement
                WHERE county = :county AND key = k.key AND type = :type AND gone IS NULL
                ORDER BY revision OFFSET 0
            ) AS p ORDER BY p.record
        )
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM mine, LATERAL (
            SELECT id, type, revision, document, made_at, made_by FROM record
            WHERE county = :county AND type = :type AND id = mine.record LIMIT 1
        ) AS r
        WHERE true{conditions}
    """,
    ("sqlite", False): """
        SELECT r.id, r.revision, r.document, r.made_at, r.made_by FROM (
            SELECT DISTINCT p.record FROM json_each(:keys) AS k
            CROSS JOIN placement AS p ON p.county = :county AND p.key = k.value AND p.type = :type AND p.gone IS NULL
            ORDER BY p.record
        ) AS mine
        CROSS JOIN record AS r ON r.county = :county AND r.type = :type AND r.id = mine.record
        WHERE true{conditions}
    """,
}
# A member of a document as the JSON that it is written in, among these; and as text.
LISTED_MEMBER = {
    "postgresql": "CAST(CAST(r.document AS json) -> :{} AS text)"
    " = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:{} AS jsonb))))",
    "sqlite": "r.document -> :{} IN (SELECT value FROM json_each(:{}))",
}
LISTED_TEXT = {
    "postgresql": '(CAST(r.document AS json) ->> :moment) COLLATE "C"',
    "sqlite": "r.document ->> :moment",
}
RECORD_ID = {"postgresql": "CAST(:{} AS uuid)", "sqlite": ":{}"}
