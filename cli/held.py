"""`doorstep held`: edits that wait, and the staff's word on them."""

import click

from cli.answers import Answer, answering
from cli.center import opened
from cli.county_time import CountyTime
from schemas.codes import CODES
from sync.codes import DETAILS, Code
from sync.lines import Values


@click.group()
def held() -> None:
    """待中心处理的修改。 Held edits."""


@held.command("list")
@answering
def list_held() -> Answer:
    """列出待中心处理的修改。 List every held edit: whose it is, and why it waits."""
    with opened() as center:
        from server import holding

        found, time = holding.held(center), CountyTime.of(center)
    return time.listed(
        found,
        {
            "edit": "修改 Edit",
            "by": "修改人 By",
            "type": "类型 Type",
            "code": "原因 Code",
            "received_at": "收到 Received",
            "waits_for": "等待 Waits for",
        },
    )


@held.command("release")
@click.argument("edit")
@answering
def release(edit: str) -> Answer:
    """放行。 Admit a held edit with the county's rights."""
    return _decided(edit, releases=True)


@held.command("refuse")
@click.argument("edit")
@answering
def refuse(edit: str) -> Answer:
    """退回。 Refuse a held edit; its author sees it."""
    return _decided(edit, releases=False)


def _decided(edit: str, *, releases: bool) -> Answer:
    with opened() as center:
        from server import holding

        told = (holding.let_go if releases else holding.turn_down)(center, edit)
    return Answer(told, f"{edit}: {_words(told)}")


def _words(told: Values) -> str:
    """What became of the edit and, where it was refused, why."""
    result = CODES["edit_result"][str(told["result"])]
    code = told.get("code")
    detail = None if code is None else DETAILS[Code(str(code))]
    zh, en = (result.zh, result.en) if detail is None else (f"{result.zh}：{detail.zh}", f"{result.en}: {detail.en}")
    return f"{zh} · {en}"
