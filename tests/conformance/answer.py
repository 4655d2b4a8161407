"""A sync answer, read with a JSON parser and docs/protocol.md."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

Document = dict[str, Any]

OUTCOME_MEMBERS = {"edit", "line", "result", "code", "field", "detail", "conflicts", "at"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of a whole answer, each as the protocol says that it is."""

    head: Document
    rows: tuple[Document, ...]
    lost: tuple[str, ...]
    last: Document
    body: bytes

    @classmethod
    def read(cls, answer: httpx.Response) -> "Answer":
        """Raises AssertionError where the answer is not 200, or not formed as it must be."""
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        body = answer.content
        assert body.endswith(b"\n")
        head, *between, last = [json.loads(line) for line in body.removesuffix(b"\n").split(b"\n")]
        assert {"v", "mark", "clock", "through", "replay", "outcomes"} <= head.keys()
        assert {"cursor", "more", "rev"} <= last.keys()
        for outcome in head["outcomes"]:
            assert outcome.keys() <= OUTCOME_MEMBERS
            assert "edit" in outcome or "line" in outcome
            assert outcome["result"] in {"applied", "conflict", "refused", "held"}
        rows = tuple(part for part in between if "scope" not in part)
        for row in rows:
            assert {"rev", "type", "id"} <= row.keys()
            assert ({"keys", "doc"} <= row.keys()) != ("gone" in row)
        return cls(head, rows, tuple(part["scope"] for part in between if "scope" in part), last, body)

    @property
    def outcomes(self) -> list[Document]:
        found: list[Document] = self.head["outcomes"]
        return found

    def outcome(self, edit: str) -> Document:
        """What became of an edit; one that is plainly applied is not listed."""
        return next((each for each in self.outcomes if each.get("edit") == edit), {"edit": edit, "result": "applied"})

    def row(self, record: str) -> Document:
        """The last row of a record. Raises AssertionError where it has none."""
        found = [row for row in self.rows if row["id"] == record]
        assert found, f"no row of {record}"
        return found[-1]


def problem(answer: httpx.Response, status: int, code: str, field: str | None = None) -> Document:
    """The document of a request that was refused as a whole, which must be this one."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    document: Document = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code)
    assert document["zh"]
    assert document["en"]
    assert document.get("field") == field
    return document
