"""What tests of the tablet say often."""

import json
from typing import Any

from client_sdk import Record
from client_sdk.schema import Meta
from tests.client.conftest import Worker

APPLICANT = {"role": "applicant", "kind": "person", "name": "赵甲", "phone": "13800138000"}


def household(worker: Worker, **values: object) -> Record:
    return worker.tablet.households.create(**{"address": "河边一号", **values})


def visit(worker: Worker, home: Record, **values: object) -> Record:
    return worker.tablet.visits.create(**{"household": home, "result": "met", "purposes": ["errand"], **values})


def dispute(worker: Worker, **values: object) -> Record:
    given = {
        "title": "Fence",
        "category": "neighbours",
        "summary": "第一句。第二句。",
        "parties": [APPLICANT],
        **values,
    }
    return worker.tablet.disputes.create(**given)


def sync(*workers: Worker) -> None:
    for worker in workers:
        worker.tablet.sync()


def last_line(worker: Worker) -> dict[str, Any]:
    """The newest line of the outbox, as it would travel."""
    line = worker.tablet._desk.store.value("SELECT line FROM outbox ORDER BY seq DESC LIMIT 1")
    members: dict[str, Any] = json.loads(line)
    return members


def everything(worker: Worker) -> dict[str, Any]:
    """All that a store holds, for comparing."""
    store = worker.tablet._desk.store
    return {
        table: store.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("meta", "outbox", "base", "view", "set_aside")
    }


def without_stamps(state: dict[str, Any]) -> dict[str, Any]:
    """All of that, but for what the stamp clock keeps: each request moves it, whatever becomes of the request."""
    stamp = 5
    return {
        **state,
        "meta": [row for row in state["meta"] if row[0] != Meta.LAST_STAMP],
        "outbox": [(*row[:stamp], *row[stamp + 1 :]) for row in state["outbox"]],
    }
