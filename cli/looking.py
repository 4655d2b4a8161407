"""`doorstep tablet list`, `show` and `colleagues`: what the tablet has, masked unless asked for."""

from typing import Any

import click

from cli.answers import Answer, CommandError, listed
from cli.fields import given, record_type
from cli.tablet_options import collection, known_by, on_tablet, pairs_argument
from cli.words import Words
from client_sdk import Record, Tablet
from schemas.catalog import CATALOG, RecordType
from schemas.masking import masked

_COLUMNS = {
    "household": ("unit", "door_no", "address", "head_name", "phone"),
    "visit": ("visited_at", "household", "result", "purposes", "notes"),
    "dispute": ("title", "category", "status", "tier", "assignee", "parties"),
    "entry": ("at", "dispute", "kind", "by", "text"),
}

LISTED_CHARS_MAX = 60
"""Of each value in a table; `show` tells all of it."""


@click.command("list")
@click.argument("kind", metavar="TYPE")
@pairs_argument
@click.option("--find", "containing", help="查找。 Only records that contain this text.")
@on_tablet
def list_(found: Tablet, words: Words, kind: str, pairs: tuple[str, ...], containing: str | None) -> Answer:
    """列出记录，敏感内容遮盖。 List records, sensitive values masked."""
    known = record_type(kind)
    records = collection(found, known).list(**given(known, pairs))
    if containing is not None:
        matching = {each.id for each in collection(found, known).find(containing)}
        records = [each for each in records if each.id in matching]
    items = [_item(known, each, masked(known, each.document)) for each in records]
    shown = _COLUMNS[known.name]
    columns = {"id": words("编号", "Id")} | {name: words.label(known, name) for name in shown}
    rows = (
        {"id": item["id"], **{name: _listed(found, words, known, name, item["doc"].get(name)) for name in shown}}
        for item in items
    )
    return Answer({"items": items}, listed(rows, columns).text)


def _listed(found: Tablet, words: Words, kind: RecordType, name: str, value: object) -> str:
    """A value in a table: another record by what that is known by, of a long text its beginning."""
    link = kind.fields[name].link
    if link is not None and value is not None:
        return known_by(found, CATALOG.types[link], str(value))
    said = words.value(kind, name, value)
    return said if len(said) <= LISTED_CHARS_MAX else said[:LISTED_CHARS_MAX] + "…"


@click.command()
@click.argument("kind", metavar="TYPE")
@click.argument("record", metavar="ID")
@click.option("--unmasked", is_flag=True, help="不遮盖。 Show sensitive values too.")
@on_tablet
def show(found: Tablet, words: Words, kind: str, record: str, *, unmasked: bool) -> Answer:
    """查看一条记录。 Show one record."""
    known = record_type(kind)
    shown = collection(found, known).get(record)
    if shown is None:
        raise CommandError("record-unknown", "本机没有这条记录", "This tablet does not have that record")
    document = dict(shown.document) if unmasked else masked(known, shown.document)
    lines = [words.line(known, name, each) for name, each in document.items()]
    return Answer(_item(known, shown, document), "\n".join([shown.id, *lines]))


def _item(kind: RecordType, record: Record, document: dict[str, Any]) -> dict[str, Any]:
    return {"id": record.id, "type": kind.name, "pending": record.pending, "doc": document}


@click.command()
@click.option("--find", "containing", default="", help="查找。 Only those whose name or id contains this text.")
@on_tablet
def colleagues(found: Tablet, words: Words, containing: str) -> Answer:
    """可以指定的承办。 Whom a dispute may be assigned to (assignee=…); offline, as the center said last."""
    known = found.me().get("colleagues") or []
    items = [each for each in known if containing.casefold() in f"{each['assignee']} {each['name']}".casefold()]
    return listed(items, {"assignee": words("承办", "Assignee"), "name": words("名称", "Name")})
