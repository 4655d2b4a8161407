"""The county itself: its tables, its row, and the release that it was last served by."""

from importlib import metadata

import sqlalchemy as sa

from server.administration.changing import NotPossibleError, called, require_code
from server.center import Center
from server.store import dialect, ledger, schema, tables
from sync import chain
from sync.lines import Values

TIMEZONE = "Asia/Shanghai"


def release() -> str:
    return metadata.version("doorstep")


def init(center: Center, code: str, name: str) -> Values:
    """Makes the tables and the county; bringing an existing one up to date is fine. Raises NotPossibleError, also for a
    second county that the settings do not name: a server that does not say which one it serves would serve none. And
    for one where they name another."""
    require_code(code)
    named = called(name)
    if center.settings.county not in (None, code):
        raise NotPossibleError(
            f"DOORSTEP_COUNTY 指明的是县 {center.settings.county}，不是 {code}",
            f"DOORSTEP_COUNTY names county {center.settings.county}, not {code}",
        )
    with dialect.reading(center.engine) as connection:
        require_known(connection)
    schema.migrate(center.settings.database_url)
    with dialect.writing(center.engine) as connection:
        known = connection.scalar(sa.select(tables.county.c.name).where(tables.county.c.code == code))
        if known is None:
            other = connection.scalar(sa.select(tables.county.c.code).limit(1))
            if other is not None and center.settings.county != code:
                raise NotPossibleError(
                    f"数据库里已有县 {other}；要再建 {code}，请先设 DOORSTEP_COUNTY={code}",
                    f"The database holds county {other}; to add {code} beside it, set DOORSTEP_COUNTY={code}",
                )
            row = {"code": code, "name": named, "timezone": TIMEZONE, "revision": 0, "log_revision": 0}
            row |= {"head": chain.START, "directory_revision": 0, "release": release()}
            connection.execute(sa.insert(tables.county).values(**row))
            connection.execute(sa.insert(tables.unit).values(county=code, code=code, name=named))
    return {"county": code, "name": known or named, "created": known is None}


def up_to_date(center: Center) -> Values:
    """Brings the tables of the county that is there to this release. Raises NoCountyError where none is, or several and
    the settings name none; NotPossibleError."""
    with dialect.reading(center.engine) as connection:
        require_known(connection)
        is_made = sa.inspect(connection).has_table(tables.county.name)
        named = sa.select(tables.county.c.code, tables.county.c.name).where(ledger.NAMED).limit(2)
        code, name = ledger.only(connection.execute(named, {"code": center.settings.county}).all() if is_made else [])
    schema.migrate(center.settings.database_url)
    return {"county": code, "name": name, "created": False}


def require_known(connection: sa.Connection) -> None:
    """Raises NotPossibleError where the tables are of a release that this one does not know."""
    version = schema.version(connection)
    if version is not None and version not in schema.versions():
        raise NotPossibleError(
            f"数据库来自更新版本的 Doorstep（{version}），或属于别的程序：请安装该版本，或恢复本版本的备份",
            f"The database is of a newer Doorstep ({version}), or another program's: install that release, or restore "
            "a backup of this one",
        )


def figures(center: Center) -> dict[str, int]:
    """How many units, people, bodies and households the county has."""
    counted = {"units": tables.unit, "people": tables.person, "bodies": tables.body, "households": tables.record}
    with dialect.reading(center.engine) as connection:
        county = center.county(connection).code

        def count(table: sa.Table) -> int:
            kind = table.c.type == "household" if table is tables.record else sa.true()
            asked = sa.select(sa.func.count()).select_from(table).where(table.c.county == county, kind)
            return connection.scalar(asked) or 0

        return {name: count(table) for name, table in counted.items()}
