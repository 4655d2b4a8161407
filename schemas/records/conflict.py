"""conflict 待核对: what several people wrote into one field, not seeing each other. Made by merging, not by hand."""

from schemas.kinds import (
    Anything,
    Choice,
    Coded,
    EditName,
    ListOf,
    Name,
    Part,
    RecordId,
    Shape,
    Stamp,
    Text,
    Whole,
    YesNo,
)
from schemas.limits import (
    INTEGER_MAX,
    LONG_TEXT_CHARS_MAX,
    NAME_CHARS_MAX,
    SETTLEMENTS_LISTED_MAX,
    SIBLINGS_LISTED_MAX,
)
from schemas.rules import Rule, Sensitivity, held_as, labelled

OPEN, SENSITIVE = Sensitivity.OPEN, Sensitivity.SENSITIVE


class Sibling(Shape):
    """One of the values, or a settlement: which edit gave it, when and by whom."""

    edit = EditName(required=True, metadata=labelled(zh="修改编号", en="Edit"))
    value = Anything(metadata=labelled(zh="内容", en="Value", sensitivity=SENSITIVE))
    cut = YesNo(metadata=labelled(zh="内容过长，未列出", en="Too long to be listed"))
    at = Stamp(required=True, metadata=labelled(zh="时间", en="At"))
    by = Name(required=True, metadata=labelled(zh="修改人", en="By"))


class Conflict(Shape):
    """A conflict stands where its record stands; there is one for a record and field."""

    record_type = Coded(
        "record_type",
        NAME_CHARS_MAX,
        required=True,
        metadata=held_as(Rule.SERVER, OPEN, zh="记录类型", en="Record type"),
    )
    record = RecordId(required=True, metadata=held_as(Rule.SERVER, OPEN, zh="记录", en="Record"))
    field = Text(NAME_CHARS_MAX, required=True, metadata=held_as(Rule.SERVER, OPEN, zh="字段", en="Field"))
    status = Choice("conflict_status", required=True, metadata=held_as(Rule.SERVER, OPEN, zh="状态", en="Status"))
    siblings = ListOf(
        Part(Sibling),
        items_max=SIBLINGS_LISTED_MAX,
        required=True,
        metadata=held_as(Rule.SERVER, SENSITIVE, zh="各方内容", en="Values"),
    )
    unlisted = Whole(1, INTEGER_MAX, metadata=held_as(Rule.SERVER, OPEN, zh="未列出的份数", en="Values not listed"))
    suggestion = Text(
        2 * LONG_TEXT_CHARS_MAX, metadata=held_as(Rule.SERVER, SENSITIVE, zh="合并建议", en="Suggested merge")
    )
    settlements = ListOf(
        Part(Sibling),
        items_max=SETTLEMENTS_LISTED_MAX,
        metadata=held_as(Rule.SERVER, SENSITIVE, zh="核对结果", en="Settlements"),
    )
