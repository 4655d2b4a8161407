"""`doorstep tablet conflicts`, `settle`, `attention`, `mend` and `discard`: what needs a person."""

from collections.abc import Mapping
from typing import Any

import click

from cli.answers import Answer, CommandError, WrongUseError, listed
from cli.fields import given, record_type, value
from cli.tablet_options import collection, on_tablet, pairs_argument, saved, text
from cli.words import Words
from client_sdk import Conflict, Item, Record, Refused, Tablet
from schemas.catalog import CATALOG, RecordType
from schemas.masking import masked, masked_value

_NAMES = {"household": "address", "dispute": "title"}
_LOST = {
    "result": "set-aside",
    "field": None,
    "zh": "恢复后的中心没有这条，本机也无法再上传",
    "en": "A restored center has it no more, and this tablet could not send it again",
}


@click.command()
@on_tablet
def conflicts(found: Tablet, words: Words) -> Answer:
    """待核对的内容。 List open conflicts."""
    items = [_conflict(each) for each in found.conflicts.open()]
    columns = {
        "id": words("编号", "Id"),
        "record_type": words("记录", "Record"),
        "label": words("字段", "Field"),
        "values": words("各方内容", "Values"),
        "suggestion": words("合并建议", "Suggestion"),
    }
    labelled = (
        {
            **item,
            "label": words.field(CATALOG.types[item["record_type"]], item["field"]),
            "values": [f"{each['by']}: {text(each['value'])}" for each in item["values"]],
        }
        for item in items
    )
    return Answer({"items": items}, listed(labelled, columns).text)


def _conflict(conflict: Conflict) -> dict[str, Any]:
    kind = CATALOG.types[conflict.record_type]
    return {
        "id": conflict.id,
        "record_type": conflict.record_type,
        "record": conflict.record,
        "field": conflict.field,
        "values": [
            {"value": masked_value(kind, conflict.field, each.value), "by": each.by, "at": each.at, "edit": each.edit}
            for each in conflict.values
        ],
        "suggestion": conflict.suggestion,
    }


@click.command()
@click.argument("conflict")
@click.argument("chosen", metavar="[VALUE]", required=False)
@click.option("--mine", "side", flag_value="mine", help="用我的。 Take my value.")
@click.option("--theirs", "side", flag_value="theirs", help="用对方的。 Take theirs.")
@click.option("--suggestion", "side", flag_value="suggestion", help="用合并建议。 Take the suggested merge.")
@on_tablet
def settle(found: Tablet, words: Words, conflict: str, chosen: str | None, side: str | None) -> Answer:
    """核对。 Settle a conflict with one of the values, or another."""
    if (chosen is None) == (side is None):
        raise WrongUseError("请给出一个内容，或选择一方", "Give a value, or choose a side")
    one = found.conflicts.get(conflict)
    if one is None:
        raise CommandError("conflict-unknown", "没有这条待核对", "There is no such open conflict")
    if side is not None and side not in one.sides:
        raise CommandError("value-missing", "这一方没有内容", "That side gave no value")
    taken = one.sides[side] if side is not None else value(CATALOG.types[one.record_type], one.field, str(chosen))
    return saved(one.settle(taken), words, {one.field: taken})


@click.command()
@on_tablet
def attention(found: Tablet, words: Words) -> Answer:
    """被退回、待中心处理和中心已没有的内容。 List refused and held edits, and records that the center has lost."""
    items = [_attention(each) for each in found.attention]
    aside = [_set_aside(each) for each in found.set_aside if each.type in CATALOG.types]
    columns = {
        "edit": words("修改", "Edit"),
        "result": words("结果", "Result"),
        "type": words("记录", "Record"),
        "about": words("名称", "About"),
        "given": words("内容", "Given"),
        "code": words("原因", "Code"),
        "field": words("字段", "Field"),
        words.language: words("说明", "Why"),
    }
    rows = [_in_words(found, words, each) for each in [*items, *({**_LOST, **each} for each in aside)]]
    return Answer({"items": items, "set_aside": aside}, listed(rows, columns).text)


def _in_words(found: Tablet, words: Words, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for people: its codes in words, what it is about, and what was given, a field a line."""
    kind = CATALOG.types[row["type"]]
    results = {
        "refused": words("被退回", "Refused"),
        "held": words("待中心处理", "Held"),
        "set-aside": words("已留存", "Set aside"),
    }
    return {
        **row,
        "result": results[row["result"]],
        "about": _called(found, kind, row["id"], row["values"]),
        "given": [words.line(kind, name, each) for name, each in row["values"].items()],
        "field": row["field"] and words.field(kind, row["field"]),
    }


def _called(found: Tablet, kind: RecordType, record: str, values: Mapping[str, Any]) -> str:
    """A household's address, a dispute's title; of a visit or an entry those of the record that it is about. The id
    where they are not known here."""
    shown = collection(found, kind).get(record)
    document = {**values, **(masked(kind, shown.document) if shown else {})}
    for field in kind.awaits:
        linked = CATALOG.types[str(kind.fields[field].link)]
        return _called(found, linked, str(document.get(field, record)), {})
    return str(document.get(_NAMES[kind.name], record))


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
