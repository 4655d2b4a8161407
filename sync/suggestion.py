"""A suggested merge of two texts that started from one: by sentence, offered only where both changes stand together."""

import re
from difflib import SequenceMatcher

_MARKS = "。！？；!?;\n"
SENTENCE = re.compile(f"[^{_MARKS}]*[{_MARKS}]|[^{_MARKS}]+")
"""Sentences with the mark or line end that closes them."""

COMPARED_MAX = 100
"""Sentences from the first to the last that differ. Comparing takes up to the cube of their number."""

_Change = tuple[int, int, list[str]]


def suggested(base: str, one: str, other: str) -> str | None:
    """`base` with the changes of both, or None where they touch the same or neighbouring sentences differently.

    The same in whichever order the two are given."""
    sentences = SENTENCE.findall(base)
    changes, others = _changes(sentences, one), _changes(sentences, other)
    if changes is None or others is None:
        return None
    added = [change for change in others if change not in changes]
    if any(_touch(change, made) for change in added for made in changes):
        return None
    merged = list(sentences)
    for start, end, replacement in sorted(changes + added, reverse=True):
        merged[start:end] = replacement
    return "".join(merged)


def _changes(base: list[str], text: str) -> list[_Change] | None:
    """What was replaced by what, or None where too much differs to be compared."""
    sentences = SENTENCE.findall(text)
    start = _alike(base, sentences)
    end = _alike(base[start:][::-1], sentences[start:][::-1])
    ours, theirs = base[start : len(base) - end], sentences[start : len(sentences) - end]
    if max(len(ours), len(theirs)) > COMPARED_MAX:
        return None
    matcher = SequenceMatcher(a=ours, b=theirs, autojunk=False)
    return [(start + i1, start + i2, theirs[j1:j2]) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


def _alike(one: list[str], other: list[str]) -> int:
    """With how many equal sentences both begin."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _touch(one: _Change, other: _Change) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
