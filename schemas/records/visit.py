"""visit 走访: one call at a household, and what came of it."""

from schemas.kinds import Choice, Day, FileName, Instant, ListOf, Name, Part, RecordId, Shape, Text, Whole
from schemas.limits import (
    LONG_TEXT_CHARS_MAX,
    PARAGRAPH_CHARS_MAX,
    PHOTOS_MAX,
    SATISFACTION_MAX,
    SATISFACTION_MIN,
    SET_VALUES_MAX,
    SHORT_TEXT_CHARS_MAX,
)
from schemas.records.location import Location
from schemas.rules import Rule, Sensitivity, held_as

OPEN, PERSONAL = Sensitivity.OPEN, Sensitivity.PERSONAL


class Visit(Shape):
    """A visit to a household. It stays under the grid in which it was made, wherever the household moves."""

    household = RecordId(required=True, metadata=held_as(Rule.ONCE, OPEN, zh="户", en="Household", link="household"))
    unit = Name(required=True, metadata=held_as(Rule.ONCE, OPEN, zh="所属网格", en="Grid"))
    visited_at = Instant(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="走访时间", en="Visited at"))
    visitor = Name(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="走访人", en="Visitor"))
    mode = Choice("visit_mode", required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="方式", en="Mode"))
    result = Choice("visit_result", required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="结果", en="Result"))
    purposes = ListOf(
        Choice("visit_purpose"),
        items_max=SET_VALUES_MAX,
        required=True,
        metadata=held_as(Rule.SET, OPEN, zh="事项", en="Purposes"),
    )
    people_met = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="见到的人", en="People met"))
    notes = Text(LONG_TEXT_CHARS_MAX, metadata=held_as(Rule.TEXT, PERSONAL, zh="内容", en="Notes"))
    requests = Text(PARAGRAPH_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="诉求", en="Requests"))
    hazard = Text(PARAGRAPH_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="隐患", en="Hazard"))
    dispute = RecordId(metadata=held_as(Rule.REVIEW, OPEN, zh="相关纠纷", en="Dispute", link="dispute"))
    follow_up_on = Day(metadata=held_as(Rule.REVIEW, OPEN, zh="回访日期", en="Follow up on"))
    satisfaction = Whole(
        SATISFACTION_MIN, SATISFACTION_MAX, metadata=held_as(Rule.REVIEW, OPEN, zh="满意度", en="Satisfaction")
    )
    location = Part(Location, metadata=held_as(Rule.NEWEST, PERSONAL, zh="位置", en="Location"))
    photos = ListOf(
        FileName(),
        items_max=PHOTOS_MAX,
        metadata=held_as(Rule.SET, PERSONAL, zh="照片", en="Photos"),
    )
    removed = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.NEWEST, OPEN, zh="撤除原因", en="Reason of removal"))
