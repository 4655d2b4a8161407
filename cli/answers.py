"""How every command answers: text for people, or exactly one JSON object on stdout with `--json`."""

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import click

from cli.tables import drawn

P = ParamSpec("P")


class CommandError(Exception):
    """What was asked was not done. `code` names why for programs; `zh` and `en` say it in one line."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


class WrongUseError(click.UsageError):
    """A command line that cannot be read, told in both languages."""

    def __init__(self, zh: str, en: str, ctx: click.Context | None = None) -> None:
        super().__init__(f"{zh} · {en}", ctx)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says: a JSON object, and the same in words. Exits 1 unless `good`."""

    values: Mapping[str, object]
    text: str
    good: bool = True


def answering(work: Callable[P, Answer]) -> Callable[..., None]:
    """Gives a command `--json`, prints its answer, and says errors in one line (exit status 1)."""

    @wraps(work)
    def answered(as_json: bool, *args: P.args, **kwargs: P.kwargs) -> None:
        with failing(as_json):
            answer = work(*args, **kwargs)
        say(answer, as_json)
        if not answer.good:
            raise SystemExit(1)

    return json_option(answered)


json_option = click.option("--json", "as_json", is_flag=True, help="用 JSON 回答。 Answer with one JSON object.")


def say(answer: Answer, as_json: bool) -> None:
    """Prints an answer."""
    click.echo(_object(answer.values) if as_json else answer.text)


@contextmanager
def failing(as_json: bool) -> Iterator[None]:
    """Says a CommandError, as the JSON object or in one line on stderr, and exits 1."""
    try:
        yield
    except CommandError as error:
        if as_json:
            _say_error(error.code, error.zh, error.en)
        else:
            click.echo(f"{error.zh} · {error.en}", err=True)
        raise SystemExit(1) from error


class Commands(click.Group):
    """The command that has all others under it. A command line that cannot be read exits 2, and is told on stderr in
    click's words, or with `--json` as the JSON object."""

    _JSON = "doorstep.json"

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        as_json = "--json" in args
        _say_all_that_can_be_said()
        with failing(as_json), _reading(as_json):
            _require_text(args)
            made = super().make_context(info_name, args, parent, **extra)
        made.meta[self._JSON] = as_json
        return made

    def invoke(self, ctx: click.Context) -> Any:
        with _reading(ctx.meta[self._JSON]):
            return super().invoke(ctx)


@contextmanager
def _reading(as_json: bool) -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        zh, en = _wrong(error)
        if not as_json:
            if zh == en or isinstance(error, WrongUseError):
                raise
            raise WrongUseError(zh, en, error.ctx) from error
        seen = error.ctx.command_path if error.ctx else "doorstep"
        _say_error(
            "usage", f"命令用法有误：{zh.rstrip('.')}（见 {seen} --help）", f"{en.rstrip('.')} (see {seen} --help)"
        )
        raise SystemExit(error.exit_code) from error


def _wrong(error: click.UsageError) -> tuple[str, str]:
    """What is wrong with a command line. Of the rarer faults click's words are all there is."""
    said = error.format_message()
    match error:
        case WrongUseError():
            return error.zh, error.en
        case click.NoSuchCommand():
            return f"没有命令 {error.command_name}", said
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}", said
        case click.MissingParameter() if error.param is not None and error.ctx is not None:
            return f"缺少 {error.param.get_error_hint(error.ctx)}", said
        case click.BadParameter() if error.param is not None and error.ctx is not None:
            choices = error.param.type.choices if isinstance(error.param.type, click.Choice) else ()
            one_of = f"，应为 {'、'.join(choices)}" if choices else ""
            return f"{error.param.get_error_hint(error.ctx)} 的值不可用{one_of}", said
    return said, said


def _require_text(arguments: Iterable[str]) -> None:
    """Raises CommandError for bytes that are no text, as a terminal of another encoding gives them: nothing could be
    stored or said of them."""
    for each in arguments:
        shown = each.encode(errors="replace").decode()
        if shown != each:
            raise CommandError(
                "not-text", f"参数不是 UTF-8 文本：{shown}", f"An argument is not text in UTF-8: {shown}"
            )


def _say_error(code: str, zh: str, en: str) -> None:
    click.echo(_object({"error": {"code": code, "zh": zh, "en": en}}))


def _say_all_that_can_be_said() -> None:
    """A terminal of another encoding than UTF-8 lacks letters, such as those of rare names in GBK: each is a question
    mark there, and what was done is told."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # On stderr Python sees to it.
        sys.stdout.reconfigure(errors="replace")


def _object(values: Mapping[str, object]) -> str:
    """In ASCII where stdout lacks a letter: JSON can say them all by that."""
    text = json.dumps(values, ensure_ascii=False)
    encoding = sys.stdout.encoding or "utf-8"
    return text if text == text.encode(encoding, "replace").decode(encoding) else json.dumps(values)


def listed(items: Iterable[Mapping[str, object]], columns: Mapping[str, str]) -> Answer:
    """The answer of a command that lists: `{"items": […]}`, or a table. `columns`: the heading of each member shown."""
    found = list(items)
    return Answer({"items": found}, drawn(found, columns))


def counted(number: int, one: str, many: str) -> str:
    """How many there are, in English."""
    return f"{number} {one if number == 1 else many}"
