"""The words of a tablet, in Chinese or English: never "synced" for a part of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cli.answers import counted
from cli.tables import NOTHING, visible
from client_sdk import Refused, Tablet
from schemas.catalog import RecordType
from schemas.codes import CODES
from schemas.kinds import Assignee, Instant, Stamp
from schemas.labels import labelled, to_the_minute
from schemas.masking import shape_of
from schemas.rules import WORKFLOW_REGISTER

LANGUAGES = ("zh", "en")

SHOWN_CHARS_MAX = 300
"""Of one value in a list of what needs somebody; `--json` has it whole."""


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """English where LANG asks for it, else Chinese."""
    return "en" if environment.get("LANG", "").lower().startswith("en") else "zh"


@dataclass(frozen=True, slots=True)
class Words:
    """What to say, in one language. `names`: what people call others, by `person:<id>` and `body:<id>`."""

    language: str
    names: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def type(self, name: str) -> str:
        """What a record type is called."""
        return CODES["record_type"][name].label(self.language)

    def label(self, kind: RecordType, name: str) -> str:
        """The label of a field, or its name where this app does not know it."""
        known = kind.fields.get(name)
        return name if known is None else self(known.zh, known.en)

    def value(self, kind: RecordType, name: str, value: object) -> str:
        """A value of a field, codes as their labels and moments on this machine's clock; – where there is none."""
        declared = shape_of(kind.schema).fields.get(name)
        match declared, value:
            case Assignee(), str():
                return self.called(value)
            case Instant() | Stamp(), str():
                return to_the_minute(value, None)
            case _:
                return visible(str(labelled(kind, name, value, self.language))) or NOTHING

    def register(self, kind: RecordType, name: str, value: object) -> str:
        """A value of a register: a field's, or a status with all that changes along."""
        if not isinstance(value, Mapping) or name != WORKFLOW_REGISTER:
            return self.value(kind, name, value)
        fields = [name, *(field for field in kind.fields if field in value and field != name)]
        return self("，", ", ").join(self.line(kind, field, value.get(field)) for field in fields)

    def beginning(self, text: str) -> str:
        """A text as far as a list tells it."""
        more = self(f"……（共 {len(text)} 字，见 --json）", f"… ({len(text)} characters, see --json)")
        return text if len(text) <= SHOWN_CHARS_MAX else text[:SHOWN_CHARS_MAX] + more

    def called(self, key: str) -> str:
        """Somebody by `person:<id>` or `body:<id>`, with their name where it is known."""
        name = self.names.get(key)
        return visible(key if name is None else f"{name} ({key})")

    def line(self, kind: RecordType, name: str, value: object) -> str:
        """A field with its value. What the value has after its first line is set in: it is no field of its own."""
        return f"{self.label(kind, name)}: {self.value(kind, name, value)}".replace("\n", "\n  ")

    def status(self, tablet: Tablet) -> str:
        """Where the tablet stands, one line a fact."""
        attention, conflicts = tablet.attention, tablet.conflicts.open()
        refused, own = sum(isinstance(item, Refused) for item in attention), sum(each.may_settle for each in conflicts)
        needs, others = refused + own, len(conflicts) - own
        held, aside = len(attention) - refused, len(tablet.set_aside)
        facts = [
            self(f"{tablet.waiting} 条待上传", f"{tablet.waiting} waiting")
            if tablet.waiting
            else self("全部已上传", "All sent"),
            self(f"{needs} 条需要处理", counted(needs, "needs you", "need you")) if needs else "",
            self(f"{others} 条由他人核对", f"{others} waiting for others to settle") if others else "",
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
