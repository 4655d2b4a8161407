"""A suggested merge of two texts that started from one: by sentence, offered only where both changes stand together."""

import re
from difflib import SequenceMatcher

_MARKS = "。！？；!?;\n"
SENTENCE = re.compile(f"[^{_MARKS}]*[{_MARKS}]|[^{_MARKS}]+")
"""Sentences with the mark or line end that closes them."""

_Change = tuple[int, int, list[str]]


def suggested(base: str, one: str, other: str) -> str | None:
    """`base` with the changes of both, or None where they touch the same or neighbouring sentences differently.

    The same in whichever order the two are given."""
    sentences = SENTENCE.findall(base)
    changes = _changes(sentences, one)
    for change in _changes(sentences, other):
        if change not in changes:
            if any(_touch(change, made) for made in changes):
                return None
            changes.append(change)
    merged = list(sentences)
    for start, end, replacement in sorted(changes, reverse=True):
        merged[start:end] = replacement
    return "".join(merged)


def _changes(base: list[str], text: str) -> list[_Change]:
    sentences = SENTENCE.findall(text)
    matcher = SequenceMatcher(a=base, b=sentences, autojunk=False)
    return [(i1, i2, sentences[j1:j2]) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


def _touch(one: _Change, other: _Change) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
