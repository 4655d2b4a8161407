"""The sentences of problems, in both languages (schemas/data/messages.json)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from marshmallow import Schema, fields

from schemas.codes import CODES, choices
from schemas.kinds import Choice
from schemas.limits import SHOWN_NAME_CHARS_MAX
from schemas.problems import INVALID, Problem
from schemas.shipped import shipped

MESSAGES: Mapping[str, Mapping[str, str]] = shipped("messages.json")
LANGUAGES = ("zh", "en")

Path = Sequence[str | int]
"""Where a problem is: names of members and indexes of items, from the record inwards."""


def sentence(error: str, schema: Schema, path: Path, language: str) -> str:
    """What is wrong at a path of a schema. `error` is a key of the messages, its argument after a space."""
    *_, declared = [None, *_declared(schema, path)]
    if error == "not_choice" and isinstance(declared, Choice):
        error = f"not_among {choices(CODES[declared.list_name].values(), language)}"
    return _worded(error, _label(schema, path, language), language)


def named(error: str, name: str) -> Problem:
    """What is wrong with what is called by its name and has no label: a parameter, say. `error` as above."""
    zh, en = (_worded(error, shown_name(name), language) for language in LANGUAGES)
    return Problem(INVALID, name[:SHOWN_NAME_CHARS_MAX], zh, en)


def one_of(names: Iterable[str]) -> str:
    """The error of what must be one of these."""
    listed = ", ".join(sorted(names))
    return f"one_of {listed}" if listed else "not_choice"


def _worded(error: str, label: str, language: str) -> str:
    key, _, limit = error.partition(" ")
    return MESSAGES[key][language].format(label=label, limit=limit)


def _label(schema: Schema, path: Path, language: str) -> str:
    """The label of a field and, where the path goes on, of the item and the part: "Parties 1: Name"."""
    label = ""
    for step, declared in zip(path, _declared(schema, path), strict=True):
        if isinstance(step, int):
            label = MESSAGES["item"][language].format(whole=label, n=step + 1)
        else:
            part = declared.metadata.get(language, step) if declared else shown_name(step)
            label = MESSAGES["part"][language].format(whole=label, part=part) if label else part
    return label


def _declared(schema: Schema, path: Path) -> Iterator[fields.Field[object] | None]:
    """The declared field at each step of a path, None for a name that the schema does not know."""
    declared: fields.Field[object] | None = None
    members: Mapping[str, fields.Field[object]] = schema.fields
    for step in path:
        if isinstance(step, int):
            declared = declared.inner if isinstance(declared, fields.List) else None
        else:
            declared = members.get(step)
        members = declared.schema.fields if isinstance(declared, fields.Nested) else {}
        yield declared


def shown_name(name: str) -> str:
    """An unknown name, cut to what a sentence can carry."""
    return name if len(name) <= SHOWN_NAME_CHARS_MAX else name[:SHOWN_NAME_CHARS_MAX] + "…"
