"""Releases of app and server: each schema has all fields of the one before, and one more."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

from schemas.catalog import CATALOG, RecordType, field_rules
from schemas.kinds import FileName, ListOf, Text
from schemas.records.household import Household
from schemas.records.visit import Visit
from schemas.rules import Rule, Sensitivity, held_as


class SecondHousehold(Household):
    mood = Text(20, metadata=held_as(Rule.REVIEW, Sensitivity.OPEN, zh="心情", en="Mood"))


class ThirdVisit(Visit):
    companions = ListOf(
        FileName(), items_max=5, metadata=held_as(Rule.SET, Sensitivity.OPEN, zh="同行人", en="Companions")
    )


def _with(types: Mapping[str, RecordType], name: str, schema: type[Household | Visit]) -> Mapping[str, RecordType]:
    changed = replace(types[name], schema=schema, fields=field_rules(schema))
    return MappingProxyType({**types, name: changed})


FIRST = CATALOG.types
SECOND = _with(FIRST, "household", SecondHousehold)
THIRD = _with(SECOND, "visit", ThirdVisit)
TYPES: Mapping[int, Mapping[str, RecordType]] = {1: FIRST, 2: SECOND, 3: THIRD}
NEWEST = max(TYPES)


@contextmanager
def speaking(schema: int) -> Iterator[None]:
    """What runs inside is of the release that writes this schema. Tablets and server share a process, and a catalog."""
    before = CATALOG.version
    _speak(schema)
    try:
        yield
    finally:
        _speak(before)


def _speak(schema: int) -> None:
    object.__setattr__(CATALOG, "version", schema)
    object.__setattr__(CATALOG, "types", TYPES[schema])
