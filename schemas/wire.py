"""What goes over the wire around the records: one shape a message, for the API description and for judging.

`sync` reads lines and frames itself, for speed and to answer line by line; these say the same in the form that
apispec and the conformance tests read.
"""

from collections.abc import Mapping

from marshmallow import ValidationError, validates_schema

from schemas.kinds import (
    Anything,
    Assignee,
    Choice,
    EditName,
    ListOf,
    MapOf,
    Name,
    Part,
    RecordId,
    ScopeKey,
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
    OUTCOMES_MAX,
    OVER_NAMES_MAX,
    SCOPE_KEYS_MAX,
    SECRET_CHARS_MAX,
    SET_VALUES_MAX,
    SHORT_TEXT_CHARS_MAX,
    SIBLINGS_MAX,
    TITLE_CHARS_MAX,
)
from schemas.rules import labelled

MEMBERS_OF_A_CREATION = frozenset({"mends"})
MEMBERS_OF_A_CHANGE = frozenset({"id", "over", "was", "add", "remove", "settles"})


def set_values() -> ListOf:
    return ListOf(Text(SHORT_TEXT_CHARS_MAX, required=True), items_max=SET_VALUES_MAX)


class EditShape(Shape):
    """An edit: one change made by one person on one tablet. Its name is, for a creation, the record's id."""

    edit = EditName(required=True, metadata=labelled(zh="修改编号", en="Edit name"))
    schema = Whole(1, INTEGER_MAX, required=True, metadata=labelled(zh="数据版本", en="Schema version"))
    by = Name(required=True, metadata=labelled(zh="修改人", en="Author"))
    do = Choice("edit_do", required=True, metadata=labelled(zh="操作", en="Creation or change"))
    type = Text(NAME_CHARS_MAX, required=True, metadata=labelled(zh="记录类型", en="Record type"))
    id = RecordId(metadata=labelled(zh="记录编号", en="Record, of a change"))
    at = Stamp(required=True, metadata=labelled(zh="时间戳", en="Stamp"))
    over = MapOf(
        ListOf(EditName(), items_max=OVER_NAMES_MAX), metadata=labelled(zh="依据的修改", en="Edits seen, by register")
    )
    was = MapOf(Anything(), metadata=labelled(zh="原内容", en="Values shown before"))
    now = MapOf(Anything(), metadata=labelled(zh="新内容", en="Values given"))
    add = MapOf(set_values(), metadata=labelled(zh="增加", en="Values added to sets"))
    remove = MapOf(set_values(), metadata=labelled(zh="移除", en="Values removed from sets"))
    settles = ListOf(
        Text(SHORT_TEXT_CHARS_MAX, required=True),
        items_max=SET_VALUES_MAX,
        metadata=labelled(zh="核对的字段", en="Registers settled"),
    )
    mends = EditName(metadata=labelled(zh="更正的修改", en="Refused creation that this one mends"))

    @validates_schema(skip_on_field_errors=True)
    def has_its_members(self, data: Mapping[str, object], **_: object) -> None:
        """A creation gives values, a change names its record; neither has members of the other."""
        is_creation = data["do"] == "create"
        foreign = MEMBERS_OF_A_CHANGE if is_creation else MEMBERS_OF_A_CREATION
        errors = {name: ["unknown_field"] for name in foreign & data.keys()}
        needed = "now" if is_creation else "id"
        if data.get(needed) is None:
            errors[needed] = ["required"]
        if errors:
            raise ValidationError(errors)


