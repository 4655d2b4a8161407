"""A center as it stands in a county: gunicorn, and a database that can be killed and started again, or put back."""

import shutil
from abc import ABC, abstractmethod
from pathlib import Path

import sqlalchemy as sa

from server.center import Center
from server.settings import Settings
from tests.processes.squad import settle
from tests.processes.webserver import WebServer
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.postgres import Cluster


class Premises(ABC):
    """The server on a new database with a county in it. Everything flushes its commits to the disk."""

    crashes: tuple[str, ...] = ("server", "worker")
    """What can be killed here: the whole server, one of its workers, the database, one of its processes, both."""

    def __init__(self, databases: Databases, folder: Path) -> None:
        self.databases = databases
        self.web = WebServer(databases.create_database(), folder / "gunicorn.log")
        self.center = self._opened()
        settle(self.center)

    def _opened(self) -> Center:
        return Center.of(Settings(self.web.database_url))

    def start(self) -> None:
        self.web.start()
        self.web.await_ready()

    @abstractmethod
    def crash_database(self) -> None: ...

    @abstractmethod
    def crash_backend(self, which: int) -> None: ...

    @abstractmethod
    def start_database(self) -> None: ...

    def copied(self) -> str:
        """A copy of the database as it is now, for another day. The server must be down."""
        self.center.engine.dispose()
        return self.databases.create_database(template=self.web.database_url)

    @abstractmethod
    def put_back(self, copy: str) -> None:
        """Puts a copy in the place of the database. The server must be down."""

    def close(self) -> None:
        self.web.close()
        self.center.engine.dispose()


class SqlitePremises(Premises):
    def __init__(self, folder: Path) -> None:
        super().__init__(SqliteDatabases(folder), folder)

    def crash_database(self) -> None:
        """SQLite has no process of its own: it dies with the server."""

    def crash_backend(self, which: int) -> None:
        """Nor has it processes."""

    def start_database(self) -> None:
        """It is there when it is opened."""

    def put_back(self, copy: str) -> None:
        self.center.engine.dispose()
        self.databases.drop_database(self.web.database_url)
        shutil.copyfile(_path(copy), _path(self.web.database_url))


class PostgresPremises(Premises):
    crashes = ("server", "worker", "database", "backend", "both")

    def __init__(self, folder: Path) -> None:
        self.cluster = Cluster.start(durable=True)
        try:
            super().__init__(PostgresDatabases(self.cluster.url), folder)
        except BaseException:
            self.cluster.stop()
            raise

    def crash_database(self) -> None:
        self.cluster.crash()

    def crash_backend(self, which: int) -> None:
        self.cluster.crash_one(which)

    def start_database(self) -> None:
        self.cluster.start_again()

    def put_back(self, copy: str) -> None:
        self.center.engine.dispose()
        self.databases.drop_database(self.web.database_url)
        self.web.database_url = self.databases.create_database(template=copy)
        self.center = self._opened()

    def close(self) -> None:
        super().close()
        self.cluster.stop()


def _path(url: str) -> str:
    return sa.make_url(url).database or ""
