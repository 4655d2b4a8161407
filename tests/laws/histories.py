"""Histories of an evening: what several people write on tablets of their own, each seeing only a part of the rest.

A line is made as a tablet makes it: it names in `over` what its author saw. Some are wrong in the ways that lines can
be wrong: values that are refused, edits named that are another record's or nobody's, moves from what never was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from schemas.catalog import CATALOG, RecordType
from schemas.rules import WORKFLOW_REGISTER, Rule
from schemas.workflow import WORKFLOW
from sync import ids, lines, stamps
from sync.touches import Touch, register_of, rule_of
from tests.laws.county import ASSIGNEES, BEGIN_MS, FAR_GRID, GRID, NEXT_GRID, PEOPLE
from tests.laws.oracle import Said, Told

HOME = {"wang": GRID, "li": NEXT_GRID, "qian": FAR_GRID, "zhao": GRID, "sun": NEXT_GRID, "chen": GRID, "hu": GRID}
TEXTS = ("Quiet.", "Quiet. Dog.", "Quiet. Two dogs.", "Loud. Dog.", None)
SAID: Mapping[str, tuple[object, ...]] = {
    "address": ("1 Canal Lane", "2 Canal Lane", "3 Canal Lane"),
    "phone": ("138 0000 0001", "138 0000 0002", None),
    "head_name": ("Gao", "Gao Shan", None),
    "notes": TEXTS,
    "summary": tuple(filter(None, TEXTS)),
    "removed": ("entered twice", None),
    "result": ("met", "nobody_home"),
    "title": ("Fence", "Fence and drain", "Drain"),
    "category": ("neighbours", "housing_homestead"),
    "amount_yuan": ("300", "450", None),
    "service_needs": ("hardship", "newcomer", "living_alone_elder"),
    "purposes": ("errand", "follow_up", "check_details"),
    "unit": (GRID, NEXT_GRID, FAR_GRID),
}
"""What changes say, of the fields that they touch."""
STAFF = ("zhao", "sun")
BUSY = ("wang", "wang", "wang", "zhao", "zhao", "zhao", "sun", "sun", "hu", "li", "chen", "qian")
"""Who writes how often: mostly those whose grid it is."""


Choice = TypeVar("Choice")


@cache
def _below(bound: int) -> st.SearchStrategy[int]:
    """Made once: making a strategy takes longer than drawing from it."""
    return st.integers(0, bound - 1)


@dataclass(slots=True)
class Author:
    id: str
    sees: set[str] = field(default_factory=set)
    """Names of edits, their own among them."""


class History:
    """`lines` in the order in which they were written, and what they say. Shown as its lines where a law fails."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.said: dict[str, Said] = {}
        self.types: dict[str, str] = {}  # of records
        self.broken: set[str] = set()  # edits with a value that is refused
        self.stamps: set[str] = set()

    def __repr__(self) -> str:
        return "\n".join(["", *(line.decode() for line in self.lines)])