class RequestHead(Shape):
    """The first line of a sync request."""

    v = Whole(1, INTEGER_MAX, required=True, metadata=labelled(zh="协议版本", en="Protocol version"))
    cursor = Text(LONG_TEXT_CHARS_MAX, metadata=labelled(zh="同步位置", en="Cursor of the last answer"))
    mark = Text(SECRET_CHARS_MAX, metadata=labelled(zh="同步标记", en="Mark of the last answer"))
    owes = Whole(0, INTEGER_MAX, metadata=labelled(zh="尚待上传", en="Edits unsent after this request"))
    now = Stamp(required=True, metadata=labelled(zh="平板时钟", en="The clock that the tablet's stamps use"))
    want = Whole(1, INTEGER_MAX, metadata=labelled(zh="最多行数", en="The most rows wanted"))
    check = YesNo(metadata=labelled(zh="要求校验", en="Tell the digest of each key"))
    again = ListOf(ScopeKey(), items_max=SCOPE_KEYS_MAX, metadata=labelled(zh="重新读取", en="Keys to read once more"))


class Words(Shape):
    """A sentence for people, in both languages."""

    zh = Text(LONG_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="中文", en="Chinese"))
    en = Text(LONG_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="英文", en="English"))


class Outcome(Shape):
    """What became of an edit. Edits that were plainly applied are not listed."""

    edit = EditName(metadata=labelled(zh="修改编号", en="Edit name"))
    line = Whole(1, INTEGER_MAX, metadata=labelled(zh="行号", en="Place among the lines, of one without a name"))
    result = Choice("edit_result", required=True, metadata=labelled(zh="结果", en="Result"))
    code = Text(NAME_CHARS_MAX, metadata=labelled(zh="原因", en="Code"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="字段", en="Field"))
    detail = Part(Words, metadata=labelled(zh="说明", en="Detail"))
    conflicts = ListOf(RecordId(), items_max=SET_VALUES_MAX, metadata=labelled(zh="待核对", en="Conflicts"))
    at = Stamp(metadata=labelled(zh="采用的时间戳", en="Stamp taken, where it is not the line's"))


class AnswerHead(Shape):
    """The first line of a sync answer."""

    v = Whole(1, INTEGER_MAX, required=True, metadata=labelled(zh="协议版本", en="Protocol version"))
    mark = Text(SECRET_CHARS_MAX, required=True, metadata=labelled(zh="同步标记", en="Mark"))
    clock = Stamp(required=True, metadata=labelled(zh="中心时钟", en="The server's clock"))
    through = Whole(0, INTEGER_MAX, required=True, metadata=labelled(zh="已写入版本", en="Revision of these edits"))
    replay = YesNo(required=True, metadata=labelled(zh="需要重传", en="Send retained edits again"))
    outcomes = ListOf(
        Part(Outcome),
        items_max=OUTCOMES_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="结果", en="Outcomes"),
    )


class FeedRow(Shape):
    """A record of the feed at its latest state, or (`gone`) the news that it left the scope."""

    rev = Whole(1, INTEGER_MAX, required=True, metadata=labelled(zh="版本", en="Revision"))
    type = Text(NAME_CHARS_MAX, required=True, metadata=labelled(zh="记录类型", en="Record type"))
    id = RecordId(required=True, metadata=labelled(zh="记录编号", en="Record"))
    keys = ListOf(ScopeKey(), items_max=SCOPE_KEYS_MAX, metadata=labelled(zh="所属范围", en="Keys it is under"))
    doc = MapOf(Anything(), metadata=labelled(zh="内容", en="Field values"))
    dots = MapOf(
        ListOf(EditName(), items_max=SIBLINGS_MAX, required=True, may_be_empty=True),
        metadata=labelled(zh="现有修改", en="Siblings by register, the shown one first"),
    )
    gone = Text(NAME_CHARS_MAX, metadata=labelled(zh="离开原因", en="Why it left the scope"))


class ScopeLine(Shape):
    """A key that is no longer the caller's."""

    scope = ScopeKey(required=True, metadata=labelled(zh="范围", en="Key"))
    gone = YesNo(required=True, metadata=labelled(zh="已失去", en="Lost"))


