"""People from a table: who they are, and what they are assigned to. Somebody with two assignments has two rows."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import sqlalchemy as sa

from schemas.codes import CODES
from server.administration.changing import Changed, Directory, changing_as_said
from server.administration.importing import Asked, FaultCode, Findings, Imported, Row, Sheet, log_lines
from server.administration.people import RESERVED
from server.administration.period import Period, day_of, instant_of
from server.center import Center
from server.store import bulk, tables

Post: TypeAlias = tuple[str, str, str]
"""A person, a role and a unit."""

_ROLES = {label.casefold(): code.code for code in CODES["role"].values() for label in (code.code, code.zh, code.en)}


def import_people(center: Center, sheet: Sheet, asked: Asked) -> Imported:
    """Adds the people of a sheet that are not known by their id, and the assignments that they never had. A known
    person takes the sheet's name; assignments that are there, also ended ones, are not changed, and what the sheet says
    otherwise is said."""

    def apply(change: Directory) -> Changed[Imported]:
        plan = _Plan(Findings(sheet), change, _Known.of(change, {row["id"] for row in sheet.rows}))
        plan.look_through()
        found = plan.findings
        if not found.may_load(asked):
            return Changed(found.imported(loaded=False), [])
        _write(change, plan)
        posts = [list(post[:3]) for post in plan.posts]
        said = log_lines("people", "people", posts) + log_lines("person-names", "people", list(plan.renamed))
        return Changed(found.imported(loaded=True), said, [f"person:{who}" for who in {post[0] for post in plan.posts}])

    return changing_as_said(center, apply)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is there: all units, and of the people whom a sheet names, what they are called and assigned to."""

    units: Collection[str]
    names: Mapping[str, str]
    spans: Mapping[Post, list[tuple[str, str | None]]]

    @classmethod
    def of(cls, change: Directory, people: Iterable[str]) -> "_Known":
        connection, county = change.connection, change.county.code
        wanted = sorted(people)
        person, given = tables.person.c, tables.assignment.c
        units = connection.scalars(sa.select(tables.unit.c.code).where(tables.unit.c.county == county))
        names = connection.execute(
            sa.select(person.id, person.name).where(person.county == county, bulk.among(person.id, wanted))
        )
        rows = connection.execute(
            sa.select(given.person, given.role, given.unit, given.since, given.until)
            .where(given.county == county, bulk.among(given.person, wanted))
            .order_by(given.since)
        )
        spans: dict[Post, list[tuple[str, str | None]]] = {}
        for row in rows:
            spans.setdefault((row.person, row.role, row.unit), []).append((row.since, row.until))
        return cls(frozenset(units), {row.id: row.name for row in names}, spans)


def _write(change: Directory, plan: "_Plan") -> None:
    county = change.county.code
    people = [{"county": county, "id": who, "name": name} for who, name in plan.names.items()]
    posts = [
        {"county": county, "person": who, "unit": unit, "role": role, "since": since, "until": until}
        for who, role, unit, since, until in plan.posts
    ]
    renamed = [{"county": county, "id": who, "name": name} for who, name in plan.renamed.items()]
    bulk.insert(change.connection, tables.person, people)
    bulk.insert(change.connection, tables.assignment, posts)
    bulk.update(change.connection, tables.person, "id", renamed)


