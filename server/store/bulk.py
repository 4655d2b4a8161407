"""Many values or rows with one statement, on PostgreSQL and on SQLite.

Statements are made once and kept: making one anew costs more than running it. So whatever differs between two calls is
a parameter, also the values that are asked for.
"""

import json
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from server.store.arrays import Elements
from server.store.flight import Sender

Row = Mapping[str, Any]


class Many(sa.types.UserDefinedType[Sequence[object]]):
    """Values of a column as one parameter: an array on PostgreSQL, JSON on SQLite."""

    cache_ok = True

    def __init__(self, column: sa.types.TypeEngine[Any]) -> None:
        self.column = column

    def bind_processor(self, dialect: Dialect) -> Callable[[Iterable[object] | None], object]:
        made = json.dumps if dialect.name == "sqlite" else Elements.of(self.column).array
        return lambda values: made(list(values or ()))


class Among(FunctionElement[bool]):
    """Whether a column's value is one of many."""

    type = sa.Boolean()
    inherit_cache = True
    _is_implicitly_boolean = True  # Else SQLite would be asked whether it is 1, and use no index.


def among(column: sa.ColumnElement[Any], values: str | Iterable[object]) -> Among:
    """`column IN values` with one parameter, however many values: the values themselves, or the parameter's name."""
    if isinstance(values, str):
        return Among(column, sa.bindparam(values, type_=Many(column.type)))
    return Among(column, sa.bindparam(None, list(values), type_=Many(column.type), unique=True))


_ANY = "({} = ANY (CAST({} AS {}[])))"


@compiles(Among, "postgresql")
def _any(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    kind = compiler.dialect.type_compiler_instance.process(column.type)
    return _ANY.format(compiler.process(column, **options), compiler.process(values, **options), kind)


_IN = "({} IN (SELECT value FROM json_each({})))"


@compiles(Among, "sqlite")
def _in(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return _IN.format(column, values)


def insert(sender: Sender, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts rows."""
    _write(sender, _insertion, table, rows)


def insert_missing(sender: Sender, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts the rows of which none of the same primary key is there."""
    _write(sender, _insertion_of_missing, table, rows)


def upsert(sender: Sender, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts rows, or overwrites those of the same primary key."""
    _write(sender, _overwriting, table, rows)


def add(sender: Sender, table: sa.Table, rows: Sequence[Row]) -> None:
    """Inserts rows, or adds their values to those of the same primary key."""
    _write(sender, _adding, table, rows)


def update(sender: Sender, table: sa.Table, key: str, rows: Sequence[Row]) -> None:
    """Overwrites the other columns that the rows give in those with the same county and `key`."""
    if not rows:
        return
    columns = tuple(rows[0])
    if sender.dialect.name == "sqlite":
        # As parameters, columns that are looked for must not be called as those that are set.
        rows = [{**row, "same_county": row["county"], "same_key": row[key]} for row in rows]
    _run(sender, _update(sender.dialect.name, table, key, columns), columns, rows)


def _write(sender: Sender, writing: Any, table: sa.Table, rows: Sequence[Row]) -> None:
    if rows:
        columns = tuple(rows[0])
        _run(sender, writing(sender.dialect.name, table, columns), columns, rows)


def _run(sender: Sender, statement: Any, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    if sender.dialect.name == "sqlite":
        sender.execute(statement, list(rows))
    else:
        arrays = {f"all_{name}": [row[name] for row in rows] for name in columns if name != "county"}
        sender.execute(statement, {"same_county": rows[0]["county"], **arrays})


# Statements by database, table and columns. PostgreSQL takes the rows as one array a column; all are of one county.


@cache
def _insertion(database: str, table: sa.Table, columns: tuple[str, ...]) -> Any:
    if database == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table).from_select(columns, _given(table, columns))


@cache
def _insertion_of_missing(database: str, table: sa.Table, columns: tuple[str, ...]) -> Any:
    return _insertion(database, table, columns).on_conflict_do_nothing()


@cache
def _overwriting(database: str, table: sa.Table, columns: tuple[str, ...]) -> Any:
    return _or_else(database, table, columns, lambda _, given: given)


@cache
def _adding(database: str, table: sa.Table, columns: tuple[str, ...]) -> Any:
    return _or_else(database, table, columns, operator.add)


def _or_else(database: str, table: sa.Table, columns: tuple[str, ...], becomes: Callable[[Any, Any], Any]) -> Any:
    """An insertion that makes another value of what is there and what is given, where the primary key is there."""
    made = _insertion(database, table, columns)
    keys = [column.name for column in table.primary_key]
    written = {name: becomes(table.c[name], made.excluded[name]) for name in columns if name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=written)


@cache
def _update(database: str, table: sa.Table, key: str, columns: tuple[str, ...]) -> Any:
    changing = [name for name in columns if name not in ("county", key)]
    if database == "sqlite":
        same = table.c.county == sa.bindparam("same_county"), table.c[key] == sa.bindparam("same_key")
        return sa.update(table).where(*same).values({name: sa.bindparam(name) for name in changing})
    given = _given(table, columns).subquery("given")
    same = table.c.county == given.c.county, table.c[key] == given.c[key]
    return sa.update(table).where(*same).values({name: given.c[name] for name in changing})


def _given(table: sa.Table, columns: tuple[str, ...]) -> sa.Select[Any]:
    told = [name for name in columns if name != "county"]
    kinds = {name: table.c[name].type for name in told}
    arrays = [
        sa.cast(sa.bindparam(f"all_{name}", type_=Many(kind)), postgresql.ARRAY(kind)) for name, kind in kinds.items()
    ]
    source = (
        sa.func.unnest(*arrays).table_valued(*(sa.column(name, kind) for name, kind in kinds.items())).render_derived()
    )
    county = sa.cast(sa.bindparam("same_county"), sa.Text).label("county")
    return sa.select(*(county if name == "county" else source.c[name] for name in columns))
