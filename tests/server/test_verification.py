"""Whoever changes the database behind the server's back is found out."""

import pytest
import sqlalchemy as sa

from server.store import tables
from tests.support.county import GRID, NEXT_GRID, County
from tests.support.device import Device


@pytest.fixture(autouse=True)
def tampering(county: County) -> None:
    county.is_checked = False


@pytest.fixture
def home(county: County, wang: Device, li: Device) -> str:
    """A household with a conflict, a dispute with an entry, a refused, a held and a nameless line."""
    made = wang.create("household", unit=GRID)
    wang.create("entry", dispute=wang.create("dispute", unit=GRID))
    wang.create("household", unit="nowhere")
    wang.change("household", "00000000-0000-7000-8000-000000000000", head_name="丁某")
    wang.sync()
    li.sync()
    li.push([b"garbage"])
    wang.change("household", made, head_name="甲某")
    li.change("household", made, head_name="乙某")
    wang.sync()
    li.sync()
    assert county.differences() == []
    return made


def tamper(county: County, table: sa.Table, *conditions: sa.ColumnElement[bool], **values: object) -> None:
    with county.center.engine.begin() as connection:
        changed = connection.execute(sa.update(table).where(*conditions).values(**values))
        assert changed.rowcount > 0


def found(county: County) -> str:
    return "\n".join(county.differences())


def test_a_document_was_changed(county: County, home: str) -> None:
    record = tables.record.c
    tamper(county, tables.record, record.id == home, record.type == "household", document='{"address":"东"}')
    assert f"household {home}: it is not what its edits make" in found(county)


def test_siblings_were_changed(county: County, home: str) -> None:
    record = tables.record.c
    tamper(county, tables.record, record.id == home, record.type == "household", dots=None)
    assert f"household {home}: its siblings are not what its edits make" in found(county)


def test_a_conflict_was_hidden(county: County, home: str) -> None:
    tamper(county, tables.record, tables.record.c.type == "conflict", gone="ended")
    assert "its edits make it, and it is not there" in found(county)


def test_a_record_was_put_in(county: County, home: str) -> None:
    stranger = "00000000-0000-7000-8000-00000000000a"
    with county.center.engine.begin() as connection:
        row = dict(connection.execute(sa.select(tables.record).where(tables.record.c.id == home)).mappings().one())
        connection.execute(sa.insert(tables.record).values(row | {"id": stranger}))
    assert f"household {stranger}: no edit made it" in found(county)


def test_the_log_was_changed(county: County, home: str) -> None:
    log = tables.edit_log.c
    with county.center.engine.begin() as connection:
        line, revision = connection.execute(
            sa.select(log.line, log.revision).where(log.name == home, log.kind == "edit")
        ).one()
    tamper(county, tables.edit_log, log.revision == revision, line=line.replace(b"3", b"4"))
    assert f"log line {revision}: its bytes are not those that were received" in found(county)


def test_a_stray_line_was_changed(county: County, home: str) -> None:
    tamper(county, tables.edit_log, tables.edit_log.c.kind == "stray", line=b"harmless")
    assert "its bytes are not those that were received" in found(county)


@pytest.mark.parametrize(("column", "value"), [("receipt_ms", 1), ("digest", bytes(32)), ("head", bytes(32))])
def test_the_chain_was_broken(county: County, home: str, column: str, value: object) -> None:
    log = tables.edit_log.c
    tamper(county, tables.edit_log, log.name == home, **{column: value})
    assert "the chain breaks" in found(county)


def test_a_line_was_taken_out(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.edit_log).where(tables.edit_log.c.kind == "stray"))
    assert "the chain breaks" in found(county)


def test_the_last_line_was_taken_out(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        last = connection.scalar(sa.select(sa.func.max(tables.edit_log.c.revision)))
        connection.execute(sa.delete(tables.edit_log).where(tables.edit_log.c.revision == last))
    assert "county: its head is not that of log line" in found(county)


def test_the_counter_was_set_back(county: County, home: str) -> None:
    tamper(county, tables.county, revision=1)
    assert "county: its counter is behind the log" in found(county)


def test_a_placement_was_taken_out(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.placement).where(tables.placement.c.record == home))
    assert f"household {home}: it stands elsewhere than its record says" in found(county)


def test_a_placement_was_put_elsewhere(county: County, home: str) -> None:
    tamper(county, tables.placement, tables.placement.c.record == home, key=f"unit:{NEXT_GRID}")
    assert f"household {home}: it stands elsewhere than its record says" in found(county)


def test_a_placement_has_another_revision(county: County, home: str) -> None:
    tamper(county, tables.placement, tables.placement.c.record == home, revision=1)
    assert f"household {home}: under unit:{GRID} it has another revision" in found(county)


def test_an_outcome_was_changed(county: County, home: str) -> None:
    tamper(county, tables.edit_log, tables.edit_log.c.result == "held", result="refused")
    assert "its held record says another outcome" in found(county)
    tamper(county, tables.edit_log, tables.edit_log.c.result == "refused", result=None)
    assert "it has no outcome" in found(county)


def test_a_held_edit_was_hidden(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.record).where(tables.record.c.type == "held"))
    assert "it is held, and nobody can see it" in found(county)


def test_a_refused_edit_in_between_still_covers_what_it_named(county: County, wang: Device, li: Device) -> None:
    """The log tells it as the push did: naming a refused edit covers what that one named."""
    home = wang.create("household", unit=GRID, head_name="甲某")
    wang.sync()
    li.sync()
    kept = wang.change("household", home, head_name="乙某")
    wang.change("household", home, head_name="丙" * 999)
    last = wang.change("household", home, head_name="丁某")
    assert [each["result"] for each in wang.sync().outcomes] == ["refused"]
    assert wang.rows["household", home]["dots"] == {"head_name": [last]}
    assert kept
    assert county.differences() == []
