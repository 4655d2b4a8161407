"""Whoever changes the database behind the server's back is found out."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from server.administration import NotPossibleError
from server.keeping.backup import back_up
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


def test_an_index_lost_its_rows(county: County, home: str, tmp_path: Path) -> None:
    """The feed asks the index alone, and would pass over them."""
    if county.center.engine.dialect.name != "sqlite":
        pytest.skip("of PostgreSQL's indexes nothing is asked")
    with county.center.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        made = "SELECT sql FROM sqlite_schema WHERE name = 'placement_feed'"
        said = str(connection.exec_driver_sql(made).scalar())
        connection.exec_driver_sql(
            "UPDATE sqlite_schema SET sql = ? WHERE name = 'placement_feed'", (f"{said} WHERE 0",)
        )
    county.restart()
    with county.center.engine.begin() as connection:
        connection.exec_driver_sql("REINDEX placement_feed")
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("UPDATE sqlite_schema SET sql = ? WHERE name = 'placement_feed'", (said,))
    county.restart()
    assert "database file: row 1 missing from index placement_feed" in found(county)
    with pytest.raises(NotPossibleError, match="missing from index"):
        back_up(county.center, tmp_path / "county.backup")


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


def test_what_a_held_edit_waits_for_was_forgotten(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.held_wait))
    assert "it is held, and waits for nothing" in found(county)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("document", "{", "it is not what its edits make"),
        ("dots", "[", "its siblings are not what its edits make"),
        ("state", "{}", "its merge state is not what its edits make"),
        ("state", "{", "its merge state is not what its edits make"),
        ("made_at", "2026-01-01T00:00:00.000Z-0000", "it was made at another time than its edits say"),
        ("made_by", "somebody", "it was made by another than its edits say"),
    ],
)
@pytest.mark.parametrize("kind", ["household", "conflict"])
def test_a_row_was_changed(county: County, home: str, kind: str, column: str, value: str, words: str) -> None:
    record = tables.record.c
    with county.center.engine.begin() as connection:
        identity = connection.scalar(sa.select(record.id).where(record.type == kind))
    tamper(county, tables.record, record.id == identity, record.type == kind, **{column: value})
    assert f"{kind} {identity}: {words}" in found(county)


def test_what_an_older_release_kept_beside_the_siblings_is_no_difference(county: County, home: str) -> None:
    record = tables.record.c
    with county.center.engine.begin() as connection:
        state = json.loads(str(connection.scalar(sa.select(record.state).where(record.id == home))))
    for register in state["registers"].values():
        register[1] = ["00000000-0000-7000-8000-00000000000a"]
    tamper(county, tables.record, record.id == home, record.type == "household", state=json.dumps(state))
    assert county.differences() == []


def test_nulls_that_an_older_release_kept_within_values_are_no_difference(county: County, wang: Device) -> None:
    party = {"role": "applicant", "kind": "person", "name": "乙某"}
    home = wang.create("household", unit=GRID, location={"lat": "25.531234", "lon": "102.401234"})
    fence = wang.create("dispute", unit=GRID)
    wang.sync()
    wang.change("dispute", fence, over={"parties": [fence]}, parties=[party])
    wang.sync()

    def older(text: str | None) -> str | None:
        return text and text.replace('"102.401234"', '"102.401234","accuracy_m":null').replace(
            '"乙某"', '"乙某","phone":null'
        )

    with county.center.engine.begin() as connection:
        rows = connection.execute(sa.select(tables.record)).all()
    for row in rows:
        said = {"document": older(row.document), "state": older(row.state)}
        assert said["document"] != row.document
        tamper(county, tables.record, tables.record.c.id == row.id, **said)
    assert county.differences() == []

    wang.change("dispute", fence, over={"parties": [fence]}, parties=[party])
    wang.change("household", home, head_name="丙某")
    wang.sync()
    assert not wang.all("conflict")
    with county.center.engine.begin() as connection:
        assert not [each for each in connection.scalars(sa.select(tables.record.c.document)) if ":null" in each]


@pytest.mark.usefixtures("home")
def test_a_held_record_that_says_nothing(county: County) -> None:
    tamper(county, tables.record, tables.record.c.type == "held", document="{")
    assert "its held record says another outcome" in found(county)


def test_an_admitted_edit_that_is_none_any_more(county: County, home: str) -> None:
    """What else is found is told all the same."""
    log = tables.edit_log.c
    tamper(county, tables.edit_log, log.name == home, line=b"garbage")
    tamper(county, tables.edit_log, log.kind == "stray", line=b"harmless")
    told = found(county)
    assert f"edit {home}: it was admitted, and cannot be read" in told
    assert f"household {home}: it was changed, and no edit creates it" in told
    assert told.count("its bytes are not those that were received") == 2


def test_a_creation_was_taken_out(county: County, home: str) -> None:
    with county.center.engine.begin() as connection:
        connection.execute(sa.delete(tables.edit_log).where(tables.edit_log.c.name == home))
    told = found(county)
    assert "the chain breaks" in told
    assert f"household {home}: it was changed, and no edit creates it" in told
    assert f"household {home}: no edit made it" in told


@pytest.mark.usefixtures("home")
def test_a_line_that_erases_nothing(county: County) -> None:
    log = tables.edit_log.c
    tamper(county, tables.edit_log, log.kind == "stray", kind="erase")
    tamper(county, tables.edit_log, log.kind == "directory", kind="erase")
    assert found(county).count("it says that it erases, and not what") > 1


@pytest.mark.usefixtures("home")
def test_a_line_came_before_all_time(county: County) -> None:
    tamper(county, tables.edit_log, tables.edit_log.c.kind == "stray", receipt_ms=-1)
    assert found(county).count("the chain breaks") == 1


def test_damage_that_nobody_thought_of_hides_no_other(county: County, home: str) -> None:
    log = tables.edit_log.c
    with county.center.engine.begin() as connection:
        changed = connection.scalars(sa.select(log.name).where(log.record == home, log.name != home)).all()
    tamper(county, tables.edit_log, log.name == changed[0], stamp=None)
    tamper(county, tables.placement, tables.placement.c.record != home, revision=1)
    told = found(county)
    assert f"record {home}: the rest cannot be looked at" in told
    assert "it has another revision" in told


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
