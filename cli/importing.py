"""`doorstep import`: a county's units, people and households from tables."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.answers import Answer, answering
from cli.center import opened

if TYPE_CHECKING:
    from cli.sheets import Column, Read
    from server.administration import Difference, Fault, Imported

LISTED_MAX = 100
"""How many bad rows and differences people are shown; the JSON object has them all."""

file_argument = click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
)
dry_option = click.option("--dry-run", is_flag=True, help="只检查，不写入。 Only look; change nothing.")
skip_option = click.option(
    "--skip-bad", is_flag=True, help="跳过有误的行。 Load the good rows all the same, and list the bad ones."
)


@click.group("import")
def import_() -> None:
    """导入。 Units, people and households from .csv, .txt or .xlsx files.

    While a row is bad nothing is loaded, unless --skip-bad. What is known already adds nothing."""


@import_.command()
@file_argument
@dry_option
@skip_option
@answering
def units(path: Path, dry_run: bool, skip_bad: bool) -> Answer:
    """导入辖区。 Units: code, name, parent. A parent may come later in the file."""
    with opened() as center:
        from cli.sheets import Column, read
        from server.administration import Asked, import_units

        table = read(path, [Column("code", "编码", "Code", needed=True), Column("name", "名称", "Name", needed=True),
                            Column("parent", "上级", "Parent", needed=True)])  # fmt: skip
        done = import_units(center, table.sheet, Asked(dry_run, skip_bad))
    return _answer(path, table, done, dry_run=dry_run, skip_bad=skip_bad)


@import_.command()
@file_argument
@dry_option
@skip_option
@answering
def people(path: Path, dry_run: bool, skip_bad: bool) -> Answer:
    """导入人员。 People: id, name, role, unit, and if need be from and until. A second assignment is a second row."""
    with opened() as center:
        from cli.sheets import Column, read
        from server.administration import Asked, import_people

        columns = [
            Column("id", "编号", "Id", needed=True),
            Column("name", "姓名", "Name", needed=True),
            Column("role", "角色", "Role", needed=True),
            Column("unit", "辖区", "Unit", needed=True),
            Column("from", "起始", "From"),
            Column("until", "截止", "Until"),
        ]
        table = read(path, columns)
        done = import_people(center, table.sheet, Asked(dry_run, skip_bad))
    return _answer(path, table, done, dry_run=dry_run, skip_bad=skip_bad)


@import_.command()
@file_argument
@click.option("--by", required=True, metavar="PERSON", help="以谁的名义。 Who writes them, with their rights.")
@dry_option
@skip_option
@answering
def households(path: Path, by: str, dry_run: bool, skip_bad: bool) -> Answer:
    """导入户。 Households: unit, address, and if need be door_no, head_name, phone, people_count, service_needs,
    notice_version, notice_at, notes."""
    with opened() as center:
        from cli.sheets import read
        from server.administration import Asked, import_households

        table = read(path, _household_columns())
        done = import_households(center, table.sheet, Asked(dry_run, skip_bad), by)
    return _answer(path, table, done, dry_run=dry_run, skip_bad=skip_bad)


def _household_columns() -> "list[Column]":
    from cli.sheets import Column
    from schemas.catalog import CATALOG
    from server.administration import HOUSEHOLD_COLUMNS

    fields = CATALOG.types["household"].fields
    return [Column(name, fields[name].zh, fields[name].en, fields[name].required) for name in HOUSEHOLD_COLUMNS]


def _answer(path: Path, table: "Read", done: "Imported", *, dry_run: bool, skip_bad: bool) -> Answer:
    values = {"file": path.name, "dry_run": dry_run, **done.values(), "ignored_columns": list(table.ignored)}
    return Answer(values, "\n".join(_said(table, done, dry_run=dry_run)), good=skip_bad or not done.faults)


def _said(table: "Read", done: "Imported", *, dry_run: bool) -> list[str]:
    told = []
    if table.ignored:
        told.append(f"未使用的列 Columns not used: {'、'.join(table.ignored)}")
    told += _listed(map(_fault, done.faults))
    told += _listed(f"提醒 Warning: {_fault(each)}" for each in done.warnings)
    told += _listed(_difference(each, loaded=done.loaded) for each in done.differences)
    return [*told, _summary(done, dry_run=dry_run)]


def _fault(each: "Fault") -> str:
    return f"第 {each.row} 行 Row {each.row}{f' [{each.column}]' if each.column else ''}: {each.zh} · {each.en}"


def _difference(each: "Difference", *, loaded: bool) -> str:
    if not each.applied:
        words = "与已有内容不同，未改动 · it is otherwise here, and was left alone"
    else:
        words = "已更新 · brought up to date" if loaded else "将更新 · to be brought up to date"
    return f"第 {each.row} 行 Row {each.row} [{each.column}] {each.id}: {words}"


def _listed(lines: Iterable[str]) -> list[str]:
    """The first ones, and how many more there are."""
    found = list(lines)
    more = len(found) - LISTED_MAX
    return found if more <= 0 else [*found[:LISTED_MAX], f"…… 另有 {more} 行，见 --json · {more} more, see --json"]


def _summary(done: "Imported", *, dry_run: bool) -> str:
    known = f"已有 {done.same} 行" if done.same else ""
    bad = f"有误 {done.bad_rows} 行" if done.faults else ""
    zh = "，".join(filter(None, [f"新增 {done.added} 行", known, bad]))
    en = ", ".join(
        filter(
            None,
            [
                f"{done.added} added" if done.loaded else f"{done.added} to be added",
                f"{done.same} known already" if done.same else "",
                f"{done.bad_rows} bad" if done.faults else "",
            ],
        )
    )
    if done.loaded:
        return f"{zh} · {en}"
    if dry_run:
        return f"试运行，未写入：{zh} · Nothing was written: {en}"
    return f"未写入（改正后重试，或用 --skip-bad）：{zh} · Nothing was loaded (mend them, or use --skip-bad): {en}"
