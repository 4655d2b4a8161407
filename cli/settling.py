"""`doorstep tablet conflicts` and `settle`: what several people wrote, not seeing each other, for one to decide."""

from collections.abc import Mapping
from typing import Any

import click

from cli.answers import Answer, CommandError, WrongUseError, counted
from cli.fields import value
from cli.tablet_options import known_by, on_tablet, saved
from cli.words import Words
from client_sdk import Conflict, Sibling, Tablet
from schemas.catalog import CATALOG
from schemas.labels import to_the_minute
from schemas.masking import masked_value


@click.command()
@click.option("--unmasked", is_flag=True, help="不遮盖。 Show sensitive values too.")
@on_tablet
def conflicts(found: Tablet, words: Words, *, unmasked: bool) -> Answer:
    """待核对的内容。 List open conflicts."""
    items = [(each, conflict_values(found, each, unmasked=unmasked)) for each in found.conflicts.open()]
    told = [_told(found, words, conflict, item) for conflict, item in items]
    return Answer({"items": [item for _, item in items]}, "\n\n".join(told) or "无 · None")


def conflict_values(found: Tablet, conflict: Conflict, *, unmasked: bool = False) -> dict[str, Any]:
    """A conflict as an item of `conflicts`."""
    kind = CATALOG.types[conflict.record_type]
    return {
        "id": conflict.id,
        "record_type": conflict.record_type,
        "record": conflict.record,
        "about": known_by(found, kind, conflict.record),
        "field": conflict.field,
        "values": [
            {
                "value": each.value if unmasked else masked_value(kind, conflict.field, each.value),
                "cut": each.is_cut,
                "by": each.by,
                "at": each.at,
                "edit": each.edit,
            }
            for each in conflict.values
        ],
        "unlisted": conflict.unlisted,
        "suggestion": conflict.suggestion,
        "may_settle": conflict.may_settle,
    }


def _told(found: Tablet, words: Words, conflict: Conflict, item: Mapping[str, Any]) -> str:
    """A conflict in words: of which record and field, and under that what each person wrote, the shown one first."""
    kind, unlisted = CATALOG.types[conflict.record_type], conflict.unlisted
    values = [
        f"{_author(found, words, each)}: {_value(words, conflict, listed['value'], is_cut=each.is_cut)}"
        for each, listed in zip(conflict.values, item["values"], strict=True)
    ]
    if unlisted:
        more = counted(unlisted, "more value is not listed", "more values are not listed")
        values.append(words(f"另有 {unlisted} 份未列出", more))
    if conflict.suggestion is not None:
        values.append(f"{words('合并建议', 'Suggestion')}: {_value(words, conflict, conflict.suggestion)}")
    lines = [
        f"{words('编号', 'Id')}: {conflict.id}",
        f"{words.type(conflict.record_type)}: {item['about']} ({conflict.record_type} {conflict.record})",
        f"{words.label(kind, conflict.field)}:",
        *(f"  {each}".replace("\n", "\n    ") for each in values),
    ]
    return "\n".join(lines if conflict.may_settle else [*lines, words("由他人核对", "For others to settle")])


def _author(found: Tablet, words: Words, sibling: Sibling) -> str:
    who = words("我", "Me") if sibling.by == found.person["id"] else words.called(f"person:{sibling.by}")
    return f"{who} {to_the_minute(sibling.at, None)}"


def _value(words: Words, conflict: Conflict, value: object, *, is_cut: bool = False) -> str:
    if is_cut:
        return words("（内容过长，未列出）", "(too long to be listed)")
    return words.beginning(words.register(CATALOG.types[conflict.record_type], conflict.field, value))


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
        raise _missing(one, side, found.person["id"])
    taken = one.sides[side] if side is not None else value(CATALOG.types[one.record_type], one.field, str(chosen))
    answer = saved(one.settle(taken), words, {one.field: taken})
    values = {**answer.values, "may_settle": one.may_settle}
    if one.may_settle:
        return Answer(values, answer.text)
    doubt = words(
        "按本机所知，这条由他人核对，中心可能先保留", "This seems to be for others to settle: the center may hold it"
    )
    return Answer(values, f"{answer.text}\n{doubt}")


def _missing(conflict: Conflict, side: str, me: str) -> CommandError:
    """Why there is no value of a side to take."""
    if side != "suggestion" and any(each.is_cut and (each.by == me) is (side == "mine") for each in conflict.values):
        zh = "这一方的内容过长，未列出，请直接写出内容"
        return CommandError("value-missing", zh, "That side's value is too long to be listed: give it in full")
    return CommandError("value-missing", "这一方没有内容", "That side gave no value")
