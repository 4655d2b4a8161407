"""What goes over the wire where staff and other systems read: parameters of a query, and the shapes of the answers.

Beside the parameters stated here, a list takes the fields of its record type as filters: `FILTER_KINDS` says which.
"""

from schemas.catalog import RecordType
from schemas.kinds import (
    Anything,
    Assignee,
    Choice,
    Day,
    EditName,
    Instant,
    ListOf,
    MapOf,
    Name,
    Part,
    Patterned,
    RecordId,
    Shape,
    Stamp,
    Text,
    Whole,
    YesNo,
    pattern,
)
from schemas.limits import (
    INTEGER_MAX,
    LONG_TEXT_CHARS_MAX,
    NAME_CHARS_MAX,
    PARAGRAPH_CHARS_MAX,
    SECRET_CHARS_MAX,
    SET_VALUES_MAX,
    SHORT_TEXT_CHARS_MAX,
)
from schemas.masking import shape_of
from schemas.rules import Rule, Sensitivity, explained, labelled
from schemas.wire import Words

LIST_ROWS_MAX = 500
"""Records in one page of a list."""
LIST_ROWS = 100
"""Where nothing else is asked for."""
FILTER_VALUES_MAX = 100
"""Values of one filter."""

DECISION_BYTES_MAX = 4 * 1024
"""Of the body of a word on a held edit."""

FILTER_KINDS = (Choice, Name, RecordId, EditName, Day, Instant, YesNo)
"""Kinds of fields by which a list can be filtered: those that have few values, or name something."""
DATE_KINDS = (Day, Instant)
MADE_AT = "made_at"


class Sort(Patterned):
    """`made_at` or `rev`, with a minus for the last one first."""

    form = pattern(f"^-?({MADE_AT}|rev)$", f"one_of {MADE_AT}, -{MADE_AT}, rev, -rev")


class Language(Patterned):
    """`zh` or `en`."""

    form = pattern("^(zh|en)$", "one_of zh, en")


class Word(Patterned):
    """The staff's word on a held edit."""

    form = pattern("^(release|refuse)$", "one_of release, refuse")


class DateField(Patterned):
    """`made_at`, or the name of a field that holds a day or an instant."""

    form = pattern("^[a-z_]{1,64}$", "not_choice")


class Filters(Shape):
    """What every list and export can be narrowed by, beside the fields of its type."""

    unit = ListOf(
        Name(), items_max=FILTER_VALUES_MAX, metadata=explained(zh="辖区及其下级", en="Units, and what is below them")
    )
    assignee = ListOf(Assignee(), items_max=FILTER_VALUES_MAX, metadata=explained(zh="承办", en="Assignees"))
    first = Day(data_key="from", metadata=explained(zh="起始日", en="First local day"))
    last = Day(data_key="to", metadata=explained(zh="截止日", en="Last local day"))
    date = DateField(metadata=explained(zh="日期字段", en="Which date the days are of; made_at if left out"))


class PageQuery(Shape):
    """Which page."""

    limit = Whole(1, LIST_ROWS_MAX, metadata=explained(zh="每页条数", en="The most rows wanted"))
    page = Text(SECRET_CHARS_MAX, metadata=explained(zh="分页标记", en="The `next` of the page before"))


class ListQuery(Filters, PageQuery):
    """The parameters of a list."""

    sort = Sort(metadata=explained(zh="排序", en="Order; -rev if left out"))


class ExportQuery(Filters):
    """The parameters of an export."""

    lang = Language(metadata=explained(zh="语言", en="Language; by Accept-Language if left out"))
    unmask = ListOf(
        Text(NAME_CHARS_MAX, required=True),
        items_max=1,
        metadata=explained(zh="不遮盖的字段", en="A sensitive field to be shown; for staff, and audited"),
    )
    reason = Text(PARAGRAPH_CHARS_MAX, metadata=explained(zh="理由", en="Why it is to be shown"))


class FeedQuery(Shape):
    """The parameters of the feed."""

    cursor = Text(LONG_TEXT_CHARS_MAX, metadata=explained(zh="同步位置", en="Cursor of the last answer"))
    want = Whole(1, INTEGER_MAX, metadata=explained(zh="最多行数", en="The most rows wanted"))


class ListedRecord(Shape):
    """A record in a list; sensitive values are masked there."""

    id = RecordId(required=True, metadata=labelled(zh="记录编号", en="Record"))
    rev = Whole(1, INTEGER_MAX, required=True, metadata=labelled(zh="版本", en="Revision"))
    made_at = Stamp(required=True, metadata=labelled(zh="登记时间", en="Made at"))
    made_by = Text(NAME_CHARS_MAX, metadata=labelled(zh="录入人", en="Entered by"))
    doc = MapOf(Anything(), required=True, metadata=labelled(zh="内容", en="Field values"))


