"""Every code that an answer can carry, with what it says to a person. Clients branch on the code alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why one line was refused or is held."""

    LINE_MALFORMED = "line-malformed"
    LINE_TOO_LONG = "line-too-long"
    EDIT_REUSED = "edit-reused"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_FIELD = "unknown-field"
    UNKNOWN_RECORD = "unknown-record"
    INVALID = "invalid"
    NOT_ALLOWED = "not-allowed"
    ILLEGAL_MOVE = "illegal-move"
    NEWER_SCHEMA = "newer-schema"
    SERVER_ERROR = "server-error"
    ERASED = "erased"
    TABLET_REVOKED = "tablet-revoked"
    """Held: handed over by a tablet that was revoked."""


class Result(StrEnum):
    """What became of an edit. Held ends in one of the others."""

    APPLIED = "applied"
    CONFLICT = "conflict"
    REFUSED = "refused"
    HELD = "held"


ADMITTED = frozenset({Result.APPLIED, Result.CONFLICT})


@dataclass(frozen=True, slots=True)
class Detail:
    """The words of a code for a person, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A refusal of a whole request: RFC 9457 problem+json with this status."""

    code: str
    status: int
    detail: Detail


DETAILS: Mapping[Code, Detail] = {
    Code.LINE_MALFORMED: Detail("这一行不是有效的 JSON 对象", "This line is not a valid JSON object"),
    Code.LINE_TOO_LONG: Detail("这一行超过 64 KiB", "This line is over 64 KiB"),
    Code.EDIT_REUSED: Detail("这个编号已用于另一条修改", "This name already belongs to another edit"),
    Code.UNKNOWN_TYPE: Detail("没有这种记录", "There is no such type of record"),
    Code.UNKNOWN_FIELD: Detail("没有这一项", "There is no such field"),
    Code.UNKNOWN_RECORD: Detail(
        "中心还没有这条记录，已保留，收到后处理", "The center does not have this record yet; kept until it does"
    ),
    Code.INVALID: Detail("有内容缺失或填写有误", "Something is missing or wrong"),
    Code.NOT_ALLOWED: Detail("您没有这项权限", "This is not yours to do"),
    Code.ILLEGAL_MOVE: Detail("不能这样变更办理状态", "The case cannot move this way"),
    Code.NEWER_SCHEMA: Detail(
        "平板版本较新，中心升级后处理", "Written by a newer app; kept until the center is upgraded"
    ),
    Code.SERVER_ERROR: Detail(
        "中心处理出错，已保留，修复后自动处理", "The center failed on this line; kept until it is mended"
    ),
    Code.ERASED: Detail("这条内容已依法删除", "This was erased"),
    Code.TABLET_REVOKED: Detail(
        "这台平板已停用，内容已保留，待中心处理", "This tablet is revoked; its work is kept for staff to decide"
    ),
}

_PROBLEMS = (
    ProblemKind(
        "token-unknown", 401, Detail("登录凭证无效，请重新注册平板", "The token is not known; enrol this tablet again")
    ),
    ProblemKind("code-unknown", 401, Detail("注册码无效", "This enrolment code is not known")),
    ProblemKind("code-spent", 410, Detail("注册码已使用或已过期", "This enrolment code was used or has expired")),
    ProblemKind(
        "signature-wrong",
        401,
        Detail("签名不符，或时间相差过大", "The signature is not right, or its time is too far from ours"),
    ),
    ProblemKind("tablet-revoked", 403, Detail("这台平板已停用", "This tablet is revoked")),
    ProblemKind("not-allowed", 403, Detail("您没有这项权限", "This is not yours to do")),
    ProblemKind("malformed", 400, Detail("请求无法读取", "The request could not be read")),
    ProblemKind("cursor-unknown", 400, Detail("同步位置无法识别", "The cursor is not one of ours")),
    ProblemKind("not-found", 404, Detail("没有这个地址", "There is nothing at this address")),
    ProblemKind("method-unknown", 405, Detail("这个地址不支持此操作", "This address does not take that method")),
    ProblemKind("not-held", 409, Detail("这条修改已有人处理", "Somebody has decided this already")),
    ProblemKind(
        "not-released",
        409,
        Detail(
            "不能放行：所写的记录还不在，或您无权这样写", "What it writes to is not there, or not yours to write so"
        ),
    ),
    ProblemKind("length-required", 411, Detail("请求缺少长度", "The request must say its Content-Length")),
    ProblemKind("too-large", 413, Detail("请求过大，请分批上传", "The request is too large; send less at once")),
    ProblemKind("media-unknown", 415, Detail("不支持这种编码", "This encoding is not supported")),
    ProblemKind("invalid", 422, Detail("请求中有内容缺失或填写有误", "Something in the request is missing or wrong")),
    ProblemKind("slow-down", 429, Detail("请求过多，请稍后再试", "Too many requests; try again later")),
    ProblemKind(
        "internal", 500, Detail("中心出错，平板上的内容不受影响", "The center failed; nothing on the tablet is lost")
    ),
    ProblemKind(
        "unavailable", 503, Detail("中心暂时不可用，请稍后再试", "The center is unavailable for now; try again later")
    ),
)
PROBLEMS: Mapping[str, ProblemKind] = {kind.code: kind for kind in _PROBLEMS}
UNSEEN = Detail("没有这条内容，或不在您的范围内", "There is no such thing, or it is not in your scope")
"""What `not-found` says of a thing that was asked for by its name, in place of the code's own words."""
