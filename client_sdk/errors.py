"""Everything that can go wrong on a tablet, as one tree. Callers branch on `code`; `zh` and `en` are for people."""

from collections.abc import Sequence
from typing import Any, ClassVar

from schemas.problems import INVALID, Problem


class TabletError(Exception):
    """`code` names what went wrong, for programs; `zh` and `en` say it in a sentence. `retry_after_s` is given where
    the center asked to wait."""

    code: ClassVar[str] = "tablet-error"
    zh: str = "平板出错"
    en: str = "Something went wrong on the tablet"
    retry_after_s: float | None = None

    def __init__(self, *, zh: str | None = None, en: str | None = None) -> None:
        self.zh, self.en = zh or self.zh, en or self.en
        super().__init__(self.en)

    def __reduce__(self) -> tuple[Any, ...]:
        # From its parts: what each of them is made with differs.
        return _unpickled, (type(self), *self.args), self.__dict__


def _unpickled(kind: type[TabletError], *args: object) -> TabletError:
    return kind.__new__(kind, *args)


class InvalidError(TabletError):
    """The values are not as they must be; nothing was saved. `problems` names each field at fault."""

    code = INVALID

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            zh="；".join(problem.zh for problem in problems), en="; ".join(problem.en for problem in problems)
        )


class RecordUnknownError(TabletError):
    """The store holds no such record."""

    code = "record-unknown"
    zh = "本机没有这条记录"
    en = "This tablet does not have that record"


class DealtWithError(TabletError):
    """The edit is no longer refused: it was mended or discarded meanwhile."""

    code = "dealt-with"
    zh = "这条已处理过"
    en = "This was dealt with already"


class OfflineError(TabletError):
    """The center was not reached, or its answer broke off. Everything is kept; sync again later."""

    code = "offline"
    zh = "无网络,已存本机"
    en = "Offline, kept on this tablet"


class CertificateUntrustedError(TabletError):
    """What answers at the center's address shows a certificate that the tablet does not trust: no request was made."""

    code = "certificate-untrusted"
    zh = "中心的证书不受信任，没有上传；请向管理员索取证书机构文件（--ca-file），不要忽略"
    en = (
        "The center's certificate is not trusted, and nothing was sent; ask your administrator for the certificate "
        "authority's file (--ca-file)"
    )


class AuthorityFileError(TabletError):
    """The file of the private certificate authority is missing, or holds no certificate: no request was made."""

    code = "ca-file-unusable"
    zh = "证书机构文件（--ca-file）不存在或内容不对，没有上传"
    en = "The certificate authority's file (--ca-file) is missing or holds no certificate, and nothing was sent"


class AddressWrongError(TabletError):
    """The center's address is none, or no center is there. `zh` and `en` say what is wrong with it."""

    code = "address-wrong"
    zh = "中心地址有误"
    en = "The center's address is wrong"


class EnrolAgainError(TabletError):
    """The center does not know this tablet's token. Everything is kept: enrol again, into the same store."""

    code = "token-unknown"
    zh = "登录凭证无效，请重新注册平板；内容都已保留"
    en = "The center no longer knows this tablet; enrol it again. Everything is kept"


class RevokedError(TabletError):
    """The tablet is revoked. `wiped` says whether its records are gone from it; what it owed was handed over first."""

    code = "tablet-revoked"
    zh = "这台平板已停用"
    en = "This tablet is revoked"

    def __init__(self, *, wiped: bool) -> None:
        self.wiped = wiped
        super().__init__()


class PersonDiffersError(TabletError):
    """The enrolment code belongs to somebody else than the store does, or to another county. Nothing of the store's
    work is touched, but the code is spent: its person needs a new one, and a store of their own."""

    code = "person-differs"
    zh = "注册码属于另一个人；一个人用一份本机数据。这个注册码已用掉，请另取新码，注册到另一份本机数据"
    en = (
        "This enrolment code belongs to another person; a store holds one person's work. The code is spent now: ask "
        "for a new one, and enrol into another store"
    )


class CenterError(TabletError):
    """The center refused a request as a whole. `problem` is its code. Everything is kept."""

    code = "center-refused"

    def __init__(self, problem: str, *, zh: str, en: str, retry_after_s: float | None = None) -> None:
        self.problem, self.retry_after_s = problem, retry_after_s
        super().__init__(zh=zh, en=en)


class StoreError(TabletError):
    """The store could not be read or written (a full disk, a damaged file). Nothing is half-written."""

    code = "store-failed"
    zh = "本机存储出错，本次没有保存"
    en = "The store could not be read or written, and nothing was saved"


class StoreClosedError(StoreError):
    """The store was closed, by `Tablet.close()` here or in another thread."""

    code = "store-closed"
    zh = "本机数据已关闭"
    en = "The store was closed"


class StoreForkedError(StoreError):
    """The store was open when this process was forked from another. SQLite's locks do not come along: what is saved
    here could be lost, through the open connection and through a new one."""

    code = "store-forked"
    zh = "本进程由已打开本机数据的进程分出，不能使用这份数据；请先关闭再分出，或另起进程"
    en = "This process was forked from one that had the store open; close it before the fork, or start a process anew"


class StoreMissingError(StoreError):
    """There is no store at the path, or nobody has been enrolled into it."""

    code = "store-missing"
    zh = "本机尚未注册"
    en = "This tablet is not enrolled yet"


class StoreMovedError(StoreError):
    """The store's file was moved, deleted or replaced while it was open: nobody would find again what is saved now.
    What the store has can still be read, and handed over by a sync, until it is closed."""

    code = "store-moved"
    zh = "本机数据文件在使用中被移走、删除或替换，本次没有保存；请先同步，把文件放回原处，再重新打开"
    en = (
        "The store's file was moved, deleted or replaced while it was open, and nothing was saved; sync, put it back, "
        "and open the store anew"
    )


class StoreForeignError(StoreError):
    """The file at the path is something else than a tablet's store. It is left as it is."""

    code = "store-foreign"
    zh = "这个文件不是平板的数据文件，未作改动"
    en = "This file is not a tablet's store; it was left as it is"


class StoreNewerError(StoreError):
    """The store was written by a newer app."""

    code = "store-newer"
    zh = "本机数据由更新版本的应用写成，请升级应用"
    en = "The store was written by a newer app; upgrade this one"