class LastLine(Shape):
    """The last line of an answer; one without it is broken."""

    cursor = Text(LONG_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="同步位置", en="Cursor"))
    more = YesNo(required=True, metadata=labelled(zh="还有更多", en="More to come"))
    rev = Whole(0, INTEGER_MAX, required=True, metadata=labelled(zh="版本", en="Revision"))
    digests = MapOf(Text(NAME_CHARS_MAX), metadata=labelled(zh="校验值", en="Digests by key"))


class TabletName(Shape):
    """What a tablet says of itself."""

    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="平板名称", en="Tablet name"))


class EnrollRequest(Shape):
    """A tablet asks for a token; the same nonce is answered alike."""

    code = Text(SECRET_CHARS_MAX, required=True, metadata=labelled(zh="注册码", en="Enrolment code"))
    nonce = Text(SECRET_CHARS_MAX, required=True, metadata=labelled(zh="随机数", en="Nonce"))
    tablet = Part(TabletName, required=True, metadata=labelled(zh="平板", en="Tablet"))


class Person(Shape):
    """Somebody who works with Doorstep."""

    id = Name(required=True, metadata=labelled(zh="人员编号", en="Person"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="姓名", en="Name"))
    roles = ListOf(Choice("role"), items_max=SET_VALUES_MAX, metadata=labelled(zh="角色", en="Roles"))


class EnrollAnswer(Shape):
    """The token of a tablet, and whose it is."""

    tablet = Text(NAME_CHARS_MAX, required=True, metadata=labelled(zh="平板编号", en="Tablet"))
    token = Text(SECRET_CHARS_MAX, required=True, metadata=labelled(zh="登录凭证", en="Token"))
    person = Part(Person, required=True, metadata=labelled(zh="人员", en="Person"))
    county = Name(required=True, metadata=labelled(zh="县", en="County"))
    scope = ListOf(
        ScopeKey(),
        items_max=SCOPE_KEYS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="范围", en="Scope keys"),
    )
    clock = Stamp(required=True, metadata=labelled(zh="中心时钟", en="The server's clock"))


class ScopeName(Shape):
    """A key of the scope, and what people call it."""

    key = ScopeKey(required=True, metadata=labelled(zh="范围", en="Key"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))


class Colleague(Shape):
    """A person or a body to whom one may assign a dispute."""

    assignee = Assignee(required=True, metadata=labelled(zh="承办", en="Assignee"))
    name = Text(TITLE_CHARS_MAX, required=True, metadata=labelled(zh="名称", en="Name"))


class Me(Shape):
    """Who the caller is, where they work, and with whom."""

    person = Part(Person, required=True, metadata=labelled(zh="人员", en="Person"))
    county = Name(required=True, metadata=labelled(zh="县", en="County"))
    scope = ListOf(
        Part(ScopeName),
        items_max=SCOPE_KEYS_MAX,
        required=True,
        may_be_empty=True,
        metadata=labelled(zh="范围", en="Scope"),
    )
    colleagues = ListOf(
        Part(Colleague), items_max=SCOPE_KEYS_MAX, metadata=labelled(zh="同事", en="Those one may assign to")
    )


class ProblemDocument(Shape):
    """A refusal of a whole request, `application/problem+json` (RFC 9457). Clients branch on `code` alone."""

    type = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="类型", en="URI of the kind of problem"))
    title = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="标题", en="Title"))
    status = Whole(400, 599, required=True, metadata=labelled(zh="HTTP 状态", en="HTTP status"))
    detail = Text(LONG_TEXT_CHARS_MAX, metadata=labelled(zh="说明", en="Detail, in the language asked for"))
    instance = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="实例", en="URI of this occurrence"))
    code = Text(NAME_CHARS_MAX, required=True, metadata=labelled(zh="原因", en="Code"))
    zh = Text(LONG_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="中文说明", en="Detail in Chinese"))
    en = Text(LONG_TEXT_CHARS_MAX, required=True, metadata=labelled(zh="英文说明", en="Detail in English"))
    field = Text(SHORT_TEXT_CHARS_MAX, metadata=labelled(zh="字段", en="Member at fault"))
