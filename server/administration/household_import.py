"""Households from a table, written by a person: each is an edit like those of tablets, by the same door and rights."""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import sqlalchemy as sa
from marshmallow import fields

from schemas.catalog import CATALOG
from schemas.codes import CODES
from schemas.kinds import Choice, Instant, ListOf, Whole
from schemas.permissions import PERMISSIONS
from schemas.validation import problems
from schemas.workflow import WORKFLOW
from server.administration.changing import NotPossibleError
from server.administration.importing import Asked, FaultCode, Findings, Imported, Row, Sheet
from server.administration.period import instant_of, moment_of
from server.center import Center
from server.push import Lines
from server.store import bulk, dialect, directory, records, tables
from server.store.flight import ask
from server.store.ledger import County
from server.transaction import attempt_of, retrying
from sync import edits, ids, stamps
from sync.admission import Refuse, Wait, judge
from sync.batch import Arrival, Decision
from sync.codes import ADMITTED, DETAILS, Code, Detail
from sync.edits import Edit, Unread
from sync.limits import EDITS_PER_REQUEST_MAX
from sync.lines import same, write
from sync.scope import Person, Units
from sync.world import World

HOUSEHOLD = CATALOG.types["household"]
COLUMNS = (
    "unit", "door_no", "address", "head_name", "phone", "people_count", "service_needs", "notice_version", "notice_at",
    "notes",
)  # fmt: skip

DIGITS_MAX = 16
"""Of the largest number that JSON carries everywhere: as many as a list's parameters may have."""

Key: TypeAlias = tuple[str | None, ...]
"""By what a household is known again: its grid and door number, else its grid, address and head."""
Homes: TypeAlias = dict[Key, tuple[str, Mapping[str, Any]]]
"""Households with their ids, by each key that they can be known by."""

_FIELDS = HOUSEHOLD.schema().fields
_SEPARATORS = str.maketrans("，、；;|/", ",,,,,,")


def import_households(center: Center, sheet: Sheet, asked: Asked, by: str) -> Imported:
    """Adds the households of a sheet that are not known by their grid and door number (where they have none: by grid,
    address and head), in batches of 500 edits by the person `by`, whose rights admission judges.

    A known household is never changed: what a tablet wrote since is newer than a table. What the sheet says otherwise
    is said. Raises NotPossibleError where there is no such person."""
    plan = _planned(center, sheet, by)
    found = plan.findings
    if not found.may_load(asked):
        return found.imported(loaded=False)
    for start in range(0, len(plan.new), EDITS_PER_REQUEST_MAX):
        _send(center, plan, plan.new[start : start + EDITS_PER_REQUEST_MAX])
    return found.imported(loaded=True)


def _planned(center: Center, sheet: Sheet, by: str) -> "_Plan":
    """Looks through a sheet in one snapshot of the county."""
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        if by not in directory.names(connection, county.code, [by]):
            raise NotPossibleError(f"没有人员 {by}", f"There is no person {by}")
        units = directory.units(connection, county.code)
        person = ask(connection, directory.people(county.code, [by]))[by]
        keys = sorted({f"unit:{row['unit']}" for row in sheet.rows})
        homes = _homes(connection, county.code, keys)
        plan = _Plan(Findings(sheet), county, units, person, center.clock(), keys, homes, county.revision)
    plan.look_through()
    return plan


def _homes(connection: sa.Connection, county: str, keys: Iterable[str], since: int = 0) -> Homes:
    """The households under these keys, as far as they came or changed after a revision."""
    placed = tables.placement.c
    standing = connection.scalars(
        sa.select(placed.record).where(
            placed.county == county,
            placed.type == HOUSEHOLD.name,
            placed.gone.is_(None),
            placed.revision > since,
            bulk.among(placed.key, keys),
        )
    )
    # Not joined: without statistics PostgreSQL would look at every placement for each record.
    found = ask(connection, records.found(county, {(HOUSEHOLD.name, str(identity)) for identity in standing}))
    homes: Homes = {}
    for each in found:
        document = json.loads(each.document)
        for key in _keys(document):
            homes.setdefault(key, (each.id, document))
    return homes


