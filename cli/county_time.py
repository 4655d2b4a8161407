"""Moments as the county's clocks say them, for what commands tell people; `--json` tells them in UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cli.answers import Answer, listed
from schemas.kinds import Instant
from schemas.labels import to_the_minute

if TYPE_CHECKING:
    from server.center import Center


@dataclass(frozen=True, slots=True)
class CountyTime:
    """The time zone of a county."""

    zone: tzinfo

    @classmethod
    def of(cls, center: "Center") -> "CountyTime":
        from server.store import dialect

        with dialect.reading(center.engine) as connection:
            return cls(ZoneInfo(center.county(connection).timezone))

    def said(self, value: object) -> object:
        """A value, or all that is in it, with each instant as `2026-11-24 23:59`."""
        match value:
            case dict():
                return {name: self.said(each) for name, each in value.items()}
            case list():
                return [self.said(each) for each in value]
            case str() if Instant.form.regex.fullmatch(value):
                return to_the_minute(value, self.zone)
            case _:
                return value

    def listed(self, items: Iterable[Mapping[str, object]], columns: Mapping[str, str]) -> Answer:
        """The answer of a command that lists: the items as they are, and in the table local moments."""
        found = list(items)
        shown = [{name: self.said(each.get(name)) for name in columns} for each in found]
        return Answer({"items": found}, listed(shown, columns).text)
