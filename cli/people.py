"""`doorstep person`: people, and what they are assigned to."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from cli.answers import Answer, answering, counted, listed
from cli.center import opened
from cli.county_time import CountyTime

if TYPE_CHECKING:
    from server.administration import Period

ROLES = "grid_worker, mediator, village_staff, township_staff, county_staff, admin"
DAY = click.DateTime(["%Y-%m-%d"])

first_day = click.option("--from", "first", type=DAY, metavar="DATE", help="第一天。 The first day; now if left out.")
last_day = click.option("--until", "last", type=DAY, metavar="DATE", help="最后一天。 The last day; open if left out.")


@click.group()
def person() -> None:
    """人员。 People and their assignments."""


def _period(first: datetime | None, last: datetime | None) -> "Period":
    from server.administration import Period

    return Period(first and first.date(), last and last.date())


@person.command("add")
@click.option("--name", required=True, help="姓名。 The person's name.")
@click.option("--role", required=True, help=f"角色。 One of {ROLES}.")
@click.option("--unit", required=True, metavar="CODE", help="任职辖区。 Where they work.")
@first_day
@last_day
@click.option("--id", "identity", metavar="ID", help="编号。 Re-creates a person whom a restore lost.")
@answering
def add(name: str, role: str, unit: str, first: datetime | None, last: datetime | None, identity: str | None) -> Answer:
    """添加人员。 Add a person with a first assignment."""
    with opened() as center:
        from server import administration

        made = administration.add_person(center, name, role, unit, _period(first, last), identity)
    return Answer(made, f"已添加 {made['name']}，编号 {made['id']} · Added {made['name']}, id {made['id']}")


@person.command("list")
@answering
def list_people() -> Answer:
    """列出人员。 List everybody with their assignments."""
    with opened() as center:
        from server import administration

        found, time = administration.people(center), CountyTime.of(center)
    return time.listed(found, {"id": "编号 Id", "name": "姓名 Name", "assignments": "任职 Assignments"})


@person.command("assign")
@click.argument("who", metavar="PERSON")
@click.option("--unit", required=True, metavar="CODE", help="辖区。 The unit.")
@click.option("--role", help="角色，默认为其唯一角色。 The role; the one they have, if left out.")
@first_day
@last_day
@answering
def assign(who: str, unit: str, role: str | None, first: datetime | None, last: datetime | None) -> Answer:
    """增加任职。 Give a person another assignment."""
    with opened() as center:
        from server import administration

        made = administration.assign(center, who, unit, role, _period(first, last))
    return Answer(made, f"已任职 {unit} ({made['role']}) · Assigned to {unit} ({made['role']})")


@person.command("unassign")
@click.argument("who", metavar="PERSON")
@click.option("--unit", required=True, metavar="CODE", help="辖区。 The unit.")
@click.option("--role", help="角色，默认全部。 The role; all of them, if left out.")
@click.option(
    "--from", "first", type=DAY, metavar="DATE", help="从这天起结束，即 --until 的次日。 It ends from this day on."
)
@click.option("--until", "last", type=DAY, metavar="DATE", help="最后一天。 The last day; a past one counts as now.")
@answering
def unassign(who: str, unit: str, role: str | None, first: datetime | None, last: datetime | None) -> Answer:
    """结束任职。 End a person's assignments at a unit."""
    with opened() as center:
        from server import administration

        made = administration.unassign(center, who, unit, _period(first, last), role)
        end = CountyTime.of(center).said(made["until"])
    return Answer(made, f"在 {unit} 的任职到 {end} 为止 · Assigned to {unit} until {end}")


@person.command("disable")
@click.argument("who", metavar="PERSON")
@click.option("--reason", help="原因，记入日志。 Why; it is kept in the log.")
@answering
def disable(who: str, reason: str | None) -> Answer:
    """停用人员。 End all that a person may do, and revoke their tablets; what they did before stays."""
    with opened() as center:
        from server import administration

        made = administration.disable(center, who, reason)
    cases = listed(made.cases, {"dispute": "纠纷 Dispute", "unit": "辖区 Unit", "status": "状态 Status"})
    ended = made.assignments + made.memberships
    said = (
        f"已停用 {who}：结束任职和成员 {ended} 项，停用平板 {made.tablets} 台，作废注册码 {made.codes} 个\n"
        f"{who} is disabled: {counted(ended, 'assignment or membership', 'assignments and memberships')} ended, "
        f"{counted(made.tablets, 'tablet', 'tablets')} revoked, {counted(made.codes, 'code', 'codes')} void"
    )
    to_give = "待改派的案件 Cases to be assigned to somebody else:"
    return Answer(made.values(), "\n".join([said, *([to_give, cases.text] if made.cases else [])]))
