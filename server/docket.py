"""The docket: what the server itself writes of a dispute. Its number, its deadlines, and what staff are to look at.

It writes edits like everyone, by `center`, in the transaction of those that brought them about; so the log explains
them, and `doorstep verify` replays them. Deadlines use the server's time.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.periods import PERIODS
from server.status import counting, deadlines
from server.status.cases import Case
from server.status.counting import DayOf
from sync import edits, ids, records
from sync.batch import Arrival, Batch, Decision
from sync.codes import Result
from sync.edits import Edit
from sync.lines import Values, write
from sync.stamps import BEGINNING, instant, stamp
from sync.world import Placed

CENTER = "center"
"""Whose edits these are."""

CLOSED_WITHOUT_FOLLOW_UP = "closed_without_follow_up"
FAILED_WITHOUT_ROUTES = "failed_without_routes_told"
DECLINED_WITHOUT_REASON = "declined_without_reason"
MERGED_WITHOUT_DUPLICATE_OF = "merged_without_duplicate_of"
ASSIGNEE_UNKNOWN = "assignee_unknown"
"""Nobody of that name has worked here since the case was theirs: most likely a slip of the pen."""
DEADLINE_MAY_SHIFT = "deadline_may_shift"
"""The deadline lies in a year whose holidays are not announced yet. Once they are, it is set anew with the case's next
step or follow-up."""

Given = tuple[str, str]
"""An assignee, and the stamp of the step by which a case is theirs."""

Strangers = Callable[[Iterable[Given]], set[Given]]
"""Those of some assignees whom nobody knows."""

Numbers = Callable[[int, int], list[int]]
"""Takes as many numbers of a year as are asked for."""


@dataclass(frozen=True, slots=True)
class Docket:
    """Keeps the docket in one transaction, at the server's moment `now_ms`."""

    batch: Batch
    revision: int
    """The county's, before this transaction."""
    now_ms: int
    timezone: str
    day_of: DayOf
    take_numbers: Numbers
    strangers: Strangers

    def keep(self, cases: Mapping[str, Case], followed_up: Mapping[str, Sequence[str]]) -> list[Decision]:
        """Brings the server's fields of these disputes up to date: changes the batch's records, gives the edits that
        are to be logged."""
        given = {identity: found for identity, case in cases.items() if (found := self._given(case)) is not None}
        strangers = self.strangers(given.values())
        said = {
            identity: self._said(case, followed_up.get(identity, ()), given.get(identity) in strangers)
            for identity, case in cases.items()
        }
        accepted = [identity for identity, values in said.items() if "accepted_at" in values]
        year = self._day(stamp(self.now_ms)).year
        for identity, number in zip(accepted, self.take_numbers(year, len(accepted)) if accepted else (), strict=True):
            said[identity]["case_no"] = PERIODS.case_no.format(year=year, number=number)
        return [self._write(cases[identity], values) for identity, values in said.items() if values]

    def _day(self, moment: str) -> date:
        return date.fromisoformat(self.day_of(moment))

    def _given(self, case: Case) -> Given | None:
        assignee = self.batch.world.document(case.after.record).get("assignee")
        return (str(assignee), case.life[-1].at if case.life else BEGINNING) if assignee else None

    def _said(self, case: Case, followed_up: Sequence[str], is_strangers: bool) -> dict[str, object]:
        """The server's values that differ from what the dispute says; the number is still to be taken."""
        document = self.batch.world.document(case.after.record)
        if document.get("removed"):
            return {}
        said = self._deadlines(case, document) if counting.is_received(case.life) else {}
        due = said.get("due_at", document.get("due_at"))
        may_shift = isinstance(due, str) and not deadlines.is_published(self._day(due))
        flags = _flags(document, followed_up, is_strangers=is_strangers, may_shift=may_shift)
        if flags != document.get("flags", []):
            said["flags"] = flags
        return said

    def _deadlines(self, case: Case, document: Values) -> dict[str, object]:
        said: dict[str, object] = {}
        today = self._day(stamp(self.now_ms))
        if "accepted_at" not in document:
            said["accepted_at"] = instant(self.now_ms)
            statutory = today + timedelta(days=PERIODS.statutory_days)
            said["statutory_due_at"] = deadlines.end_of(statutory, self.timezone)
        is_reopened = counting.times_reopened(case.life) > counting.times_reopened(case.life_before)
        is_moved_on = counting.is_open(case.life) and (is_reopened or self._tier_changed(case))
        begins = today if "due_at" not in document or is_moved_on else self._set_in_doubt(case, document)
        if begins is not None:
            working_days = PERIODS.tier_working_days[str(document["tier"])]
            due = deadlines.working_day_after(begins, working_days, PERIODS)
            said["due_at"] = deadlines.end_of(due, self.timezone)
        return said

    def _set_in_doubt(self, case: Case, document: Values) -> date | None:
        """The day on which the deadline of an open case was set, where the holidays that it depends on were announced
        only since."""
        is_in_doubt = isinstance(flags := document.get("flags"), list) and DEADLINE_MAY_SHIFT in flags
        if not is_in_doubt or not counting.is_open(case.life):
            return None
        if not deadlines.is_published(self._day(str(document["due_at"]))):
            return None
        return self._day(case.after.record.register("due_at").siblings[0].at)

    def _tier_changed(self, case: Case) -> bool:
        if case.before is None:
            return True
        world = self.batch.world
        return world.document(case.before.record).get("tier") != world.document(case.after.record).get("tier")

    def _write(self, case: Case, values: Values) -> Decision:
        world, record = self.batch.world, case.after.record
        line = write(
            {
                "edit": self._name(record.id),
                "schema": world.catalog.version,
                "by": CENTER,
                "do": "change",
                "type": record.type,
                "id": record.id,
                "at": stamp(self.now_ms),
                "over": {name: [each.edit for each in record.register(name).siblings] for name in sorted(values)},
                "now": values,
            }
        )
        edit = edits.read(line, world.catalog)
        if not isinstance(edit, Edit):
            raise TypeError(f"the docket wrote a line that is no edit: {edit.code}")
        case.after = Placed(records.admit(record, edit, world.catalog, world.lookup), case.after.placement)
        self.batch.put(case.after)
        return Decision(Arrival(edit, edit.at), Result.APPLIED, record.id)

    def _name(self, record: str) -> str:
        """The edit's name: no other transaction writes of this dispute from the same revision."""
        seed = hashlib.sha256(f"{record} {self.revision}".encode()).digest()
        return ids.edit_name(self.now_ms, int.from_bytes(seed[:10]))


def _flags(document: Values, followed_up: Sequence[str], *, is_strangers: bool, may_shift: bool) -> list[str]:
    """What staff are to look at: rules that the merged dispute breaks, although each of its edits was legal."""
    status = document.get("status")
    found = {
        CLOSED_WITHOUT_FOLLOW_UP: status == "closed" and not followed_up,
        FAILED_WITHOUT_ROUTES: status == "failed" and document.get("routes_told") is not True,
        DECLINED_WITHOUT_REASON: status == "declined" and not str(document.get("close_reason") or "").strip(),
        MERGED_WITHOUT_DUPLICATE_OF: status == "merged" and not document.get("duplicate_of"),
        ASSIGNEE_UNKNOWN: is_strangers,
        DEADLINE_MAY_SHIFT: may_shift,
    }
    return [flag for flag, is_raised in found.items() if is_raised]
