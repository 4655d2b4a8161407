"""One tablet as a process of its own: takes commands as JSON lines on stdin, answers as JSON lines on stdout."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from client_sdk import Tablet
from client_sdk.attention import Refused
from client_sdk.errors import InvalidError, OfflineError
from client_sdk.report import SyncProgress
from demo.faults import LosesAnswer, Stalls

COMPARED_TYPES = ("household", "visit", "dispute", "entry")


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Actor:
    """What the story asks of a tablet. Each command is a method, its answer a JSON value."""

    def __init__(self, store: str, tell: Callable[..., None] = lambda **_message: None) -> None:
        self._store, self._tell = store, tell
        self._tablet: Tablet | None = None

    @property
    def tablet(self) -> Tablet:
        if self._tablet is None:
            self._tablet = Tablet.open(self._store)
        return self._tablet

    def close(self) -> None:
        if self._tablet is not None:
            self._tablet.close()
            self._tablet = None

    def enroll(self, url: str, code: str, name: str) -> Mapping[str, Any]:
        self._tablet = Tablet.enroll(url, code, self._store, name=name)
        return self._tablet.person

    def create(self, type: str, values: dict[str, Any]) -> str:  # noqa: A002 - the record's type, as on the wire
        return str(self._collection(type).create(**values).id)

    def change(self, type: str, record: str, values: dict[str, Any]) -> str:  # noqa: A002
        return str(self._collection(type).change(record, **values).id)

    def try_to_create(self, type: str, values: dict[str, Any]) -> list[str]:  # noqa: A002
        """What is said of values that the tablet itself does not take."""
        try:
            self._collection(type).create(**values)
        except InvalidError as error:
            return [problem.zh for problem in error.problems]
        return []

    def records(self, type: str) -> list[dict[str, Any]]:  # noqa: A002
        return [{"id": each.id, **each.document} for each in self._collection(type).list(with_removed=True)]

    def sync(self, fault: str | None = None) -> dict[str, Any]:
        tablet = self.tablet if fault is None else self._faulty(fault)
        try:
            report = tablet.sync(progress=self._progress)
        except OfflineError:
            return {"offline": True, "waiting": tablet.waiting}
        return {
            "sent": report.sent,
            "received": report.received,
            "conflicts": report.conflicts,
            "refused": report.refused,
            "held": report.held,
            "waiting": tablet.waiting,
        }

    def _faulty(self, fault: str) -> Tablet:
        if self._tablet is not None:
            self._tablet.close()
        way = httpx.HTTPTransport()
        broken = LosesAnswer(way) if fault == "lost" else Stalls(way, lambda: self._tell(stalled=True))
        self._tablet = Tablet.open(self._store, transport=broken, sleep=lambda _s: None)
        return self._tablet

    def _progress(self, progress: SyncProgress) -> None:
        self._tell(progress={"sent": progress.sent, "to_send": progress.to_send, "received": progress.received})

    def attention(self) -> list[dict[str, Any]]:
        return [
            {"edit": each.edit, "code": each.code, "zh": each.zh, "refused": isinstance(each, Refused)}
            for each in self.tablet.attention
        ]

    def mend(self, edit: str, values: dict[str, Any]) -> str:
        item = next(each for each in self.tablet.attention if each.edit == edit)
        if not isinstance(item, Refused):
            raise TypeError(f"{edit} is not refused")
        return item.mend(**values).id

    def conflicts(self) -> list[dict[str, Any]]:
        return [
            {"id": each.id, "field": each.field, "values": [value.value for value in each.values]}
            for each in self.tablet.conflicts.open()
        ]

    def settle(self, conflict: str, value: Any) -> str:
        found = self.tablet.conflicts.get(conflict)
        if found is None:
            raise LookupError(f"{conflict} is not open here")
        return found.settle(value).id

    def snapshot(self) -> dict[str, Any]:
        """All that the tablet shows, and every edit that it ever made with its state."""
        shown = {type_name: self.records(type_name) for type_name in COMPARED_TYPES}
        made: dict[str, str] = {}
        for type_name, found in shown.items():
            for record in found:
                made |= {each.edit: each.state for each in self._collection(type_name).history(record["id"])}
        made |= {each.edit: "refused" if isinstance(each, Refused) else "held" for each in self.tablet.attention}
        return {
            "scope": list(self.tablet.scope),
            "records": {record["id"]: record for found in shown.values() for record in found},
            "conflicts": sorted(each.id for each in self.tablet.conflicts.open()),
            "edits": made,
            "waiting": self.tablet.waiting,
        }

    def _collection(self, type_name: str) -> Any:
        return {
            "household": self.tablet.households,
            "visit": self.tablet.visits,
            "dispute": self.tablet.disputes,
            "entry": self.tablet.entries,
        }[type_name]


def main(store: str) -> None:
    """Serves commands until stdin closes."""
    actor = Actor(store, say)
    for line in sys.stdin:
        command = json.loads(line)
        method: Callable[..., object] = getattr(actor, command["do"])
        try:
            say(answer=method(**command["with"]))
        except Exception as error:  # noqa: BLE001 - the story decides what a failure means
            say(failed=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
