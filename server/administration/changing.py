"""A change of the directory: one transaction with the county locked first.

It appends a line to the log, and takes up the held edits that waited for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import sqlalchemy as sa

from schemas.limits import TITLE_CHARS_MAX
from server.center import Center
from server.push import Lines, Push
from server.store import ledger, tables
from server.store.directory import UnitsCache
from server.store.flight import ask
from server.store.ledger import County
from server.transaction import retrying
from sync import ids
from sync.lines import Values, write
from sync.stamps import stamp

Answer = TypeVar("Answer")


class NotPossibleError(Exception):
    """What was asked cannot be done; the text says why, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class Directory:
    """One open change of the directory."""

    connection: sa.Connection
    county: County
    now: str
    now_ms: int

    def insert(self, table: sa.Table, **values: object) -> None:
        self.connection.execute(sa.insert(table).values(county=self.county.code, **values))

    def require(self, table: sa.Table, column: sa.Column[str], value: str, zh: str, en: str) -> None:
        """Raises NotPossibleError unless a row of the county has this value."""
        asked = sa.select(sa.literal(1)).where(table.c.county == self.county.code, column == value)
        if self.connection.scalar(asked) is None:
            raise NotPossibleError(zh, en)

    def require_unit(self, code: str) -> None:
        self.require(tables.unit, tables.unit.c.code, code, f"没有辖区 {code}", f"There is no unit {code}")

    def require_person(self, person: str) -> None:
        self.require(tables.person, tables.person.c.id, person, f"没有人员 {person}", f"There is no person {person}")

    def require_body(self, body: str) -> None:
        self.require(tables.body, tables.body.c.id, body, f"没有组织 {body}", f"There is no body {body}")


@dataclass(frozen=True, slots=True)
class Changed(Generic[Answer]):
    """What a change did: the answer to who asked for it, the lines that say it in the log (none: nothing was done), and
    what it changed as held edits name it."""

    answer: Answer
    lines: Sequence[Values]
    awaited: Sequence[str] = ()


def changing(center: Center, line: Values, apply: Callable[[Directory], Answer], awaited: Sequence[str] = ()) -> Answer:
    """Applies a change of the directory, logs it as `line`, and takes up the held edits that waited for it."""
    return changing_as_said(center, lambda change: Changed(apply(change), [line], awaited))


def changing_as_said(center: Center, apply: Callable[[Directory], Changed[Answer]]) -> Answer:
    """The same for a change that knows only at its end what it did, if anything."""

    def attempt(connection: sa.Connection, _again: bool) -> Answer:
        county = ask(connection, ledger.locked(center.county(connection).code))
        now_ms = center.clock()
        done = apply(Directory(connection, county, stamp(now_ms), now_ms))
        if done.lines:
            # Not the kept unit tree: this change is in no other transaction's yet.
            push = Push(connection, county, UnitsCache(), now_ms, early=True)
            lines = [write({"at": stamp(now_ms), **line}) for line in done.lines]
            push.work(Lines(directory=lines, awaited=done.awaited))
        return done.answer

    return retrying(center, attempt)


def require_code(code: str) -> None:
    """Raises NotPossibleError where a text cannot be the code of a unit."""
    if not ids.is_person_id(code):
        raise NotPossibleError(
            f"编码 {code} 不可用：应为 1 至 64 个字母、数字、点、横线或下划线",
            f"{code} cannot be a unit's code: 1 to 64 letters, digits, . _ or -",
        )


def called(name: str) -> str:
    """A name as it is kept. Raises NotPossibleError where it says nothing or is too long."""
    kept = name.strip()
    if not 0 < len(kept) <= TITLE_CHARS_MAX:
        raise NotPossibleError(f"名称须为 1 至 {TITLE_CHARS_MAX} 个字", f"A name has 1 to {TITLE_CHARS_MAX} characters")
    return kept
