"""household 户: a door that is visited, and what the people behind it need."""

from schemas.kinds import Choice, Instant, ListOf, Name, Part, Phone, Shape, Text, Whole
from schemas.limits import (
    DOOR_NO_CHARS_MAX,
    HOUSEHOLD_PEOPLE_MAX,
    LONG_TEXT_CHARS_MAX,
    SET_VALUES_MAX,
    SHORT_TEXT_CHARS_MAX,
    TITLE_CHARS_MAX,
)
from schemas.records.location import Location
from schemas.rules import Rule, Sensitivity, held_as

OPEN, PERSONAL, SENSITIVE = Sensitivity.OPEN, Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class Household(Shape):
    """A household, under the grid in which it lives."""

    unit = Name(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="所属网格", en="Grid"))
    door_no = Text(DOOR_NO_CHARS_MAX, metadata=held_as(Rule.REVIEW, OPEN, zh="户号", en="Door number"))
    address = Text(
        SHORT_TEXT_CHARS_MAX, required=True, metadata=held_as(Rule.NEWEST, PERSONAL, zh="地址", en="Address")
    )
    head_name = Text(TITLE_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="户主", en="Head of household"))
    phone = Phone(metadata=held_as(Rule.NEWEST, SENSITIVE, zh="电话", en="Phone"))
    people_count = Whole(0, HOUSEHOLD_PEOPLE_MAX, metadata=held_as(Rule.REVIEW, OPEN, zh="人口数", en="People"))
    service_needs = ListOf(
        Choice("service_need"),
        items_max=SET_VALUES_MAX,
        metadata=held_as(Rule.SET, SENSITIVE, zh="服务需求", en="Service needs"),
    )
    location = Part(Location, metadata=held_as(Rule.NEWEST, PERSONAL, zh="位置", en="Location"))
    notice_version = Text(
        TITLE_CHARS_MAX, metadata=held_as(Rule.NEWEST, OPEN, zh="隐私告知版本", en="Privacy notice version")
    )
    notice_at = Instant(metadata=held_as(Rule.NEWEST, OPEN, zh="隐私告知时间", en="Privacy notice given at"))
    notes = Text(LONG_TEXT_CHARS_MAX, metadata=held_as(Rule.TEXT, PERSONAL, zh="备注", en="Notes"))
    removed = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.NEWEST, OPEN, zh="撤除原因", en="Reason of removal"))
