"""Lines as tablets of the small county write them: short to say in a story."""

from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import Any

from sync import ids, lines, stamps
from tests.laws.county import BEGIN_MS, GRID

_numbers = count(1)

HOUSEHOLD: Mapping[str, object] = {"unit": GRID, "address": "1 Canal Lane"}
DISPUTE: Mapping[str, object] = {
    "unit": GRID,
    "category": "neighbours",
    "source": "found_by_grid",
    "title": "Fence",
    "summary": "Quiet. Dog.",
    "parties": [{"role": "applicant", "kind": "person", "name": "Gao"}],
    "difficulty": "simple",
    "violence_likely": False,
    "tier": "grid",
    "status": "reported",
    "registered_by": "wang",
}
VISIT: Mapping[str, object] = {
    "unit": GRID,
    "visited_at": "2026-11-21T08:00:00Z",
    "visitor": "wang",
    "mode": "door",
    "result": "met",
    "purposes": ["errand"],
}
ENTRY: Mapping[str, object] = {"kind": "note", "at": "2026-11-21T08:00:00Z", "by": "wang"}
KINDS = {"household": HOUSEHOLD, "dispute": DISPUTE, "visit": VISIT, "entry": ENTRY}


def at(seconds: float) -> str:
    """The stamp of a moment of the evening."""
    return stamps.stamp(BEGIN_MS + int(seconds * 1000))


def name(line: bytes) -> str:
    return str(lines.read(line)["edit"])


def new_name() -> str:
    return ids.edit_name(BEGIN_MS, next(_numbers))


def created(
    kind: str,
    by: str = "wang",
    seconds: float = 0,
    /,
    *,
    mends: bytes | str | None = None,
    edit: str = "",
    **now: object,
) -> bytes:
    """A creation; what `now` says replaces what such a record usually says. `edit`: its name, else a new one."""
    return lines.write(
        {
            "edit": edit or new_name(),
            "schema": 1,
            "by": by,
            "do": "create",
            "type": kind,
            "at": at(seconds),
            "mends": name(mends) if isinstance(mends, bytes) else mends,
            "now": {field: value for field, value in {**KINDS[kind], **now}.items() if value is not None},
        }
    )


def changed(
    record: bytes | str,
    by: str = "wang",
    seconds: float = 1,
    /,
    *,
    kind: str = "dispute",
    over: Mapping[str, Sequence[bytes | str]] | None = None,
    settles: Sequence[str] = (),
    was: Mapping[str, object] | None = None,
    add: Mapping[str, Sequence[str]] | None = None,
    remove: Mapping[str, Sequence[str]] | None = None,
    edit: str = "",
    **now: object,
) -> bytes:
    """A change of the record that a line created (or that has this id). `over` names lines or edits by register."""
    named = {
        register: [name(each) if isinstance(each, bytes) else each for each in each_over]
        for register, each_over in (over or {}).items()
    }
    return lines.write(
        {
            "edit": edit or new_name(),
            "schema": 1,
            "by": by,
            "do": "change",
            "type": kind,
            "id": name(record) if isinstance(record, bytes) else record,
            "at": at(seconds),
            "over": named or None,
            "settles": list(settles) or None,
            "was": was,
            "now": now or None,
            "add": add,
            "remove": remove,
        }
    )


def group(status: str, tier: str = "grid", assignee: str | None = None) -> dict[str, object]:
    return {"status": status, "tier": tier, "assignee": assignee}


START = group("reported")


def moved(
    record: bytes | str,
    by: str,
    seconds: float,
    was: Mapping[str, object],
    now: Mapping[str, object],
    *over: bytes,
    settles: bool = False,
) -> bytes:
    """A step of the workflow, from a value that the edits `over` gave."""
    named = {"status": over} if over else None
    given: dict[str, Any] = dict(now)
    return changed(record, by, seconds, over=named, settles=["status"] if settles else (), was=was, **given)


def path(record: bytes, by: str, *statuses: str) -> list[bytes]:
    """Steps one after another, each from the one before; the first from the creation."""
    steps = [record]
    for seconds, (was, now) in enumerate(pairwise(("reported", *statuses)), start=1):
        steps.append(moved(record, by, seconds, group(was), group(now), steps[-1]))
    return steps[1:]
