"""`doorstep tablet attention`, `mend` and `discard`: what was refused, what is held, what the center has lost."""

from collections.abc import Mapping
from typing import Any

import click

from cli.answers import Answer, CommandError, listed
from cli.fields import given, record_type
from cli.settling import conflict_values
from cli.tablet_options import known_by, on_tablet, pairs_argument, saved
from cli.words import Words
from client_sdk import Item, Record, Refused, Tablet
from schemas.catalog import CATALOG
from schemas.codes import CODES
from schemas.masking import masked

_LOST = {
    "result": "set-aside",
    "field": None,
    "zh": "恢复后的中心没有这条，本机也无法再上传",
    "en": "A restored center has it no more, and this tablet could not send it again",
}


@click.command()
@on_tablet
def attention(found: Tablet, words: Words) -> Answer:
    """被退回、待中心处理、待核对和中心已没有的内容。 List what was refused, held, in conflict or lost."""
    items = [_attention(each) for each in found.attention]
    aside = [_set_aside(each) for each in found.set_aside if each.type in CATALOG.types]
    columns = {
        "edit": words("修改", "Edit"),
        "result": words("结果", "Result"),
        "type": words("记录", "Record"),
        "about": words("名称", "About"),
        "given": words("内容", "Given"),
        "field": words("字段", "Field"),
        words.language: words("说明", "Why"),
    }
    rows = [_in_words(found, words, each) for each in [*items, *({**_LOST, **each} for each in aside)]]
    open_ones = [conflict_values(found, each) for each in found.conflicts.open()]
    told = [listed(rows, columns).text]
    own = sum(each["may_settle"] for each in open_ones)
    if own:
        told.append(words(f"待核对 {own} 条，见 conflicts", f"Open conflicts: {own}, see conflicts"))
    return Answer({"items": items, "set_aside": aside, "conflicts": open_ones}, "\n".join(told))


def _in_words(found: Tablet, words: Words, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for people: its codes in words, what it is about, and what was given, a field a line."""
    kind = CATALOG.types[row["type"]]
    known = CODES["edit_result"].get(row["result"])
    return {
        **row,
        "result": words("已留存", "Set aside") if known is None else known.label(words.language),
        "type": words.type(kind.name),
        "about": known_by(found, kind, row["id"], row["values"]),
        "given": [words.beginning(words.line(kind, name, each)) for name, each in row["values"].items()],
        "field": row["field"] and words.label(kind, row["field"]),
    }


def _attention(item: Item) -> dict[str, Any]:
    return {
        "edit": item.edit,
        "result": "refused" if isinstance(item, Refused) else "held",
        "type": item.type,
        "id": item.record,
        "do": item.do,
        "code": item.code,
        "field": item.member,
        "zh": item.zh,
        "en": item.en,
        "values": masked(CATALOG.types[item.type], item.values),
    }


def _set_aside(record: Record) -> dict[str, Any]:
    return {"type": record.type, "id": record.id, "values": masked(CATALOG.types[record.type], record.document)}


def _refused(found: Tablet, edit: str) -> Refused:
    item = next((each for each in found.attention if each.edit == edit), None)
    if not isinstance(item, Refused):
        raise CommandError("not-refused", "没有这条被退回的修改", "There is no such refused edit")
    return item


@click.command()
@click.argument("edit")
@pairs_argument
@on_tablet
def mend(found: Tablet, words: Words, edit: str, pairs: tuple[str, ...]) -> Answer:
    """更正被退回的修改。 Save a refused edit again, with these values in place of its own."""
    item = _refused(found, edit)
    said = given(record_type(item.type), pairs)
    return saved(item.mend(**said), words, said)


@click.command()
@click.argument("edit")
@on_tablet
def discard(found: Tablet, words: Words, edit: str) -> Answer:
    """放弃被退回的修改。 Give up a refused edit."""
    _refused(found, edit).discard()
    return Answer({"edit": edit, "discarded": True}, words("已放弃", "Discarded"))
