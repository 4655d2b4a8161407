"""The server's database, opened for one command by the environment's settings; what is wrong with it, in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.answers import CommandError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

    from server.center import Center

MAKING = "doorstep init --county … --name …"
_NOT_ALLOWED = "42501"
"""PostgreSQL's insufficient_privilege."""


@contextmanager
def opened(*, made: bool = True, current: bool = True) -> Iterator["Center"]:
    """The center that the settings name. Unless `made` is false, its tables and its county must be there; unless
    `current` is false, the tables of this release.

    Raises CommandError, also for what the server says while the center is open."""
    try:
        import server.administration
    except ModuleNotFoundError as error:
        raise CommandError(
            "server-missing",
            f"未安装中心端（缺少 {error.name}）：请安装 doorstep[server]",
            f"The server's parts are not installed ({error.name} is missing): install doorstep[server]",
        ) from error
    from sqlalchemy.exc import DBAPIError

    from server.settings import SettingsError
    from server.store.ledger import NoCountyError

    center = _center(must_be_there=made)
    try:
        yield _made(center) if made and current else center
    except server.administration.NotPossibleError as error:
        raise CommandError("not-possible", error.zh, error.en) from error
    except SettingsError as error:
        raise CommandError("settings-invalid", error.zh, error.en) from error
    except NoCountyError as error:
        raise _no_county(center) from error
    except DBAPIError as error:
        raise _database_failed(error) from error
    finally:
        center.engine.dispose()


def _center(*, must_be_there: bool) -> "Center":
    from sqlalchemy.exc import ArgumentError

    from server.center import Center
    from server.settings import Settings, SettingsError

    try:
        settings = Settings.from_environment(os.environ)
        if must_be_there:
            _require_file(settings.database_url)
        return Center.of(settings)
    except SettingsError as error:
        raise CommandError("settings-invalid", error.zh, error.en) from error
    except (ArgumentError, ValueError, OSError) as error:
        raise CommandError(
            "settings-invalid", f"配置不可用：{error}", f"The settings cannot be used: {error}"
        ) from error


def _require_file(database_url: str) -> None:
    """A command that looks must not leave an empty SQLite file where none was. Raises CommandError."""
    from sqlalchemy import make_url

    url = make_url(database_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    if file and not Path(file).exists():
        raise CommandError(
            "no-county",
            f"还没有县（没有 {file}）：请运行 {MAKING}",
            f"There is no county yet (no {file}): run {MAKING}",
        )


def _made(center: "Center") -> "Center":
    """The center of the county that is there now, whatever others are made beside it while it is at work."""
    from server.administration import require_known
    from server.store import dialect, schema

    with dialect.reading(center.engine) as connection:
        require_known(connection)
        if not schema.is_current(connection):
            raise CommandError(
                "no-tables",
                "数据库尚未初始化或版本较旧：请运行 doorstep init",
                "The database has no tables yet, or those of an older release: run doorstep init",
            )
        return center.answering_for(center.county(connection).code)


def _no_county(center: "Center") -> CommandError:
    named = center.settings.county
    if named is not None:
        return CommandError(
            "no-county", f"数据库中没有县 {named}（DOORSTEP_COUNTY）", f"There is no county {named} (DOORSTEP_COUNTY)"
        )
    return CommandError(
        "no-county",
        f"还没有县：请运行 {MAKING}；已有几个县：请用 DOORSTEP_COUNTY 指明",
        f"There is no county yet: run {MAKING}; or there are several: name one in DOORSTEP_COUNTY",
    )


def _database_failed(error: "DBAPIError") -> CommandError:
    reason = " ".join(str(error.orig).split())
    zh, en = f"数据库出错：{reason}", f"The database could not do it: {reason}"
    if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
        zh += "。请把数据库交给这个用户：ALTER DATABASE … OWNER TO …（或用 createdb -O 建库）"
        en += ". Give the database to this user: ALTER DATABASE … OWNER TO … (or make it with createdb -O)"
    return CommandError("database-failed", zh, en)
