"""The words of a tablet, in Chinese or English: never "synced" for a part of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cli.answers import visible
from client_sdk import Refused, Tablet
from schemas.catalog import RecordType
from schemas.labels import labelled

LANGUAGES = ("zh", "en")


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """English where LANG asks for it, else Chinese."""
    return "en" if environment.get("LANG", "").lower().startswith("en") else "zh"


@dataclass(frozen=True, slots=True)
class Words:
    """What to say, in one language."""

    language: str

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def field(self, kind: RecordType, name: str) -> str:
        """The label of a field, or its name where this app does not know it."""
        known = kind.fields.get(name)
        return name if known is None else self(known.zh, known.en)

    def value(self, kind: RecordType, name: str, value: object) -> str:
        """A value of a field, codes as their labels; – where there is none."""
        return visible(str(labelled(kind, name, value, self.language))) or "–"

    def line(self, kind: RecordType, name: str, value: object) -> str:
        """A field with its value. What the value has after its first line is set in: it is no field of its own."""
        return f"{self.field(kind, name)}: {self.value(kind, name, value)}".replace("\n", "\n  ")

    def status(self, tablet: Tablet) -> str:
        """Where the tablet stands, one line a fact."""
        needs = sum(isinstance(item, Refused) for item in tablet.attention) + len(tablet.conflicts.open())
        held = len(tablet.attention) - sum(isinstance(item, Refused) for item in tablet.attention)
        aside = len(tablet.set_aside)
        facts = [
            self(f"{tablet.waiting} 条待上传", f"{tablet.waiting} waiting")
            if tablet.waiting
            else self("全部已上传", "All sent"),
            self(f"{needs} 条需要处理", f"{needs} need you") if needs else "",
            self(f"{held} 条待中心处理", f"{held} held by the center") if held else "",
            self(f"{aside} 条已留存", f"{aside} set aside") if aside else "",
            self.last_sync(tablet.last_sync),
        ]
        return "\n".join(filter(None, facts))

    def last_sync(self, moment: datetime | None) -> str:
        if moment is None:
            return self("尚未同步", "Not synced yet")
        here = moment.astimezone()
        is_today = here.date() == datetime.now(tz=UTC).astimezone().date()
        text = f"{here:%H:%M}" if is_today else f"{here:%Y-%m-%d %H:%M}"
        return self(f"上次同步 {text}", f"Last sync {text}")
