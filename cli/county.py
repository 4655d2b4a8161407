"""`doorstep init` and `doorstep verify`."""

import click

from cli.answers import Answer, answering
from cli.center import opened


@click.command()
@click.option("--county", "code", required=True, metavar="CODE", help="县的编码。 The county's code: 990101.")
@click.option("--name", required=True, help="县名。 Its name.")
@answering
def init(code: str, name: str) -> Answer:
    """建立数据表和县。 Make the tables and the county.

    Run it again after an upgrade: it brings the tables up to date and leaves the rest as it is."""
    with opened(made=False) as center:
        from server import administration, holding

        made = administration.init(center, code, name)
        holding.take_up_release(center.answering_for(code))
    shown = f"{made['name']} ({code})"
    zh, en = ("已建立", "Made") if made["created"] else ("已是最新", "Up to date")
    return Answer(made, f"{zh} {shown} · {en}: {shown}")


@click.command()
@answering
def verify() -> Answer:
    """核对日志与记录。 Replay the edit log: it must give the records, and its chain must hold."""
    with opened() as center:
        from server import verification

        found = verification.differences(center)
    if not found:
        return Answer({"differences": []}, "一致 · No differences")
    text = "\n".join([*found, f"{len(found)} 处不一致 · {len(found)} differences"])
    return Answer({"differences": found}, text, good=False)
