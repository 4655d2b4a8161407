"""`doorstep init`, `doorstep verify` and `doorstep recount`."""

import click

from cli.answers import Answer, WrongUseError, answering, counted
from cli.center import opened
from schemas.codes import CODES


@click.command()
@click.option("--county", "code", metavar="CODE", help="县的编码。 The county's code: 990101.")
@click.option("--name", help="县名。 Its name.")
@click.option("--demo", is_flag=True, help="建立示例县，内容均为虚构。 Make an invented county to try things in.")
@click.option("--small", is_flag=True, help="示例县的小样。 A small one, with --demo.")
@answering
def init(code: str | None, name: str | None, demo: bool, small: bool) -> Answer:
    """建立数据表和县。 Make the tables and the county.

    Run it again after an upgrade, without options: it brings what is there up to date, and leaves the rest as it is."""
    if demo:
        if code is not None or name is not None:
            raise WrongUseError("--demo 自带县和名称", "--demo has a county and a name of its own")
        return _demo(small=small)
    if small:
        raise WrongUseError("--small 只与 --demo 同用", "--small goes with --demo")
    if (code is None) is not (name is None):
        raise WrongUseError("请给出 --county 和 --name（或 --demo）", "Say --county and --name (or --demo)")
    with opened(made=code is None, current=False) as center:
        from server import administration, holding
        from server.keeping.again import apply_again

        if code is None or name is None:
            made = administration.up_to_date(center)
        else:
            made = administration.init(center, code, name)
        county = center.answering_for(str(made["county"]))
        holding.take_up_release(county)
        apply_again(county)
    shown = f"{made['name']} ({made['county']})"
    zh, en = ("已建立", "Made") if made["created"] else ("已是最新", "Up to date")
    return Answer(made, f"{zh} {shown} · {en}: {shown}")


def _demo(*, small: bool) -> Answer:
    with opened(made=False) as center:
        from cli.demo_county import FULL, SMALL, settle

        made = settle(center, SMALL if small else FULL)
    counts = made.counts
    shown = f"{made.name} ({made.county})"
    zh, en = ("已建立", "Made") if made.created else ("已是最新", "Up to date")
    roles = CODES["role"]
    people = [
        f"  doorstep code {who['id']}  {roles[role].zh} {who['name']} · {role}" for role, who in made.cast.items()
    ]
    return Answer(
        made.values(),
        f"{zh} {shown} · {en}: {shown}\n"
        f"辖区 {counts['units']}，人员 {counts['people']}，组织 {counts['bodies']}，户 {counts['households']} · "
        f"{counts['units']} units, {counts['people']} people, {counts['bodies']} bodies, "
        f"{counts['households']} households\n" + "\n".join(["可试用 To try things as:", *people]),
    )


@click.command()
@answering
def verify() -> Answer:
    """核对日志与记录。 Replay the edit log: it must give the records, and its chain must hold."""
    with opened() as center:
        from server import verification

        found = verification.differences(center)
    if not found:
        return Answer({"differences": []}, "一致 · No differences")
    text = "\n".join([*found, f"{len(found)} 处不一致 · {counted(len(found), 'difference', 'differences')}"])
    return Answer({"differences": found}, text, good=False)


@click.command()
@answering
def recount() -> Answer:
    """重新统计。 Put right the figures that are not what the records add up to. Syncs wait meanwhile."""
    with opened() as center:
        from server.keeping import recounting

        made = recounting.recount(center)
    numbers = sum(int(str(each)) for each in made.values())
    if not numbers:
        return Answer(made, "一致 · No differences")
    return Answer(made, f"已改正 {numbers} 处 · {counted(numbers, 'figure', 'figures')} put right")
