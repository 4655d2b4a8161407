"""`doorstep center accept`, `accepted` and `forget`: whose status is taken in here."""

from pathlib import Path

import click

from cli.answers import Answer, answering
from cli.center import opened
from cli.county_time import CountyTime
from cli.secret_file import new_secret, secret_file, secret_of


@click.command()
@click.argument("county", metavar="COUNTY")
@secret_file
@new_secret
@click.option("--name", help="名称。 What it is called.")
@answering
def accept(county: str, path: Path, makes: bool, name: str | None) -> Answer:
    """接收下级中心。 Take in what a county pushes, signed by this secret; it replaces a former one."""
    with opened() as center:
        from server.center_push import sources

        sources.checked(county, name)  # Before a file is made.
        made = sources.accept(center, county, name, secret_of(path, makes=makes))
    return Answer(made, f"接收 {county} 的推送 · Taking in what {county} pushes")


@click.command()
@answering
def accepted() -> Answer:
    """列出下级中心。 List whose status is taken in, and what came."""
    with opened() as center:
        from server.center_push import sources

        found, time = sources.shown(center), CountyTime.of(center)
    return time.listed(
        found,
        {
            "county": "县 County",
            "name": "名称 Name",
            "days": "天数 Days",
            "last_day": "最近一天 Last day",
            "last_received": "上次收到 Last received",
        },
    )


@click.command()
@click.argument("county", metavar="COUNTY")
@click.option("--with-days", is_flag=True, help="连同数据。 Drop what it sent, too.")
@answering
def forget(county: str, with_days: bool) -> Answer:
    """停止接收。 Take nothing more in from a county; what it sent stays, unless --with-days."""
    with opened() as center:
        from server.center_push import sources

        made = sources.forget(center, county, with_days=with_days)
    return Answer(made, f"不再接收 {county} · Taking in nothing more from {county}")
