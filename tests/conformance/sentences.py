"""The sentences of docs/protocol.md that state how tablet and center behave, by section."""

import re
from collections.abc import Iterator
from itertools import dropwhile, takewhile
from pathlib import Path

PROTOCOL = Path(__file__).parents[2] / "docs/protocol.md"
FIRST, AFTER_LAST = "## Conventions", "## A walk through"
"""What stands before is a table of contents; the walk through is run as it stands, by tests/docs."""

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"^(?:- |[0-9]+\. )", re.MULTILINE)
_RUN_IN = re.compile(r"^\*\*[^*]+[.:]\*\* ", re.MULTILINE)
_TABLE_HEAD = re.compile(r"^\|.*\n\| ---.*\n", re.MULTILINE)
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`“{])")


def sentences() -> dict[str, list[str]]:
    """Each section's sentences and rows of tables, with one space between words and without emphasis."""
    lines = PROTOCOL.read_text(encoding="utf-8").splitlines()
    stated = takewhile(lambda line: line != AFTER_LAST, dropwhile(lambda line: line != FIRST, lines))
    sections = re.split(r"^#+ ", _FENCED.sub("", "\n".join(stated)), flags=re.MULTILINE)[1:]
    found: dict[str, list[str]] = {}
    for section in sections:
        heading, _, text = section.partition("\n")
        found[heading] = list(_sentences(text))
    return found


def _sentences(text: str) -> Iterator[str]:
    text = _TABLE_HEAD.sub("", text).replace("\n|", "\n\n|")
    for block in _ITEM.sub("\n\n", text).split("\n\n"):
        words = " ".join(_RUN_IN.sub("", block.strip()).replace("**", "").split())
        if words:
            yield from [words] if words.startswith("|") else _END.split(words)