def _known(homes: Homes, values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """The household that these values are of."""
    numbered, *others = _keys(values)
    known = homes.get(numbered)
    if known is not None or not others:
        return known
    # One that was taken down without its door number.
    unnumbered = homes.get(others[0])
    return None if unnumbered is None or unnumbered[1].get("door_no") else unnumbered


def _keys(values: Mapping[str, Any]) -> list[Key]:
    """The keys of a household, the one to look it up by first."""
    numbered = (values["unit"], values.get("door_no"))
    return [*([numbered] if numbered[1] else []), (values["unit"], values.get("address"), values.get("head_name"))]


@dataclass(frozen=True, slots=True)
class _New:
    """A row that adds a household: its values, and the edit that does it."""

    row: Row
    values: Mapping[str, Any]
    arrival: Arrival


def _send(center: Center, plan: "_Plan", rows: Sequence[_New]) -> None:
    """One batch, in a transaction of its own. What is known or refused now was new and allowed a moment ago."""

    def work(connection: sa.Connection, _again: bool) -> tuple[int, Mapping[str, Decision]]:
        # With the county locked first: somebody else may be at the same table.
        push = attempt_of(center, connection, early=True)
        plan.homes |= _homes(connection, plan.county.code, plan.keys, since=plan.seen)
        arrivals = [each.arrival for each in rows if _known(plan.homes, each.values) is None]
        batch, book = push.work(Lines(arrivals=arrivals, author=plan.person.id))
        return book.revision, batch.decisions

    plan.seen, decisions = retrying(center, work)
    for each in rows:
        plan.settle(each, decisions.get(each.arrival.name))


def _say(found: Findings, row: Row, code: Code, column: str | None, detail: Detail | None = None) -> None:
    words = detail or DETAILS[code]
    is_right = code in (Code.NOT_ALLOWED, Code.TABLET_REVOKED)
    found.fault(row, column, FaultCode.NOT_ALLOWED if is_right else FaultCode.INVALID, words.zh, words.en)


@dataclass(slots=True)
class _Plan:
    """What a sheet adds to the homes that the county has: lines that would be admitted as things stand."""

    findings: Findings
    county: County
    units: Units
    person: Person
    now_ms: int
    keys: Sequence[str]
    """Of the units that the sheet names."""
    homes: Homes
    seen: int
    """Up to which revision `homes` has what others brought."""
    new: list[_New] = field(default_factory=list)
    _first: dict[Key, Row] = field(default_factory=dict)
    _at: str = ""

    def look_through(self) -> None:
        world = World(CATALOG, WORKFLOW, PERMISSIONS, self.units, stamps.stamp(self.now_ms))
        self._at = world.now
        for row in self.findings.sheet.rows:
            values = {name: self._value(name, text) for name, text in row.cells.items()}
            if self._is_sound(row, values):
                self._take(row, values, world)
        self.findings.added = len(self.new)

    def _is_sound(self, row: Row, values: Mapping[str, Any]) -> bool:
        wrong = problems(HOUSEHOLD, values, partial=False)
        for each in wrong:
            column = each.field.partition(".")[0]
            code = FaultCode.INVALID if row[column] else FaultCode.MISSING
            self.findings.fault(row, column, code, each.zh, each.en)
        knows_unit = not row["unit"] or self.findings.knows_unit(row, "unit", self.units.parents)
        if wrong or not knows_unit:
            return False
        key = _keys(values)[0]
        before = self._first.setdefault(key, row)
        return self.findings.is_first(row, None, None if before is row else before)

    def _take(self, row: Row, values: Mapping[str, Any], world: World) -> None:
        known = _known(self.homes, values)
        if known is not None:
            self._compare(row, values, *known)
            return
        self._at = stamps.tick(self._at, self.now_ms)
        line = self._line(values)
        if isinstance(line, Unread):
            _say(self.findings, row, line.code, line.field, line.detail)
            return
        match judge(line, self.person, self.person.rights_at(self._at, world.now), world):
            case Refuse(code, column, detail):
                _say(self.findings, row, code, column, detail)
            case Wait(code, column):
                _say(self.findings, row, code, column)
            case _:
                self.new.append(_New(row, values, Arrival(line, self._at)))

    def settle(self, new: _New, decision: Decision | None) -> None:
        """Takes down what became of a row that was new; None: its household was known by then."""
        if decision is not None and decision.result in ADMITTED:
            return
        self.findings.added -= 1
        known = _known(self.homes, new.values)
        if decision is not None:
            _say(self.findings, new.row, decision.code or Code.SERVER_ERROR, decision.field, decision.detail)
        elif known is not None:
            self._compare(new.row, new.values, *known)

    def _line(self, values: Mapping[str, Any]) -> Edit | Unread:
        head = {"edit": ids.edit_name(self.now_ms, secrets.randbits(74)), "schema": CATALOG.version}
        said = {"by": self.person.id, "do": "create", "type": HOUSEHOLD.name, "at": self._at, "now": values}
        return edits.read(write(head | said), CATALOG)

    def _compare(self, row: Row, values: Mapping[str, Any], identity: str, document: Mapping[str, Any]) -> None:
        differ = [name for name, value in values.items() if not _is_said(value, document.get(name))]
        differ += ["removed"] if document.get("removed") else []
        for name in differ:
            self.findings.differ(row, identity, name, None, None)
        self.findings.same += not differ

    def _value(self, name: str, text: str) -> Any:
        """A cell as its field asks: a number, codes by their labels, a local moment in UTC."""
        match _FIELDS.get(name):
            case Whole() if text.isdecimal() and len(text) <= DIGITS_MAX:
                return int(text)
            case ListOf(inner=Choice() as choice):
                return [_coded(choice, each.strip()) for each in text.translate(_SEPARATORS).split(",") if each.strip()]
            case Choice() as choice:
                return _coded(choice, text)
            case Instant():
                return instant_of(moment_of(self.county, text)) or text
            case _:
                return text


def _is_said(value: Any, known: Any) -> bool:
    if isinstance(value, list):
        return set(value) == set(known or ())
    return same((value, known))


def _coded(choice: "fields.Field[Any]", text: str) -> str:
    """The code of a choice that is given by its code or one of its labels."""
    codes = CODES[choice.list_name] if isinstance(choice, Choice) else {}
    return next((code.code for code in codes.values() if text in (code.code, code.zh, code.en)), text)
