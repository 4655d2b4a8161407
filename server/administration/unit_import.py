"""Units from a table: a county's townships, villages and grids at once, in any order of the rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from server.administration.changing import Changed, Directory, changing_as_said
from server.administration.importing import Asked, FaultCode, Findings, Imported, Row, Sheet, log_lines
from server.center import Center
from server.store import bulk, directory, tables


def import_units(center: Center, sheet: Sheet, asked: Asked) -> Imported:
    """Adds the units of a sheet that are not known by their code. A known one takes the sheet's name; where it stands
    is not changed (`move_unit` does that), and said."""

    def apply(change: Directory) -> Changed[Imported]:
        plan = _Plan(Findings(sheet), *_known(change))
        plan.look_through()
        found = plan.findings
        if not found.may_load(asked):
            return Changed(found.imported(loaded=False), [])
        _write(change, plan)
        added = [[row["code"], row["parent"]] for row in plan.new.values()]
        said = log_lines("units", "units", added) + log_lines("unit-names", "units", list(plan.renamed))
        return Changed(found.imported(loaded=True), said)

    return changing_as_said(center, apply)


def _known(change: Directory) -> tuple[dict[str, str], dict[str, str | None]]:
    """The names and the parents of the units that there are, by code."""
    county = change.county.code
    rows = change.connection.execute(
        sa.select(tables.unit.c.code, tables.unit.c.name).where(tables.unit.c.county == county)
    )
    tree = directory.units(change.connection, county)
    names = {row.code: row.name for row in rows}
    return names, {code: tree.parent(code, change.now) for code in names}


def _write(change: Directory, plan: "_Plan") -> None:
    county = change.county.code
    units = [{"county": county, "code": code, "name": row["name"]} for code, row in plan.new.items()]
    parents = [
        {"county": county, "unit": code, "parent": row["parent"], "since": "", "until": None}
        for code, row in plan.new.items()
    ]
    renamed = [{"county": county, "code": code, "name": name} for code, name in plan.renamed.items()]
    bulk.insert(change.connection, tables.unit, units)
    bulk.insert(change.connection, tables.unit_parent, parents)
    bulk.update(change.connection, tables.unit, "code", renamed)


@dataclass(slots=True)
class _Plan:
    """What a sheet adds to units with these names and parents."""

    findings: Findings
    names: Mapping[str, str]
    parents: Mapping[str, str | None]
    new: dict[str, Row] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def look_through(self) -> None:
        first: dict[str, Row] = {}
        for row in self.findings.sheet.rows:
            if self._is_sound(row) and self.findings.is_first(row, "code", first.get(row["code"])):
                first[row["code"]] = row
        for code, row in first.items():
            if code in self.names:
                self._compare(code, row)
        self._place({code: row for code, row in first.items() if code not in self.names})
        self.findings.added = len(self.new)

    def _is_sound(self, row: Row) -> bool:
        found = self.findings
        # The county's own row is often the first of such a table, and has nothing above it.
        needed = ("code", "name") if row["code"] in self.names else ("code", "name", "parent")
        return found.requires(row, *needed) and found.is_name(row, "code") and found.is_title(row, "name")

    def _compare(self, code: str, row: Row) -> None:
        found, name, parent = self.findings, self.names[code], self.parents[code]
        is_same = True
        if row["name"] != name:
            self.renamed[code] = row["name"]
            found.differ(row, code, "name", name, row["name"], applied=True)
            is_same = False
        if row["parent"] and row["parent"] != parent:
            found.differ(row, code, "parent", parent, row["parent"])
            is_same = False
        found.same += is_same

    def _place(self, candidates: Mapping[str, Row]) -> None:
        """Takes the new units whose line upwards ends in one that is there already. The others are bad: their parent is
        nowhere, or is bad itself, or they stand under themselves."""
        good: dict[str, bool] = dict.fromkeys(self.names, True)
        for code in candidates:
            line: list[str] = []
            on_line: set[str] = set()
            at = code
            while at in candidates and at not in good and at not in on_line:
                line.append(at)
                on_line.add(at)
                at = candidates[at]["parent"]
            ends_well = good.get(at, False)
            if at in on_line:
                self._cycle(candidates, line[line.index(at) :])
                self._under_bad(candidates, line[: line.index(at)])
            elif at not in good:
                self.findings.knows_unit(candidates[line[-1]], "parent", ())
                self._under_bad(candidates, line[:-1])
            elif not ends_well:
                self._under_bad(candidates, line)
            good |= dict.fromkeys(line, ends_well)
        self.new = {code: row for code, row in candidates.items() if good[code]}

    def _cycle(self, candidates: Mapping[str, Row], codes: list[str]) -> None:
        for code in codes:
            zh, en = "上级关系成环", "The unit stands under itself"
            self.findings.fault(candidates[code], "parent", FaultCode.CYCLE, zh, en)

    def _under_bad(self, candidates: Mapping[str, Row], codes: list[str]) -> None:
        for code in codes:
            above = candidates[candidates[code]["parent"]]
            zh = f"上级在第 {above.number} 行，该行有误"
            en = f"Its parent is in row {above.number}, which is bad"
            self.findings.fault(candidates[code], "parent", FaultCode.UNKNOWN, zh, en)
