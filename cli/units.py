"""`doorstep unit`: the tree of county, townships, villages and grids."""

import click

from cli.answers import Answer, answering, listed
from cli.center import opened


@click.group()
def unit() -> None:
    """辖区。 Units: county, townships, villages, grids."""


@unit.command("add")
@click.argument("code")
@click.argument("name")
@click.option("--parent", required=True, metavar="CODE", help="上级辖区。 The unit above it.")
@answering
def add(code: str, name: str, parent: str) -> Answer:
    """添加辖区。 Add a unit under another."""
    with opened() as center:
        from server import administration

        made = administration.add_unit(center, code, name, parent)
    return Answer(made, f"已添加 {made['name']} ({code}) · Added {made['name']} ({code})")


@unit.command("list")
@answering
def list_units() -> Answer:
    """列出辖区。 List every unit, with the one above it."""
    with opened() as center:
        from server import administration

        found = administration.units(center)
    return listed(found, {"code": "编码 Code", "name": "名称 Name", "parent": "上级 Parent"})


@unit.command("move")
@click.argument("code")
@click.option("--parent", required=True, metavar="CODE", help="新的上级辖区。 The unit that it comes under.")
@answering
def move(code: str, parent: str) -> Answer:
    """划转辖区。 Put a unit, with all under it, under another one from now on."""
    with opened() as center:
        from server import administration

        made = administration.move_unit(center, code, parent)
    return Answer(made, f"已将 {code} 划入 {parent} · {code} stands under {parent}")
