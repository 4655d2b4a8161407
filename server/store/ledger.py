"""The county's counter row: revisions, and the edit log's hash chain.

It is locked late, just before the writes and the commit, and held until the commit: so revisions become visible in
their order, and a feed that has read up to one never misses an earlier one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import sqlalchemy as sa

from server.store import bulk
from server.store.flight import Question, Sender
from server.store.tables import county, edit_log
from sync import chain, lines, stamps
from sync.cursor import Mark

Given = TypeVar("Given")

BLANK = b""
"""What stands in the place of a line that was erased. Its hash stays."""


class NoCountyError(LookupError):
    """The database holds no county, or several and the settings name none."""


@dataclass(frozen=True, slots=True)
class County:
    """The county as a transaction first saw it."""

    code: str
    name: str
    timezone: str
    revision: int
    log_revision: int
    head: bytes
    directory_revision: int
    release: str

    @property
    def mark(self) -> Mark:
        return Mark(self.log_revision, chain.tag(self.head))


COLUMNS = tuple(county.c[each.name] for each in fields(County))
NAMED = county.c.code == sa.func.coalesce(sa.bindparam("code", type_=sa.Text), county.c.code)
"""The county `code`; where that is null, the only one."""


def only(rows: Sequence[Given]) -> Given:
    """The row of the county that was asked for by `NAMED`. Raises NoCountyError."""
    if len(rows) != 1:
        raise NoCountyError("no county: run `doorstep init`" if not rows else "several counties: set DOORSTEP_COUNTY")
    return rows[0]


_COUNTY = sa.select(*COLUMNS).where(NAMED).limit(2)


def county_named(code: str | None) -> Question[County]:
    """The county of this server. Raises NoCountyError."""
    rows = yield _COUNTY, {"code": code}
    return County(*only(rows))


_LOCKED = sa.select(*COLUMNS).where(county.c.code == sa.bindparam("code")).with_for_update()


def locked(code: str) -> Question[County]:
    """Locks the counter row until the end of the transaction and gives it as it is now."""
    rows = yield _LOCKED, {"code": code}
    return County(*only(rows))


_HEADS = sa.select(edit_log.c.revision, edit_log.c.head).where(
    edit_log.c.county == sa.bindparam("county"), bulk.among(edit_log.c.revision, "revisions")
)


def known_marks(county: County, marks: Iterable[Mark]) -> Question[set[Mark]]:
    """Those of the marks that this log gave. After a restore to an earlier moment it does not know the later ones."""
    wanted = set(marks)
    found = {Mark(0, chain.tag(chain.START)), county.mark}
    asked = sorted({mark.revision for mark in wanted - found})
    if asked:
        rows = yield _HEADS, {"county": county.code, "revisions": asked}
        found |= {Mark(revision, chain.tag(head)) for revision, head in rows}
    return wanted & found


@dataclass(slots=True)
class Ledger:
    """Hands out the revisions of one transaction, log lines first, and writes the counter at its end."""

    county: County
    receipt_ms: int
    directory_changed: bool = False
    log: list[dict[str, Any]] = field(default_factory=list)
    _taken: int = 0

    def append(self, kind: str, line: bytes, **columns: object) -> None:
        """Adds a log line. Must come before any `next_revision`: log lines take the transaction's first revisions."""
        self._append(kind, line, lines.digest(line), columns)

    def append_blank(self, kind: str, digest: bytes, **columns: object) -> None:
        """Adds a log line of which nothing but its hash may be kept."""
        self._append(kind, BLANK, digest, columns)

    def _append(self, kind: str, line: bytes, digest: bytes, columns: Mapping[str, object]) -> None:
        if self._taken != len(self.log):
            raise ValueError("log lines take the first revisions of their transaction")
        revision = self.next_revision()
        head = chain.extend(self._head, revision, self.receipt_ms, digest)
        self.log.append(
            {
                **dict.fromkeys(_OUTCOME_COLUMNS),
                **columns,
                "county": self.county.code,
                "revision": revision,
                "kind": kind,
                "line": line,
                "digest": digest,
                "receipt_ms": self.receipt_ms,
                "head": head,
            }
        )

    def next_revision(self) -> int:
        self._taken += 1
        return self.county.revision + self._taken

    @property
    def revision(self) -> int:
        """The last revision handed out."""
        return self.county.revision + self._taken

    @property
    def _head(self) -> bytes:
        return bytes(self.log[-1]["head"]) if self.log else self.county.head

    @property
    def mark(self) -> Mark:
        return Mark(self.log[-1]["revision"] if self.log else self.county.log_revision, chain.tag(self._head))

    def write(self, sender: Sender) -> None:
        """Writes the log lines and the counter."""
        if not self.log:
            raise ValueError("every transaction that takes revisions appends a log line")
        bulk.insert(sender, edit_log, self.log)
        sender.execute(
            _COUNT_ON,
            {
                "same_code": self.county.code,
                "revision": self.revision,
                "log_revision": self.log[-1]["revision"],
                "head": self._head,
                "directory_revision": self._directory_revision,
            },
        )

    @property
    def _directory_revision(self) -> int:
        """Rises with each change of the directory, and by the clock: a server process that lived through a restore of
        its database must not take the first change after it for one that it has seen before."""
        before = self.county.directory_revision
        return max(before + 1, self.receipt_ms) if self.directory_changed else before

    @property
    def receipt(self) -> str:
        """The moment of this transaction as a stamp."""
        return stamps.stamp(self.receipt_ms)


_COUNT_ON = (
    sa.update(county)
    .where(county.c.code == sa.bindparam("same_code"))
    .values({name: sa.bindparam(name) for name in ("revision", "log_revision", "head", "directory_revision")})
)

_OUTCOME_COLUMNS = (
    "name", "tablet", "author", "type", "record", "stamp", "judged", "result", "code", "field", "detail", "conflicts",
)  # fmt: skip
