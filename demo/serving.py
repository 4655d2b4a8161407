"""A server that stays up on the evening's data, with codes and tokens to try it."""

import shlex
import sys
import threading
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from demo.center import CountyCenter
from demo.people import CHEN, COUNTY_STAFF, WANG, ZHOU

TO_TRY = (
    (WANG.person, "网格员 grid worker"),
    (CHEN.person, "人民调解员 mediator"),
    (ZHOU.person, "村综治中心 village staff"),
    ("town-01", "乡镇综治中心 township staff"),
    (COUNTY_STAFF, "县综治中心 county staff"),
)


def _program() -> str:
    """`doorstep` as a shell in this folder finds it, whether or not its PATH does."""
    program, here = Path(sys.executable).with_name("doorstep"), Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)


def serve(center: CountyCenter, bind: str, console: Console) -> None:
    """Serves until a KeyboardInterrupt."""
    center.open(bind)
    doorstep = _program()
    codes = center.codes(person for person, _ in TO_TRY)
    console.print(f"\n中心已启动：{center.url}  [dim]The center is up; Ctrl-C ends it[/dim]")
    for person, desk in TO_TRY:
        # Whole lines, however narrow the terminal: they are there to be copied.
        console.print(f"\n  [bold]{desk}[/bold] {person}", soft_wrap=True)
        console.print(f"    注册码 code, good for one tablet and 72 hours: {codes[person]}", soft_wrap=True)
        console.print(f"    令牌 token: {center.token(person)}", soft_wrap=True)
    console.print(
        f"\n  {doorstep} tablet enroll {center.url} CODE --store try.tablet"
        f'\n  curl -H "Authorization: Bearer TOKEN" {center.url}/api/v1/status'
        f"\n  {center.url}/api/v1/docs",
        soft_wrap=True,
    )
    console.print(
        "\n  管理 administration, in another shell:"
        f"\n  export {' '.join(f'{name}={shlex.quote(value)}' for name, value in center.settings.items())}"
        f"\n  {doorstep} tablets",
        soft_wrap=True,
    )
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
