"""The fenced blocks of our documents, to be run or compared."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `language` is empty where the fence names none."""

    language: str
    text: str


def section(document: str, heading: str) -> str:
    """The text under a heading, given with its marks ("## A walk through"), up to the next one of its level or above.

    Raises ValueError where the document (a path from the root) has no such heading."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines(keepends=True)
    start = [line.rstrip("\n") for line in lines].index(heading) + 1
    level = len(heading) - len(heading.lstrip("#"))
    # No line of a fenced block begins with a mark and a space in our documents.
    ends = (n for n, line in enumerate(lines[start:], start) if re.match(rf"#{{1,{level}}} ", line))
    return "".join(lines[start : next(ends, len(lines))])


def blocks(text: str) -> list[Block]:
    return [Block(language, body) for language, body in _FENCED.findall(text)]


def resembles(said: str, expected: str) -> bool:
    """Whether a text is as a document shows it, where `…` stands for anything within a line."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
    return re.fullmatch(pattern, said.strip()) is not None
