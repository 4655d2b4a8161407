"""`doorstep center`: where the county's status is pushed to, and from where it is taken in."""

from pathlib import Path
from typing import Literal

import click

from cli.answers import Answer, answering
from cli.center import opened
from cli.center_sources import accept, accepted, forget
from cli.county_time import CountyTime
from cli.secret_file import new_secret, secret_file, secret_of


@click.group()
def center() -> None:
    """上级中心。 Pushing aggregated status to other centers, and taking it in from them."""


for _command in (accept, accepted, forget):
    center.add_command(_command)


@center.command("add")
@click.argument("url")
@secret_file
@new_secret
@answering
def add(url: str, path: Path, makes: bool) -> Answer:
    """添加上级中心。 Push to a center from now on, or give it a new secret; `doorstep worker` does the pushing.

    An address without a path means a Doorstep server."""
    with opened() as county:
        from server.center_push import targets

        targets.address(url)
        made = targets.add(county, url, secret_of(path, makes=makes))
    return Answer(made, f"将推送到 {made['url']} · Pushing to {made['url']}")


@center.command("list")
@answering
def list_centers() -> Answer:
    """列出上级中心。 List where to, what waits, what was set aside, and how it went last."""
    with opened() as county:
        from server.center_push import targets

        found, time = targets.shown(county), CountyTime.of(county)
    return time.listed(
        found,
        {
            "url": "地址 Address",
            "waiting": "待推送 Waiting",
            "oldest_day": "最早 Oldest day",
            "refused": "被拒 Refused",
            "last_delivered": "上次送达 Last delivered",
            "last_result": "结果 Result",
            "last_error": "上次出错 Last error",
            "next_try": "下次 Next try",
            "stopped": "停止 Stopped",
        },
    )


@center.command("test")
@click.argument("url", required=False)
@answering
def test(url: str | None) -> Answer:
    """试推送。 Send a signed test message to one center, or to each, and say what came back."""
    with opened() as county:
        from server.center_push import posting, targets

        with posting.Client() as client:
            told = targets.test(county, url, client)
    lines = [f"{each['url']}: {'✓' if each['good'] else '✗'} {each['said'] or ''}".rstrip() for each in told]
    return Answer({"items": told}, "\n".join(lines) or "无 · None", good=all(each["good"] for each in told))


@center.command("retry")
@click.argument("url")
@answering
def retry(url: str) -> Answer:
    """重试。 Try at the next pass what was stopped, set aside or put off."""
    return _done("retry", url, "将重试 {url} · Trying {url} again")


@center.command("remove")
@click.argument("url")
@answering
def remove(url: str) -> Answer:
    """移除上级中心。 Push to a center no more, and drop what waits for it."""
    return _done("remove", url, "不再推送到 {url} · No longer pushing to {url}")


def _done(deed: Literal["retry", "remove"], url: str, words: str) -> Answer:
    with opened() as county:
        from server.center_push import targets

        made = (targets.retry if deed == "retry" else targets.remove)(county, url)
    return Answer(made, words.format(url=made["url"]))
