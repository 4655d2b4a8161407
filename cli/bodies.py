"""`doorstep body`: committees and departments, to which disputes are assigned."""

import click

from cli.answers import Answer, answering, listed
from cli.center import opened


@click.group()
def body() -> None:
    """组织。 Bodies: mediation committees, departments."""


@body.command("add")
@click.option("--name", required=True, help="名称。 Its name.")
@click.option("--unit", required=True, metavar="CODE", help="所属辖区。 The unit that it belongs to.")
@answering
def add(name: str, unit: str) -> Answer:
    """添加组织。 Add a body at a unit."""
    with opened() as center:
        from server import administration

        made = administration.add_body(center, name, unit)
    return Answer(made, f"已添加 {made['name']}，编号 {made['id']} · Added {made['name']}, id {made['id']}")


@body.command("list")
@answering
def list_bodies() -> Answer:
    """列出组织。 List every body with its members."""
    with opened() as center:
        from server import administration

        found = administration.bodies(center)
    return listed(found, {"id": "编号 Id", "name": "名称 Name", "unit": "辖区 Unit", "members": "成员 Members"})


@body.command("join")
@click.argument("which", metavar="BODY")
@click.argument("who", metavar="PERSON")
@answering
def join(which: str, who: str) -> Answer:
    """加入组织。 Make a person a member, from now on."""
    with opened() as center:
        from server import administration

        made = administration.join(center, which, who)
    return Answer(made, f"{who} 已加入 {which} · {who} is a member of {which}")


@body.command("leave")
@click.argument("which", metavar="BODY")
@click.argument("who", metavar="PERSON")
@answering
def leave(which: str, who: str) -> Answer:
    """退出组织。 End a membership now."""
    with opened() as center:
        from server import administration

        made = administration.leave(center, which, who)
    return Answer(made, f"{who} 已退出 {which} · {who} has left {which}")
