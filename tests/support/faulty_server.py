"""`doorstep serve` with a bug in every place that tells the log of one; each names a person's telephone number."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Flask

import server.app
from cli.serve import serve
from server import holding, sitting
from server.center import Center
from server.turns import Turns, Work
from sync import batch

PHONE = "13800138000"
HELD_BY_AN_OLDER = "0190aaaa-0000-7000-8000-000000000001"

_received, _take, _made = sitting.received, Turns.take, server.app.create_app
_calls = 0


def buggy(*_: Any, **__: Any) -> NoReturn:
    try:
        raise KeyError(PHONE)
    except KeyError:
        try:
            raise ValueError(PHONE)
        except ValueError as error:
            raise RuntimeError(f"of {PHONE}") from error


def received(center: Center, calls: Sequence[Any], *, holds_all: bool = False, **how: Any) -> Any:
    """No transaction of the first sync works before its line is held unread; those of later ones do."""
    global _calls
    _calls += 1
    return _received(center, calls, holds_all=holds_all, **how) if holds_all or _calls > 3 else buggy()


def take(self: Turns[Any, Any], call: Any, size: int, work: Work[Any, Any]) -> Any:
    """As if two came at once, at first."""
    if not _calls:
        work([call, call])
    return _take(self, call, size, work)


def create_app(*given: Any) -> Flask:
    app = _made(*given)

    @app.get("/bug")
    def bug() -> str:
        buggy()

    @app.get("/streamed-bug")
    def streamed_bug() -> Iterator[bytes]:
        yield b"a part"
        buggy()

    @app.get("/refused-by-the-database")
    def refused_by_the_database() -> str:
        raise sa.exc.IntegrityError(f"INSERT {PHONE}", {}, _StateError("23505")) from _StateError("23505")

    @app.get("/no-database")
    def no_database() -> str:
        raise sa.exc.OperationalError(f"SELECT {PHONE}", {}, _StateError("57P01")) from _StateError("57P01")

    return app


class _StateError(Exception):
    """The driver's."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(PHONE)
        self.sqlstate = sqlstate


if __name__ == "__main__":
    faults: dict[str, tuple[Any, Any]] = {
        "create_app": (server.app, create_app),
        "received": (sitting, received),
        "take": (Turns, take),
        "judge": (batch, buggy),
        "_take_up": (holding, buggy),
        "_awaiting_release": (holding, lambda _push: [HELD_BY_AN_OLDER]),
        "_rejudged": (holding, buggy),
    }
    for name, (place, fault) in faults.items():
        setattr(place, name, fault)
    serve(sys.argv[1:])
