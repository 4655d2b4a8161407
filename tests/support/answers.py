"""A sync answer as any client reads it: with a JSON parser and docs/protocol.md, nothing of the server's."""

import json
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of a whole answer."""

    head: Document
    rows: tuple[Document, ...]
    lost: tuple[str, ...]
    last: Document

    @classmethod
    def read(cls, body: bytes) -> "Answer":
        """Raises AssertionError where a line is missing or is none that an answer may have."""
        head, *between, last = [json.loads(line) for line in body.removesuffix(b"\n").split(b"\n")]
        assert head["v"] == 1
        assert {"cursor", "more", "rev"} == last.keys() - {"digests"}
        rows: list[Document] = []
        lost: list[str] = []
        for part in between:
            if "scope" in part:
                assert part["gone"] is True
                assert not rows, "keys that were lost come before the rows"
                lost.append(part["scope"])
            else:
                assert part.keys() >= {"rev", "type", "id"}
                assert ("doc" in part) != ("gone" in part)
                rows.append(part)
        return cls(head, tuple(rows), tuple(lost), last)

    @property
    def outcomes(self) -> list[Document]:
        found: list[Document] = self.head["outcomes"]
        return found

    def outcome(self, edit: str) -> Document:
        """What became of an edit; edits that are plainly applied are not listed."""
        return next((each for each in self.outcomes if each.get("edit") == edit), {"edit": edit, "result": "applied"})

    def ids(self, record_type: str) -> list[str]:
        return [row["id"] for row in self.rows if row["type"] == record_type and "doc" in row]

    @property
    def gone(self) -> dict[tuple[str, str], str]:
        return {(row["type"], row["id"]): row["gone"] for row in self.rows if "gone" in row}


class ProblemAnswerError(AssertionError):
    """The server refused the request as a whole."""

    def __init__(self, status: int, document: Document) -> None:
        super().__init__(f"{status} {document}")
        self.status, self.document = status, document

    @property
    def code(self) -> str:
        return str(self.document["code"])
