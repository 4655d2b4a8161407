"""held 待中心处理: an edit that waits for something, and what became of it in the end. Written by the server."""

from schemas.kinds import Choice, Coded, EditName, Instant, Name, RecordId, Shape, Text
from schemas.limits import NAME_CHARS_MAX, SHORT_TEXT_CHARS_MAX
from schemas.rules import Rule, Sensitivity, held_as

OPEN = Sensitivity.OPEN


class Held(Shape):
    """A held edit, shown to its author and to the staff of their unit."""

    edit = EditName(required=True, metadata=held_as(Rule.SERVER, OPEN, zh="修改编号", en="Edit"))
    by = Name(required=True, metadata=held_as(Rule.SERVER, OPEN, zh="修改人", en="By"))
    record_type = Coded(
        "record_type", NAME_CHARS_MAX, metadata=held_as(Rule.SERVER, OPEN, zh="记录类型", en="Record type")
    )
    record = RecordId(metadata=held_as(Rule.SERVER, OPEN, zh="记录", en="Record"))
    code = Text(NAME_CHARS_MAX, metadata=held_as(Rule.SERVER, OPEN, zh="原因", en="Code"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.SERVER, OPEN, zh="字段", en="Field"))
    result = Choice("edit_result", required=True, metadata=held_as(Rule.SERVER, OPEN, zh="结果", en="Result"))
    received_at = Instant(required=True, metadata=held_as(Rule.SERVER, OPEN, zh="收到时间", en="Received at"))