@dataclass(slots=True)
class _Plan:
    """What a sheet adds to the people whom the county has."""

    findings: Findings
    change: Directory
    known: _Known
    names: dict[str, str] = field(default_factory=dict)
    posts: list[tuple[str, str, str, str, str | None]] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    _first: dict[tuple[str, ...], Row] = field(default_factory=dict)
    _named: dict[str, Row] = field(default_factory=dict)

    def look_through(self) -> None:
        for row in self.findings.sheet.rows:
            if self._is_sound(row):
                self._take(row)

    def _is_sound(self, row: Row) -> bool:
        found = self.findings
        if not found.requires(row, "id", "name", "role", "unit"):
            return False
        # Each asked, so that all that is wrong with a row is said at once.
        checks = (
            found.is_name(row, "id") and self._is_free(row),
            found.is_title(row, "name"),
            self._is_role(row),
            found.knows_unit(row, "unit", self.known.units),
            self._is_period(row),
        )
        return all(checks) and self._is_same_person(row) and self._is_first(row)

    def _is_free(self, row: Row) -> bool:
        if row["id"].casefold() not in RESERVED:
            return True
        zh, en = f"编号 {row['id']} 由系统保留", f"The id {row['id']} is kept for the system"
        self.findings.fault(row, "id", FaultCode.INVALID, zh, en)
        return False

    def _is_role(self, row: Row) -> bool:
        if row["role"].casefold() in _ROLES:
            return True
        known = "、".join(code.zh for code in CODES["role"].values())
        zh = f"没有角色“{row['role']}”；角色有：{known}"
        en = f"There is no role {row['role']}; roles are {', '.join(CODES['role'])}"
        self.findings.fault(row, "role", FaultCode.UNKNOWN, zh, en)
        return False

    def _is_period(self, row: Row) -> bool:
        wrong = [column for column in ("from", "until") if row[column] and day_of(row[column]) is None]
        for column in wrong:
            zh, en = "不是日期，应如 2026-01-31", "This is no date; write it like 2026-01-31"
            self.findings.fault(row, column, FaultCode.INVALID, zh, en)
        if wrong:
            return False
        since, until = self._span(row)
        if until is None or until > since:
            return True
        zh, en = "截止日期早于起始日期", "The period ends before it begins"
        self.findings.fault(row, "until", FaultCode.INVALID, zh, en)
        return False

    def _is_same_person(self, row: Row) -> bool:
        before = self._named.setdefault(row["id"], row)
        if before["name"] == row["name"]:
            return True
        zh = f"第 {before.number} 行的同一编号是另一个姓名"
        en = f"Row {before.number} calls the same id by another name"
        self.findings.fault(row, "name", FaultCode.DUPLICATE, zh, en)
        return False

    def _is_first(self, row: Row) -> bool:
        key = (*self._post(row), row["from"] and self._span(row)[0])
        before = self._first.setdefault(key, row)
        return self.findings.is_first(row, None, None if before is row else before)

    def _post(self, row: Row) -> Post:
        return row["id"], _ROLES[row["role"].casefold()], row["unit"]

    def _span(self, row: Row) -> tuple[str, str | None]:
        period = Period(day_of(row["from"]), day_of(row["until"]))
        return period.since(self.change.county, self.change.now), period.until(self.change.county)

    def _take(self, row: Row) -> None:
        found, who = self.findings, row["id"]
        is_renamed = False
        if who not in self.known.names:
            self.names.setdefault(who, row["name"])
        elif self.known.names[who] != row["name"] and who not in self.renamed:
            self.renamed[who] = row["name"]
            found.differ(row, who, "name", None, None, applied=True)
            is_renamed = True
        spans = self.known.spans.get(self._post(row))
        if spans is None:
            self.posts.append((*self._post(row), *self._span(row)))
            found.added += 1
        elif not self._compare(row, spans) and not is_renamed:
            found.same += 1

    def _compare(self, row: Row, spans: list[tuple[str, str | None]]) -> bool:
        """Says what of an assignment's time is otherwise than it is known; whether anything is."""
        wanted = self._span(row)
        since, until = next((span for span in spans if span[0] == wanted[0]), spans[-1])
        differs = False
        if row["from"] and since != wanted[0]:
            self.findings.differ(row, row["id"], "from", instant_of(since), row["from"])
            differs = True
        if until != wanted[1]:
            self.findings.differ(row, row["id"], "until", instant_of(until), row["until"] or None)
            differs = True
        return differs
