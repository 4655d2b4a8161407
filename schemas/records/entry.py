"""entry 调解记录: one page of a dispute's file. Entries are added, never changed."""

from schemas.kinds import Choice, FileName, Instant, ListOf, Name, RecordId, Shape, Text
from schemas.limits import FILES_MAX, LONG_TEXT_CHARS_MAX, SHORT_TEXT_CHARS_MAX
from schemas.rules import Rule, Sensitivity, held_as

OPEN, PERSONAL, SENSITIVE = Sensitivity.OPEN, Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class Entry(Shape):
    """An entry stands where its dispute stands."""

    dispute = RecordId(required=True, metadata=held_as(Rule.ONCE, OPEN, zh="纠纷", en="Dispute", link="dispute"))
    kind = Choice("entry_kind", required=True, metadata=held_as(Rule.ONCE, OPEN, zh="类别", en="Kind"))
    at = Instant(required=True, metadata=held_as(Rule.ONCE, OPEN, zh="时间", en="At"))
    by = Name(required=True, metadata=held_as(Rule.ONCE, OPEN, zh="记录人", en="By"))
    text = Text(LONG_TEXT_CHARS_MAX, metadata=held_as(Rule.ONCE, PERSONAL, zh="内容", en="Text"))
    people_present = Text(
        SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.ONCE, SENSITIVE, zh="在场人员", en="People present")
    )
    files = ListOf(
        FileName(),
        items_max=FILES_MAX,
        metadata=held_as(Rule.ONCE, PERSONAL, zh="附件", en="Files"),
    )
