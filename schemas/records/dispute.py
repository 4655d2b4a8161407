"""dispute 纠纷: a quarrel that people brought, and how far its mediation has come."""

from schemas.kinds import (
    Assignee,
    Choice,
    Coded,
    Day,
    Instant,
    ListOf,
    Name,
    Part,
    Phone,
    RecordId,
    Shape,
    Text,
    Whole,
    YesNo,
    Yuan,
)
from schemas.limits import (
    FLAG_CHARS_MAX,
    FLAGS_MAX,
    INVOLVED_PEOPLE_MAX,
    LONG_TEXT_CHARS_MAX,
    PARAGRAPH_CHARS_MAX,
    PARTIES_MAX,
    SATISFACTION_MAX,
    SATISFACTION_MIN,
    SHORT_TEXT_CHARS_MAX,
    TITLE_CHARS_MAX,
)
from schemas.rules import Rule, Sensitivity, held_as, labelled

OPEN, PERSONAL, SENSITIVE = Sensitivity.OPEN, Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class Party(Shape):
    """One side of a dispute, or one of several people on it."""

    role = Choice("party_role", required=True, metadata=labelled(zh="地位", en="Role"))
    kind = Choice("party_kind", required=True, metadata=labelled(zh="类别", en="Kind"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="姓名或名称", en="Name", sensitivity=SENSITIVE))
    phone = Phone(metadata=labelled(zh="电话", en="Phone", sensitivity=SENSITIVE))
    address = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="地址", en="Address", sensitivity=PERSONAL))


class Dispute(Shape):
    """A dispute, under the grid in which it arose. `status`, `tier` and `assignee` change together."""

    case_no = Text(TITLE_CHARS_MAX, metadata=held_as(Rule.SERVER, OPEN, zh="案号", en="Case number"))
    unit = Name(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="所属网格", en="Grid"))
    category = Choice("category", required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="类型", en="Category"))
    source = Choice("source", required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="来源", en="Source"))
    title = Text(TITLE_CHARS_MAX, required=True, metadata=held_as(Rule.REVIEW, PERSONAL, zh="标题", en="Title"))
    summary = Text(
        LONG_TEXT_CHARS_MAX, required=True, metadata=held_as(Rule.TEXT, PERSONAL, zh="简要情况", en="Summary")
    )
    parties = ListOf(
        Part(Party),
        items_max=PARTIES_MAX,
        required=True,
        metadata=held_as(Rule.REVIEW, SENSITIVE, zh="当事人", en="Parties"),
    )
    people_involved = Whole(
        0, INVOLVED_PEOPLE_MAX, metadata=held_as(Rule.REVIEW, OPEN, zh="涉及人数", en="People involved")
    )
    amount_yuan = Yuan(metadata=held_as(Rule.REVIEW, OPEN, zh="涉及金额（元）", en="Amount in yuan"))
    occurred_on = Day(metadata=held_as(Rule.REVIEW, OPEN, zh="发生日期", en="Occurred on"))
    place = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="发生地点", en="Place"))
    difficulty = Choice("difficulty", required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="难度", en="Difficulty"))
    violence_likely = YesNo(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="可能激化", en="Violence likely"))

    tier = Choice("tier", required=True, metadata=held_as(Rule.WORKFLOW, OPEN, zh="层级", en="Tier"))
    status = Choice("status", required=True, metadata=held_as(Rule.WORKFLOW, OPEN, zh="状态", en="Status"))
    assignee = Assignee(metadata=held_as(Rule.WORKFLOW, OPEN, zh="承办", en="Assignee"))

    registered_by = Name(required=True, metadata=held_as(Rule.REVIEW, OPEN, zh="登记人", en="Registered by"))
    accepted_at = Instant(metadata=held_as(Rule.SERVER, OPEN, zh="受理时间", en="Accepted at"))
    due_at = Instant(metadata=held_as(Rule.SERVER, OPEN, zh="办理期限", en="Due at"))
    statutory_due_at = Instant(metadata=held_as(Rule.SERVER, OPEN, zh="法定期限", en="Statutory due at"))
    agreement_form = Choice("agreement_form", metadata=held_as(Rule.REVIEW, OPEN, zh="协议形式", en="Agreement form"))
    agreement_terms = Text(
        LONG_TEXT_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="协议内容", en="Agreement terms")
    )
    perform_by = Day(metadata=held_as(Rule.REVIEW, OPEN, zh="履行期限", en="Perform by"))
    performed = Choice("performed", metadata=held_as(Rule.REVIEW, OPEN, zh="履行情况", en="Performed"))
    routes_told = YesNo(metadata=held_as(Rule.REVIEW, OPEN, zh="已告知救济途径", en="Other routes told"))
    close_reason = Text(
        PARAGRAPH_CHARS_MAX, metadata=held_as(Rule.REVIEW, PERSONAL, zh="结案原因", en="Reason of close")
    )
    satisfaction = Whole(
        SATISFACTION_MIN, SATISFACTION_MAX, metadata=held_as(Rule.REVIEW, OPEN, zh="满意度", en="Satisfaction")
    )
    duplicate_of = RecordId(metadata=held_as(Rule.REVIEW, OPEN, zh="并入的纠纷", en="Duplicate of", link="dispute"))
    flags = ListOf(
        Coded("flag", FLAG_CHARS_MAX, required=True),
        items_max=FLAGS_MAX,
        metadata=held_as(Rule.SERVER, OPEN, zh="提醒", en="Flags"),
    )
    removed = Text(SHORT_TEXT_CHARS_MAX, metadata=held_as(Rule.NEWEST, OPEN, zh="撤除原因", en="Reason of removal"))
