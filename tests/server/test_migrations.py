"""Migrations are what they were when they were released: whatever the code does since, an old database is brought to
the same tables with the same rows."""

import ast
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from server.settings import Settings
from server.store import dialect, schema

COUNTY = "990101"
VERSIONS = sorted((Path(__file__).parents[2] / "server/store/migrations/versions").glob("[0-9]*.py"))
OWN = {"schemas", "sync", "server", "client_sdk", "cli", "demo"}


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = dialect.create_engine(Settings(database_url))
    yield engine
    engine.dispose()


def upgrade(engine: sa.Engine, version: str) -> None:
    with dialect.writing(engine) as connection:
        command.upgrade(schema.config(connection), version)


def put(engine: sa.Engine, table: str, *rows: dict[str, object]) -> None:
    with dialect.writing(engine) as connection:
        made = sa.Table(table, sa.MetaData(), autoload_with=connection)
        connection.execute(sa.insert(made), list(rows))


def rows(engine: sa.Engine, table: str) -> list[dict[str, object]]:
    with dialect.reading(engine) as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        return [dict(row) for row in connection.execute(sa.select(found)).mappings()]


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_they_need_no_code_that_may_change(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            assert OWN.isdisjoint(name.partition(".")[0] for name in named)


def test_they_make_the_tables_that_the_code_knows(engine: sa.Engine) -> None:
    upgrade(engine, "head")
    known = sa.MetaData()
    for table in [table for each in schema.METADATA for table in each.sorted_tables]:
        table.to_metadata(known)
    with dialect.writing(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), known) == []


@pytest.mark.parametrize("file", VERSIONS[:-1], ids=lambda file: file.stem)
def test_tables_of_later_steps_are_made_anew(engine: sa.Engine, database_url: str, file: Path) -> None:
    """PostgreSQL leaves them there, where a release that does not know them restores its backup."""
    upgrade(engine, file.stem[:4])
    with dialect.writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE others (county INTEGER)"))
        for made in schema.METADATA:
            made.create_all(connection)
    schema.migrate(database_url)
    with dialect.writing(engine) as connection:
        known = {table.name for each in schema.METADATA for table in each.sorted_tables}
        assert {*known, "others", "alembic_version"} == set(sa.inspect(connection).get_table_names())
        assert schema.is_current(connection)


def test_tables_of_another_program_stay_where_a_county_is_made(engine: sa.Engine, database_url: str) -> None:
    with dialect.writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE counter (number INTEGER)"))
        connection.execute(sa.text("INSERT INTO counter VALUES (7)"))
    with pytest.raises(sa.exc.DBAPIError, match="already exists"):
        schema.migrate(database_url)
    assert rows(engine, "counter") == [{"number": 7}]
    with dialect.reading(engine) as connection:
        assert sa.inspect(connection).get_table_names() == ["counter"]


def name(number: int) -> str:
    return f"01930000-0000-7000-8000-{number:012d}"


def refused(number: int, line: dict[str, object] | None, record: str | None = None) -> dict[str, object]:
    """A logged edit that was refused; an erased one without a line."""
    written = b"" if line is None else json.dumps({"edit": name(number), **line}).encode()
    row = {"county": COUNTY, "revision": number, "kind": "edit", "name": uuid.UUID(name(number)), "line": written}
    row |= {"record": None if record is None else uuid.UUID(record), "result": "refused"}
    return row | {"digest": bytes([number]), "receipt_ms": 0, "head": b""}


def test_what_refused_edits_named_is_read_from_their_lines(engine: sa.Engine) -> None:
    upgrade(engine, "0004")
    sqlite = engine.dialect.name == "sqlite"
    lines = [
        refused(1, {"do": "change", "type": "dispute", "over": {"title": [name(20)], "unit": [name(21), name(20)]}}),
        refused(2, {"do": "change", "type": "nothing", "over": {"x": [name(22)]}}),
        refused(3, {"do": "change", "type": "dispute", "over": {"title": [name(23), "no name"]}}),
        refused(4, {"do": "change", "type": "dispute", "over": {"title": name(24)}}),
        refused(5, {"do": "create", "type": "dispute", "mends": name(25), "over": {"title": [name(26)]}}),
        refused(6, {"do": "create", "type": "dispute", "mends": name(27)}, record=name(28)),
        refused(7, {"do": "create", "type": "dispute", "mends": name(29)}, record=name(7)),
        refused(8, {"do": "change", "type": "dispute", "over": {"title": [name(each) for each in range(100, 601)]}}),
        refused(9, None),
        refused(10, {"do": "create", "type": "dispute", "mends": 7}),
        refused(11, {"do": "change", "type": "dispute", "over": None}),
        {**refused(12, {"do": "change", "over": {"title": [name(30)]}}), "result": "applied"},
    ]
    for line in lines:
        if sqlite:
            line |= {member: line[member] and str(line[member]) for member in ("name", "record")}
    put(engine, "edit_log", *lines)
    upgrade(engine, "0005")
    named = {(str(row["name"]), str(row["named"])) for row in rows(engine, "refused_name")}
    assert named == {(name(one), name(other)) for one, other in ((1, 20), (1, 21), (2, 22), (5, 25), (7, 29))}


def test_columns_that_go_leave_their_rows(engine: sa.Engine) -> None:
    upgrade(engine, "0006")
    target = {"county": COUNTY, "url": "https://center.example", "secret": "whsec_", "taken_revision": 7}
    source = {"county": COUNTY, "source": "990102", "name": None, "secret": "whsec_"}
    status = {"county": COUNTY, "source": "990102", "day": "2026-11-21", "version": 7, "received_ms": 1}
    status |= {"units": "[]", "counters": "[]"}
    put(engine, "center_target", target | {"taken_day": "", "place": 0, "added_ms": 1})
    put(engine, "center_source", source | {"accepted_ms": 1})
    put(engine, "center_status", status | {"message": "msg_1"})
    upgrade(engine, "0007")
    assert rows(engine, "center_target")[0].items() >= target.items()
    assert rows(engine, "center_source") == [source]
    assert rows(engine, "center_status") == [status]


def test_centers_are_told_the_revision_itself_until_a_restore(engine: sa.Engine) -> None:
    upgrade(engine, "0007")
    target = {"county": COUNTY, "url": "https://center.example", "secret": "whsec_", "taken_revision": 7}
    put(engine, "center_target", target | {"taken_day": "", "place": 0})
    upgrade(engine, "0008")
    assert rows(engine, "center_target")[0]["ahead"] == 0