class Evening:
    """Writes a history, drawing every choice."""

    def __init__(self, draw: st.DrawFn, authors: Iterable[str], *, is_forged: bool) -> None:
        self.draw, self.is_forged = draw, is_forged
        self.authors = {person: Author(person) for person in authors}
        self.history = History()

    def pick(self, *choices: Choice) -> Choice:
        return choices[self.draw(_below(len(choices)))]

    def chance(self, one_in: int) -> bool:
        return self.draw(_below(one_in)) == one_in - 1

    def write(self, steps: int) -> History:
        for _ in range(steps):
            author = self.anybody()
            match self.pick("change", "change", "change", "change", "create", "hear", "hear", "move", "settle", "mend"):
                case "create":
                    self.create(author)
                case "hear":
                    self.hear(author)
                case "mend":
                    self.mend(author)
                case "move":
                    self.move(author)
                case wish:
                    self.change(author, settles=wish == "settle")
        return self.history

    def anybody(self) -> Author:
        return self.authors[self.pick(*(person for person in BUSY if person in self.authors))]

    # -- what an author sees

    def hear(self, author: Author) -> None:
        """The author sees what others see: of one, or of everybody."""
        others = self.authors.values() if self.chance(3) else [self.anybody()]
        author.sees |= {name for other in others for name in other.sees} - self.history.broken

    def told(self, author: Author, record: str) -> Told:
        seen = [said for name, said in self.history.said.items() if name in author.sees and said.record == record]
        return Told(self.history.types[record], record, seen, {})

    def record(self, author: Author, *types: str) -> str | None:
        """A record that the author sees, or now and then one that they do not."""
        of_types = [record for record, kind in self.history.types.items() if kind in types]
        seen = [each for each in of_types if any(said.creates for said in self.told(author, each).admitted)]
        choices = of_types if self.chance(12) else seen
        return self.pick(*choices) if choices else None

    # -- lines

    def name(self, ahead: int = 0) -> str:
        """Of the next edit, or of one to come. In the order of their writing by no means."""
        at = len(self.history.lines) + ahead
        return ids.edit_name(BEGIN_MS + at * 7 % 13, at)

    def put(
        self, author: Author, line: Mapping[str, object], record: str, touches: Iterable[Touch], *, is_broken: bool
    ) -> None:
        skew_ms = self.pick(0, 0, 0, 1, 700, -2500)
        at = stamps.stamp(BEGIN_MS + len(self.history.lines) // 2 * 1000 + skew_ms, self.pick(0, 1))
        name = str(line["edit"])
        self.history.lines.append(lines.write({**line, "schema": 1, "by": author.id, "at": at}))
        by_register = {touch.register: touch for touch in touches}
        self.history.said[name] = Said(name, record, author.id, at, line["do"] == "create", by_register)
        self.history.types.setdefault(record, str(line["type"]))
        self.history.stamps.add(at)
        if is_broken:
            self.history.broken.add(name)
        author.sees.add(name)

    def create(self, author: Author, mends: str | None = None, kind: str | None = None) -> None:
        kind = kind or str(self.pick("household", "dispute", "visit", "entry"))
        if author.id == "chen" and kind != "entry" and not self.chance(8):
            return  # A mediator registers nothing.
        now = self.values(author, kind)
        if now is None:
            return
        is_broken = self.chance(5)
        if is_broken:
            now["unit" if kind != "entry" else "kind"] = "no such thing"
        name = self.name()
        line = {"edit": name, "do": "create", "type": kind, "mends": mends, "now": now}
        first = name if mends is None else self.history.said[mends].record if mends in self.history.said else mends
        given = tuple(self.given(CATALOG.types[kind], now))
        self.put(author, line, first, given, is_broken=is_broken)

    def given(self, record_type: RecordType, now: Mapping[str, object]) -> Iterable[Touch]:
        group = record_type.workflow_fields
        if group:
            yield Touch(WORKFLOW_REGISTER, {each: now.get(each) for each in sorted(group)})
        for name, value in now.items():
            if record_type.fields[name].rule is Rule.SET and isinstance(value, list):
                yield from (Touch(f"{name}/{member}", True) for member in value)
            elif name not in group:
                yield Touch(name, value)

    def values(self, author: Author, kind: str) -> dict[str, object] | None:
        unit = self.pick(*SAID["unit"]) if self.chance(10) else HOME[author.id]
        match kind:
            case "household":
                return {
                    "unit": unit,
                    "address": self.pick(*SAID["address"]),
                    "notes": self.pick("Quiet. Dog.", "Quiet."),
                    "service_needs": self.draw(st.lists(st.sampled_from(SAID["service_needs"]), unique=True)),
                }
            case "visit":
                household = self.record(author, "household")
                return (
                    None
                    if household is None
                    else {
                        "household": household,
                        "unit": unit,
                        "visited_at": "2026-11-21T08:00:00Z",
                        "visitor": author.id,
                        "mode": "door",
                        "result": "met",
                        "purposes": self.draw(st.lists(st.sampled_from(SAID["purposes"]), min_size=1, unique=True)),
                        "notes": "Quiet.",
                    }
                )
            case "entry":
                dispute = self.record(author, "dispute")
                return (
                    None
                    if dispute is None
                    else {
                        "dispute": dispute,
                        "kind": self.pick("note", "session"),
                        "at": "2026-11-21T08:00:00Z",
                        "by": author.id,
                    }
                )
            case _:
                return {
                    "unit": unit,
                    "category": "neighbours",
                    "source": "found_by_grid",
                    "title": self.pick(*SAID["title"]),
                    "summary": "Quiet. Dog.",
                    "parties": [{"role": "applicant", "kind": "person", "name": "Gao"}],
                    "difficulty": "simple",
                    "violence_likely": False,
                    "tier": "grid",
                    "status": "reported" if not self.chance(20) else "closed",
                    "registered_by": author.id,
                }

    def mend(self, author: Author) -> None:
        """A creation for one of the author's that has a refused value; rarely for what is nothing to mend."""
        said = self.history.said.values()
        own = [each for each in said if each.creates and each.name in self.history.broken and each.by == author.id]
        wrong = [each for each in said if each.name in author.sees]
        choices = [each for each in (wrong if self.chance(8) else own) if self.is_to_mend(author, each.record)]
        if choices:
            mended = self.pick(*choices)
            mends = mended.record if self.chance(2) else mended.name
            kind = self.history.types[mended.record]
            self.create(author, mends, kind)
            if self.chance(3) and self.is_to_mend(author, mended.record):  # By a tablet that was cloned, say.
                self.create(author, mends, kind)

    def is_to_mend(self, author: Author, record: str) -> bool:
        """Whoever may not write all of a record must not mend it twice: of two mendings that say what only a creation
        may, the first to come is the creation, and the other is held. It is the one case where the order decides."""
        own = (each.name for each in self.history.said.values() if each.creates and each.record == record)
        may_write_all = author.id in STAFF and self.history.types[record] in ("household", "dispute")
        return may_write_all or self.history.broken.issuperset(own)

    def change(self, author: Author, *, settles: bool) -> None:
        record = self.record(author, "household", "visit", "dispute")
        if record is None:
            return
        told = self.told(author, record)
        record_type = told.kind
        now: dict[str, object] = {}
        was: dict[str, object] = {}
        sets: dict[str, dict[str, list[str]]] = {"add": {}, "remove": {}}
        touches = []
        fields = [
            each for each in SAID if each in record_type.fields and record_type.fields[each].rule is not Rule.ONCE
        ]
        for name in self.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=2, unique=True)):
            value = self.pick(*SAID[name])
            is_set = record_type.fields[name].rule is Rule.SET
            register = f"{name}/{value}" if is_set else register_of(record_type, name)
            if is_set:
                inside = self.chance(2)
                sets["add" if inside else "remove"].setdefault(name, []).append(str(value))
                value = inside
            else:
                now[name], was[name] = value, told.shown(register)
            over = self.over(told, register, settles=settles)
            touches.append(Touch(register, value, over, settles, None if is_set else was.get(name)))
        is_broken = self.chance(12)
        if is_broken:
            now["removed"] = 7
        self.put_change(author, told, now, was, touches, sets, is_broken=is_broken)

    def move(self, author: Author) -> None:
        record = self.record(author, "dispute")
        if record is None:
            return
        told = self.told(author, record)
        was = told.shown(WORKFLOW_REGISTER)
        if not isinstance(was, dict) or self.chance(12):
            was = {"status": "mediating", "tier": "grid", "assignee": None}
        settles = self.chance(4)
        now = dict(was) | self.step(was)
        touch = Touch(WORKFLOW_REGISTER, now, self.over(told, WORKFLOW_REGISTER, settles=settles), settles, was)
        self.put_change(author, told, now, was, [touch], {}, is_broken=False)

    def step(self, was: Mapping[str, object]) -> dict[str, object]:
        ahead = [to for start, to in WORKFLOW.moves if start == was["status"]] or ["mediating"]
        match self.pick("status", "status", "status", "assign", "tier", "both"):
            case "assign":
                return {"assignee": self.pick(*ASSIGNEES)}
            case "tier":
                return {"tier": self.pick("grid", "village"), "status": "reported"}
            case "both":
                return {"status": self.pick(*ahead), "assignee": self.pick(*ASSIGNEES)}
            case _:
                return {"status": self.pick(*ahead)}

    def put_change(
        self,
        author: Author,
        told: Told,
        now: Mapping[str, object],
        was: Mapping[str, object],
        touches: list[Touch],
        sets: Mapping[str, Mapping[str, list[str]]],
        *,
        is_broken: bool,
    ) -> None:
        line = {
            "edit": self.name(),
            "do": "change",
            "type": told.type,
            "id": told.id,
            "over": {touch.register: list(touch.over) for touch in touches if touch.over} or None,
            "settles": [touch.register for touch in touches if touch.settles] or None,
            "was": dict(was) or None,
            "now": dict(now) or None,
            **{member: fields for member, fields in sets.items() if fields},
        }
        self.put(author, line, told.id, touches, is_broken=is_broken)

    def over(self, told: Told, register: str, *, settles: bool) -> tuple[str, ...]:
        siblings = told.siblings(register)
        if not settles and rule_of(told.kind, register) not in (Rule.NEWEST, Rule.SET):
            siblings = [each for each in siblings if each.value(register) == told.shown(register)]
        names = [each.name for each in siblings]
        if self.is_forged and self.chance(2):  # The name of another record's edit, or of one to come, if ever.
            names.append(self.pick(*self.history.said, *(self.name(ahead) for ahead in range(1, 4))))
        elif self.chance(20):
            names.append(self.pick(*self.history.said))
        return tuple(dict.fromkeys(names))


@st.composite
def histories(
    draw: st.DrawFn, authors: Iterable[str] = PEOPLE, steps_max: int = 30, *, is_forged: bool = False
) -> History:
    """What several people wrote, each seeing a part of the rest. Forged: half of the lines name what they never saw."""
    evening = Evening(draw, authors, is_forged=is_forged)
    first, *others = evening.authors.values()
    evening.create(first, kind="dispute")
    evening.create(first, kind="household")
    for other in others:
        other.sees |= first.sees - evening.history.broken
    return evening.write(draw(st.integers(steps_max // 3, steps_max)))
