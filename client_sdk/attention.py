"""What needs its author: edits that were refused, and edits that the center holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from client_sdk.desk import Desk
from client_sdk.next_steps import next_steps
from client_sdk.outbox import Kept
from client_sdk.record import Record
from client_sdk.schema import State
from sync import lines
from sync.codes import Code, Detail

_UNEXPLAINED = Detail("中心没有说明原因", "The center gave no reason")


@dataclass(frozen=True, slots=True)
class Item:
    """An edit with an outcome that its author should know. `values` is what it gave (of a set: what it added), `zh`
    and `en` say the code to a person (of an illegal move, also which are legal from what is shown now), `member` is
    the field at fault where there is one."""

    edit: str
    type: str
    record: str
    do: str
    at: str
    code: str
    member: str | None
    zh: str
    en: str
    values: Mapping[str, Any]
    _line: bytes = field(repr=False)
    _desk: Desk = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Held(Item):
    """The center keeps it and will judge it once what it waits for is there: nothing to do but know."""


@dataclass(frozen=True, slots=True)
class Refused(Item):
    """Kept here until it is mended or discarded."""

    def mend(self, **changes: object) -> Record:
        """Saves a new edit with this one's values and `changes`; this one then leaves the list.

        A creation is made again under the same id. A change is made anew on what is shown now.
        Raises InvalidError, RecordUnknownError (then this one stays), DealtWithError."""
        members: dict[str, Any] = lines.read(self._line)
        if self.do == "create":
            return self._desk.create_instead(self.type, self.record, changes, self.edit)
        given = {**members.get("now", {}), **changes}
        shown = self._desk.record(self.type, self.record)
        for name in {*members.get("add", {}), *members.get("remove", {})} - changes.keys():
            standing = set(shown.document.get(name) or ()) | set(members.get("add", {}).get(name, ()))
            given[name] = sorted(standing - set(members.get("remove", {}).get(name, ())))
        settles = [name for name in members.get("settles", ()) if name in given]
        return self._desk.change(self.type, self.record, given, settles=settles, instead_of=self.edit)

    def discard(self) -> None:
        """Takes it off the list. What it says is no longer shown, but stays in the history for the retention time.

        Raises DealtWithError."""
        self._desk.discard(self.edit)


def attention(desk: Desk) -> list[Item]:
    """The refused and held edits, in the order in which they were made."""
    return [_item(desk, kept) for kept in desk.outbox.needing_attention()]


def _item(desk: Desk, kept: Kept) -> Item:
    members: dict[str, Any] = lines.read(kept.line.line)
    detail = kept.detail or _UNEXPLAINED
    if (kept.state, kept.code) == (State.REFUSED, Code.ILLEGAL_MOVE):
        shown = desk.views.get(kept.line.type, kept.line.record)
        steps = next_steps(None if shown is None else shown.document, desk.roles)
        detail = Detail(f"{detail.zh}；{steps.zh}", f"{detail.en}; {steps.en}")
    return (Held if kept.state is State.HELD else Refused)(
        edit=kept.line.edit,
        type=kept.line.type,
        record=kept.line.record,
        do=members["do"],
        at=members["at"],
        code=kept.code or "",
        member=kept.field,
        zh=detail.zh,
        en=detail.en,
        values={**members.get("now", {}), **members.get("add", {})},
        _line=kept.line.line,
        _desk=desk,
    )
