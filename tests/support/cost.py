"""What a question costs a database: the rows that it looks at, by its own account, and its plan."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tests.support.county import County

STEPS_PER_ROW = 400
"""Instructions of SQLite's machine for one row of a page, generously."""
STEPS_AT_ONCE = 100

Ask = Callable[[sa.Connection], int]
"""Asks something, and says how many rows came."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters, as the driver gets them."""

    text: str
    parameters: Any


@contextmanager
def observed(county: County) -> Iterator[list[Statement]]:
    """The statements of the block."""
    said: list[Statement] = []

    def listen(_connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        said.append(Statement(text, parameters))

    sa.event.listen(county.center.engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        sa.event.remove(county.center.engine, "before_cursor_execute", listen)


def asked(county: County, ask: Ask, expected: int) -> Statement:
    """The last statement of a question that so many rows answer."""
    with county.center.engine.connect() as connection, observed(county) as said:
        assert ask(connection) == expected
    return said[-1]


def rows_read(county: County, ask: Ask, expected: int) -> int:
    """How many rows the database looked at for the last statement of a question."""
    return rows_of(county, asked(county, ask, expected))


def rows_of(county: County, statement: Statement) -> int:
    """How many rows the database looks at for a statement. SQLite says no numbers of rows: there the work is counted in
    its machine's steps."""
    with county.center.engine.connect() as connection:
        if county.center.engine.dialect.name == "sqlite":
            return _steps(connection, statement) // STEPS_PER_ROW
        text = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}"
        return scanned(connection.exec_driver_sql(text, statement.parameters).scalar_one()[0]["Plan"])


def sqlite_plan(county: County, statement: Statement) -> list[str]:
    """What SQLite is going to do for a statement, in its own words."""
    with county.center.engine.connect() as connection:
        text = f"EXPLAIN QUERY PLAN {statement.text}"
        return [row[3] for row in connection.exec_driver_sql(text, statement.parameters)]


def scanned(node: dict[str, Any]) -> int:
    """Rows that the scans of stored tables in PostgreSQL's plan looked at, those that a filter then left out too."""
    inner = sum(scanned(each) for each in node.get("Plans", []))
    if "Relation Name" not in node:
        return inner
    left_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return inner + int((node["Actual Rows"] + left_out) * node["Actual Loops"])


def _steps(connection: sa.Connection, statement: Statement) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.set_progress_handler(count, STEPS_AT_ONCE)
    try:
        connection.exec_driver_sql(statement.text, statement.parameters).all()
    finally:
        driver.set_progress_handler(None, 0)
    return counted * STEPS_AT_ONCE
