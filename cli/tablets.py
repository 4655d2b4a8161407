"""`doorstep code`, `doorstep tablets` and `doorstep revoke`: the tablets, as the center sees them."""

import io

import click

from cli.answers import Answer, answering
from cli.center import opened
from cli.county_time import CountyTime


@click.command()
@click.argument("who", metavar="PERSON")
@click.option("--qr", "draws", is_flag=True, help="画出二维码。 Draw it as a QR code too.")
@answering
def code(who: str, draws: bool) -> Answer:
    """生成注册码。 Make a one-time code by which a person enrols a tablet."""
    with opened() as center:
        from server import administration

        made = administration.make_code(center, who)
        until = CountyTime.of(center).said(made["expires_at"])
        picture = drawn(str(made["code"])) if draws else ""
    text = f"注册码 {made['code']}，{until} 前有效 · Code {made['code']}, good until {until}"
    return Answer(made, picture + text)


def drawn(text: str) -> str:
    """A text as a QR code for a terminal."""
    import segno

    picture = io.StringIO()
    segno.make_qr(text).terminal(picture, compact=True)
    return picture.getvalue()


@click.command()
@answering
def tablets() -> Answer:
    """列出平板。 List every tablet, the newest first."""
    with opened() as center:
        from server import administration

        found, time = administration.all_tablets(center), CountyTime.of(center)
    return time.listed(
        found,
        {
            "id": "编号 Id",
            "name": "名称 Name",
            "person": "人员 Person",
            "enrolled_at": "注册 Enrolled",
            "last_sync": "上次同步 Last sync",
            "revoked_at": "停用 Revoked",
        },
    )


@click.command()
@click.argument("tablet")
@answering
def revoke(tablet: str) -> Answer:
    """停用平板。 Revoke a tablet: it may only hand over what it owes, and then wipes itself."""
    with opened() as center:
        from server import administration

        made = administration.revoke(center, tablet)
    return Answer(made, f"已停用 {tablet} · Revoked {tablet}")