def page_of(item: type[Shape]) -> ListOf:
    return ListOf(
        Part(item),
        items_max=LIST_ROWS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="记录", en="Rows"),
    )


def next_page() -> Text:
    return Text(SECRET_CHARS_MAX, metadata=labelled(zh="下一页", en="Where the next page begins; null at the end"))


class RecordPage(Shape):
    """A page of a list."""

    items = page_of(ListedRecord)
    next = next_page()


class FieldChange(Shape):
    """What an edit did to one field: what its author's screen showed, and what they gave."""

    field = Text(SHORT_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="字段", en="Field, or field/value of a set"))
    was = Anything(metadata=labelled(zh="原内容", en="Value shown before"))
    now = Anything(metadata=labelled(zh="新内容", en="Value given"))
    settles = YesNo(metadata=labelled(zh="核对", en="Whether it settled a conflict"))


class HistoricEdit(Shape):
    """An edit in the history of a record. `at` is the stamp that counts, `received_at` when the center had it."""

    edit = EditName(required=True, metadata=labelled(zh="修改编号", en="Edit"))
    do = Text(NAME_CHARS_MAX, metadata=labelled(zh="操作", en="Creation or change"))
    by = Name(metadata=labelled(zh="修改人", en="Author"))
    tablet = Text(NAME_CHARS_MAX, metadata=labelled(zh="平板", en="Tablet"))
    at = Stamp(metadata=labelled(zh="时间", en="Stamp"))
    received_at = Instant(required=True, metadata=labelled(zh="收到时间", en="Received at"))
    result = Choice("edit_result", required=True, metadata=labelled(zh="结果", en="Result"))
    code = Text(NAME_CHARS_MAX, metadata=labelled(zh="原因", en="Code"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="字段", en="Member at fault"))
    changes = ListOf(
        Part(FieldChange),
        items_max=INTEGER_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="变更", en="What it changed"),
    )


class HistoryPage(Shape):
    """A page of a record's history, oldest edit first."""

    items = page_of(HistoricEdit)
    next = next_page()


class HeldEdit(Shape):
    """An edit that waits: why, since when, what it writes to, whose it is."""

    edit = EditName(required=True, metadata=labelled(zh="修改编号", en="Edit"))
    by = Name(metadata=labelled(zh="修改人", en="Author"))
    record_type = Text(NAME_CHARS_MAX, metadata=labelled(zh="记录类型", en="Record type"))
    record = RecordId(metadata=labelled(zh="记录", en="Record"))
    code = Text(NAME_CHARS_MAX, metadata=labelled(zh="原因", en="Code"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="字段", en="Field"))
    detail = Part(Words, metadata=labelled(zh="说明", en="Why, in words"))
    since = Instant(required=True, metadata=labelled(zh="收到时间", en="Held since"))


class HeldPage(Shape):
    """A page of held edits."""

    items = page_of(HeldEdit)
    next = next_page()


class HeldDecision(Shape):
    """The staff's word on a held edit."""

    decision = Word(required=True, metadata=labelled(zh="决定", en="release or refuse"))


class HeldOutcome(Shape):
    """What became of a held edit."""

    edit = EditName(required=True, metadata=labelled(zh="修改编号", en="Edit"))
    result = Choice("edit_result", required=True, metadata=labelled(zh="结果", en="Result"))
    code = Text(NAME_CHARS_MAX, metadata=labelled(zh="原因", en="Code"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="字段", en="Field"))
    conflicts = ListOf(RecordId(), items_max=SET_VALUES_MAX, metadata=labelled(zh="待核对", en="Conflicts"))


def filters_of(kind: RecordType) -> frozenset[str]:
    """The fields by which a list of this type can be filtered, beside the parameters that any type has. Not by a
    sensitive one: a list that is masked must not tell who has what by being asked."""
    declared = shape_of(kind.schema).fields
    return frozenset(
        name
        for name, field in kind.fields.items()
        if isinstance(declared[name], FILTER_KINDS) and field.sensitivity is not Sensitivity.SENSITIVE
    )


def has_assignee(kind: RecordType) -> bool:
    """Whether records of this type can stand under an assignee: those of a workflow, and what stands where they do."""
    has_workflow = any(field.rule is Rule.WORKFLOW for field in kind.fields.values())
    return has_workflow or kind.parent is not None or kind.name == "conflict"


def dates_of(kind: RecordType) -> frozenset[str]:
    """The fields of this type that hold a day or an instant."""
    return frozenset(name for name, field in shape_of(kind.schema).fields.items() if isinstance(field, DATE_KINDS))
