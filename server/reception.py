"""One request in its transaction: which of its lines are new, by which dates they count, what each came to."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from server.asked import Asked
from server.push import Lines, Push, Stray
from server.store import log, tablets
from server.store.flight import Sender
from server.store.log import LoggedEdit
from server.store.tablets import Caller
from sync import stamps
from sync.admission import Wait
from sync.batch import Arrival, Decision
from sync.codes import DETAILS, Code, Result
from sync.cursor import Cursor, Mark
from sync.edits import Edit, Unread
from sync.frames import Outcome
from sync.lines import digest
from sync.scope import Person
from sync.stamps import stamp


@dataclass(slots=True)
class Reception:
    """What a caller asked, in one transaction. `holds_all`: whether its lines are held unread, since they could not be
    taken otherwise.

    What the log knows of it is said once it has been asked: see `learn`."""

    token: str
    push: Push
    caller: Caller
    asked: Asked
    holds_all: bool
    receipt: str = field(init=False)
    """The moment of the transaction as a stamp."""
    person: Person = field(init=False)
    replay: bool = field(init=False)
    known: Mapping[str, LoggedEdit] = field(init=False)
    _first: dict[str, bytes] = field(init=False)
    """The caller's own lines by their names, of which each counts once."""

    def __post_init__(self) -> None:
        self.receipt = stamp(self.push.now_ms)
        self._first = {}
        for line in self.asked.lines:
            if line.name is not None and line.by == self.caller.person:
                self._first.setdefault(line.name, line.line)

    def learn(self, person: Person, marks: AbstractSet[Mark], known: Mapping[str, LoggedEdit]) -> None:
        """Takes who the caller is, and which marks and edits the log knows."""
        self.person, self.known = person, known
        self.replay = not marks >= set(self.asked.marks)

    @property
    def subjects(self) -> set[str]:
        """The edits that it hands over, and the records that they are about."""
        named = [(line.name, line.record) for line in self.asked.lines]
        return {name for names in named for name in names if name is not None}

    @property
    def cursor(self) -> Cursor | None:
        """From where to go on; None from the beginning."""
        return None if self.replay else self.asked.cursor

    @property
    def is_plain(self) -> bool:
        """Whether all that it brings are edits of its author's that can be read, and mend nothing."""
        return self.caller.revoked_at is None and all(
            isinstance(line, Edit) and line.mends is None and line.by == self.caller.person for line in self.asked.lines
        )

    @property
    def is_turned_away(self) -> bool:
        """Whether its tablet is revoked and brings nothing. Where the log has lost something of its past, the tablet is
        first told to begin again: it would wipe itself, and with it the last copy of what a restored center lacks."""
        return self.caller.revoked_at is not None and not self.asked.lines and not self.replay

    def work(self) -> Lines:
        """Those of the lines that are new."""
        lines = self.asked.lines
        strays = {digest(line.line): line.line for line in lines if self._is_stray(line)}
        kept = log.strays(self.push.connection, self.push.county.code, strays)
        new = {
            line.name: line
            for line in reversed(lines)
            if line.name in self._first and line.line == self._first[line.name]
        }
        arrivals = self._arrivals([line for name, line in reversed(new.items()) if name not in self.known])
        tablet, author = self.caller.tablet, self.caller.person
        return Lines(
            arrivals=arrivals,
            tablets=dict.fromkeys((arrival.name for arrival in arrivals), tablet),
            strays=[Stray(line, tablet, author) for name, line in strays.items() if name not in kept],
            author=author,
        )

    def _is_stray(self, line: Edit | Unread) -> bool:
        """Whether the line has no name of its own: none that can be read, one that other bytes bear, or one that is
        only its author's to take: the line may still come from them."""
        if line.name is None:
            return True
        if line.name in self.known and self.known[line.name].outcome.code == Code.ERASED:
            return False  # Whatever bytes bear an erased name, they are not to be kept.
        return line.line != (self.known[line.name].line if line.name in self.known else self._first.get(line.name))

    def note(self, sender: Sender) -> None:
        """Remembers what this request said of what is still owed."""
        head = self.asked.head
        now = None if self.replay else stamps.corrected_now(head.now, self.receipt)
        tablets.heard(sender, self.push.county.code, self.caller.tablet, self.receipt, now, head.owes)

    # -- dates

    def _arrivals(self, new: Sequence[Edit | Unread]) -> list[Arrival]:
        caller, head = self.caller, self.asked.head
        floor = max(caller.enrolled_at, caller.owed_nothing_at or "")
        announced = caller.announced
        arrivals = []
        for line in new:
            at = line.at if line.at is not None and stamps.is_stamp(line.at) else self.receipt
            at = stamps.taken(at, head.now, self.receipt, floor)
            earliest = caller.owed_nothing_at or ""
            if announced is not None and caller.last_now is not None and at <= caller.last_now:
                # Older than the last request: as many as that one announced may be, no more.
                earliest = earliest if announced > 0 else max(earliest, caller.last_now)
                announced -= 1
            # Never later than the receipt, also where the server's own clock was set back since that request.
            judged = min(max(at, earliest), self.receipt)
            stamped = line.stamped(at) if isinstance(line, Edit) else replace(line, at=at)
            arrivals.append(Arrival(stamped, judged, self._verdict()))
        return arrivals

    def _verdict(self) -> Wait | None:
        """What is decided before any line is looked at."""
        if self.caller.revoked_at is not None:
            return Wait(Code.TABLET_REVOKED, None, frozenset())
        return Wait(Code.SERVER_ERROR, None, frozenset({"release"})) if self.holds_all else None

    # -- outcomes

    def outcomes(self, decisions: Mapping[str, Decision]) -> list[Outcome]:
        """What became of each line, in their order."""
        outcomes = []
        for number, line in enumerate(self.asked.lines, 1):
            if line.name is None:
                outcomes.append(Outcome(Result.REFUSED, line=number, code=line.code, field=line.field))
            elif self._is_stray(line):
                code, field = _why_stray(line, is_taken=line.name in self.known or line.name in self._first)
                place = number if code is Code.EDIT_REUSED else None
                outcomes.append(Outcome(Result.REFUSED, edit=line.name, line=place, code=code, field=field))
            elif line.name in decisions:
                decision = decisions[line.name]
                outcomes.append(_as_outcome(decision, _moved(line, decision.arrival.line.at)))
            else:
                stored = self.known[line.name]
                outcomes.append(replace(stored.outcome, at=_moved(line, stored.stamp)))
        return outcomes


def _why_stray(line: Edit | Unread, *, is_taken: bool) -> tuple[Code, str | None]:
    """The code and the field of a line whose name is not its own."""
    if is_taken:
        return Code.EDIT_REUSED, None
    if isinstance(line, Unread) and not line.held:
        return line.code, line.field
    return Code.NOT_ALLOWED, "by"


def _moved(line: Edit | Unread, taken: str | None) -> str | None:
    """The stamp that was taken, where it is not the one that the line says."""
    return taken if isinstance(line, Edit) and taken != line.at else None


def _as_outcome(decision: Decision, moved: str | None) -> Outcome:
    """A decision as its author is told. `moved`: the stamp that was taken, where the line says another."""
    return Outcome(
        result=decision.result,
        edit=decision.arrival.name,
        code=decision.code,
        field=decision.field,
        detail=decision.detail or (DETAILS[decision.code] if decision.code else None),
        conflicts=decision.conflicts,
        at=moved,
    )
