"""The outbox: every edit made here, what is still to be sent of it, and what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass

from client_sdk.schema import State
from client_sdk.store import Store
from schemas.catalog import CATALOG
from sync import edits
from sync.codes import ADMITTED, DETAILS, Code, Detail, Result
from sync.edits import Do, Edit
from sync.frames import Outcome
from sync.limits import RETENTION_DAYS

DAY_MS = 24 * 60 * 60 * 1000

# What is about a record (?1) of a type (?2): its creation, which has its name, and all that names it.
_ABOUT = "(edit = ?1 AND record = ?1 OR record = ?1 AND record <> edit) AND type = ?2"
_OVERLAID = "passed = 0 AND state IN ('new', 'acked', 'held')"
# A refused line is sent again to a restored center only where another line of the record builds on it: the center
# must know it to make sense of that one.
_STILL_NAMED = """state IN ('refused', 'discarded') AND EXISTS (
    SELECT 1 FROM outbox AS later WHERE later.record = outbox.record AND later.record <> later.edit
    AND later.seq > outbox.seq AND instr(later.line, CAST(outbox.edit AS BLOB)))"""


@dataclass(frozen=True, slots=True)
class Line:
    """One edit of the outbox. `record` is what it is about: the first id, for a creation that mends another."""

    edit: str
    type: str
    record: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """One edit of the outbox with what is known of its outcome. `detail` says it to people, where there is a code."""

    line: Line
    state: State
    unsent: bool
    code: str | None
    field: str | None
    detail: Detail | None


_KEPT = "SELECT edit, type, record, line, state, unsent, code, field, zh, en FROM outbox"


class Outbox:
    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, line: Line, stamp: str) -> None:
        self._store.run(
            "INSERT INTO outbox (edit, line, type, record, stamp) VALUES (?, ?, ?, ?, ?)",
            line.edit,
            line.line,
            line.type,
            line.record,
            stamp,
        )

    # -- what is to be sent

    def waiting(self) -> int:
        return int(self._store.value("SELECT count(*) FROM outbox WHERE unsent = 1"))

    def next(self, lines_max: int, bytes_max: int) -> list[Line]:
        """The oldest unsent lines, at most so many and (but for a first one) so many bytes."""
        taken: list[Line] = []
        for row in self._store.rows(
            "SELECT edit, type, record, line FROM outbox WHERE unsent = 1 ORDER BY seq LIMIT ?", lines_max
        ):
            line = Line(*row)
            bytes_max -= len(line.line) + 1
            if taken and bytes_max < 0:
                break
            taken.append(line)
        return taken

    def owes_on(self, record_type: str, record: str) -> bool:
        owed = f"SELECT 1 FROM outbox WHERE {_ABOUT} AND unsent = 1 LIMIT 1"  # noqa: S608 - the conditions stand above
        return self._store.row(owed, record, record_type) is not None

    def send_again(self) -> None:
        """Marks what the tablet still has as unsent, for a center whose past differs. What was shown stays shown."""
        self._store.run("UPDATE outbox SET through = NULL WHERE state = ?", State.ACKED)
        self._store.run(f"UPDATE outbox SET unsent = 1 WHERE state IN ('acked', 'held') OR {_STILL_NAMED}")  # noqa: S608

    # -- what came of it

    def take(self, edit: str, outcome: Outcome, through: int, clock_ms: int) -> None:
        """The answer to a line that was sent."""
        self._store.run("UPDATE outbox SET unsent = 0 WHERE edit = ?", edit)
        self.decide(edit, outcome, through, clock_ms)

    def decide(self, edit: str, outcome: Outcome, through: int, clock_ms: int) -> None:
        """The outcome of an edit, in an answer or later in the feed."""
        if outcome.code == Code.ERASED:
            self._blank("edit = ?", edit)
            return
        if outcome.result in ADMITTED:
            state, code, field, detail = State.ACKED, None, None, None
        else:
            state = State.HELD if outcome.result is Result.HELD else State.REFUSED
            code, field, detail = outcome.code, outcome.field, outcome.detail or _words(outcome.code)
        self._store.run(
            """UPDATE outbox SET state = ?, code = ?, field = ?, zh = ?, en = ?, through = ?, outcome_ms = ?,
            passed = CASE WHEN ? THEN 0 ELSE passed END
            WHERE edit = ? AND state <> 'erased' AND NOT (state = 'discarded' AND ?)""",
            state,
            code,
            field,
            detail and detail.zh,
            detail and detail.en,
            through,
            clock_ms,
            state is State.HELD,  # What is held is shown on top, also where it had been applied before a restore.
            edit,
            state is State.REFUSED,  # What its author dealt with stays so.
        )

    def pass_through(self, revision: int) -> list[tuple[str, str]]:
        """The feed has come up to a revision in every key: what it brought needs no overlay. Gives (type, record)."""
        condition = "passed = 0 AND state = 'acked' AND through <= ?"
        found = self._store.rows(f"SELECT DISTINCT type, record FROM outbox WHERE {condition}", revision)  # noqa: S608
        self._store.run(f"UPDATE outbox SET passed = 1 WHERE {condition}", revision)  # noqa: S608
        return [(record_type, record) for record_type, record in found]

    def prune(self, clock_ms: int) -> None:
        """Forgets acknowledged and discarded edits once their time is over, by the center's clock; but the newest line
        stays, for the next one's number and stamp to follow."""
        self._store.run(
            """DELETE FROM outbox WHERE unsent = 0 AND outcome_ms < ? AND seq < (SELECT max(seq) FROM outbox)
            AND (state IN ('discarded', 'erased') OR state = 'acked' AND passed = 1)""",
            clock_ms - RETENTION_DAYS * DAY_MS,
        )

    def erase(self, record_type: str, record: str) -> None:
        """Blanks what was said of a record, but for lines that the center has not judged yet."""
        self._blank(f"{_ABOUT} AND state <> 'new'", record, record_type)

    def _blank(self, condition: str, *names: str) -> None:
        self._store.run(
            f"""UPDATE outbox SET line = x'', state = 'erased', unsent = 0, code = NULL, field = NULL, zh = NULL,
            en = NULL WHERE {condition}""",  # noqa: S608 - the conditions stand above
            *names,
        )

    def discard(self, edit: str) -> bool:
        """Whether there was a refused edit of this name."""
        changed = self._store.run("UPDATE outbox SET state = 'discarded' WHERE edit = ? AND state = 'refused'", edit)
        return changed > 0

    # -- reading

    def find(self, edit: str) -> Kept | None:
        found = self._store.row(f"{_KEPT} WHERE edit = ?", edit)
        return None if found is None else _kept(found)

    def needing_attention(self) -> list[Kept]:
        return [_kept(row) for row in self._store.rows(f"{_KEPT} WHERE state IN ('refused', 'held') ORDER BY seq")]

    def of_record(self, record_type: str, record: str) -> list[Kept]:
        """Every edit of a record that is still here, oldest first."""
        condition = f"{_ABOUT} AND state <> 'erased'"
        return [_kept(row) for row in self._store.rows(f"{_KEPT} WHERE {condition} ORDER BY seq", record, record_type)]

    def overlay(self, record_type: str, record: str) -> list[Edit]:
        """The edits that stand on top of a record, in the order in which they were made, its creation first: one that
        mends comes after changes that waited for it."""
        condition = f"{_ABOUT} AND {_OVERLAID}"
        found = self._store.rows(
            f"SELECT edit, type, record, line FROM outbox WHERE {condition} ORDER BY seq",  # noqa: S608
            record,
            record_type,
        )
        return sorted(read_all(Line(*row) for row in found), key=lambda edit: edit.do is not Do.CREATE)


def read_all(lines: Iterable[Line]) -> list[Edit]:
    """The edits of lines, each about its record. A line that this app cannot read (it can always read its own, but a
    store may have been written by a newer one) shows nothing."""
    found = []
    for line in lines:
        edit = edits.read(line.line, CATALOG)
        if isinstance(edit, Edit):
            found.append(edit.about(line.record))
    return found


def _kept(row: tuple[str, str, str, bytes, str, int, str | None, str | None, str | None, str | None]) -> Kept:
    edit, record_type, record, line, state, unsent, code, field, zh, en = row
    detail = None if zh is None or en is None else Detail(zh, en)
    return Kept(Line(edit, record_type, record, line), State(state), bool(unsent), code, field, detail)


def _words(code: str | None) -> Detail | None:
    return DETAILS[Code(code)] if code in set(Code) else None
