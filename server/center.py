"""The server's own parts, made once a process and handed to the views: database, county, clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from server.settings import Settings
from server.store import dialect, ledger
from server.store.directory import UnitsCache
from server.store.flight import ask
from server.store.ledger import County
from server.turns import Turns

Clock = Callable[[], int]
"""Milliseconds since 1970."""


def system_clock() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Center:
    """A county's server."""

    settings: Settings
    engine: sa.Engine
    clock: Clock = system_clock
    units: UnitsCache = field(default_factory=UnitsCache)
    turns: Turns[Any, Any] = field(default_factory=Turns)
    """Of the syncs of a process: two at a time would only stand in each other's way."""

    @classmethod
    def of(cls, settings: Settings, clock: Clock = system_clock) -> "Center":
        return cls(settings, dialect.create_engine(settings), clock)

    def answering_for(self, county: str) -> "Center":
        """The same, for a county that is named instead of the one that the settings say."""
        return replace(self, settings=replace(self.settings, county=county), turns=Turns())

    def county(self, connection: sa.Connection) -> County:
        """The county as it is now. Raises NoCountyError."""
        return ask(connection, ledger.county_named(self.settings.county))
