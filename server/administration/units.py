"""Units: the tree of county, townships, villages and grids."""

import sqlalchemy as sa

from server.administration.changing import Directory, NotPossibleError, called, changing, require_code
from server.center import Center
from server.store import counters, dialect, directory, tables
from sync.lines import Values
from sync.stamps import stamp


def add_unit(center: Center, code: str, name: str, parent: str) -> Values:
    """Adds a unit under another. Raises NotPossibleError."""
    require_code(code)
    named = called(name)

    def apply(change: Directory) -> Values:
        change.require_unit(parent)
        known = sa.select(tables.unit.c.code).where(
            tables.unit.c.county == change.county.code, tables.unit.c.code == code
        )
        if change.connection.scalar(known) is not None:
            raise NotPossibleError(f"辖区 {code} 已存在", f"Unit {code} exists already")
        change.insert(tables.unit, code=code, name=named)
        change.insert(tables.unit_parent, unit=code, parent=parent, since="")
        return {"code": code, "name": named, "parent": parent}

    return changing(center, {"do": "unit", "unit": code, "parent": parent}, apply)


def units(center: Center) -> list[Values]:
    """Every unit with its parent now, the county first."""
    with dialect.reading(center.engine) as connection:
        county = center.county(connection)
        now = stamp(center.clock())
        tree = directory.units(connection, county.code)
        rows = connection.execute(
            sa.select(tables.unit.c.code, tables.unit.c.name).where(tables.unit.c.county == county.code)
        )
        names = {row.code: row.name for row in rows}
    found = []
    for code in sorted(names):
        line = list(tree.lineage(code, now))
        found.append({"code": code, "name": names[code], "parent": line[1] if len(line) > 1 else None})
    return sorted(found, key=lambda each: (each["parent"] is not None, str(each["code"])))


def move_unit(center: Center, code: str, parent: str) -> Values:
    """Puts a unit, with all under it, under another parent from now on: a grid that was re-drawn. Raises
    NotPossibleError.

    Scopes change, records do not; work of before is judged by where the unit stood then."""

    def apply(change: Directory) -> Values:
        change.require_unit(code)
        change.require_unit(parent)
        tree = directory.units(change.connection, change.county.code)
        if code == tree.root:
            raise NotPossibleError("县不能划入其他辖区", "The county stands under nothing")
        if code in tree.lineage(parent, change.now):
            raise NotPossibleError(f"{parent} 属于 {code}", f"{parent} is a part of {code}")
        if tree.parent(code, change.now) == parent:
            raise NotPossibleError(f"{code} 已属于 {parent}", f"{code} stands under {parent} already")
        table = tables.unit_parent
        change.connection.execute(
            sa.update(table)
            .where(table.c.county == change.county.code, table.c.unit == code, table.c.until.is_(None))
            .values(until=change.now)
        )
        change.insert(table, unit=code, parent=parent, since=change.now)
        # A day that names the unit takes the new tree to the centers that the status is pushed to.
        below = tree.under([code], change.now)
        counters.touch(change.connection, change.county.code, below, change.county.revision + 1)
        return {"code": code, "parent": parent}

    return changing(center, {"do": "move", "unit": code, "parent": parent}, apply)
