"""Each limit on a value, on both sides of it: what is at the limit is valid, one more is refused where it stands."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from schemas import limits, snapshots, wire
from schemas.catalog import CATALOG
from schemas.kinds import Shape
from schemas.validation import problems, shape_problems

NAME = "0192c3a0-0000-7000-8000-00000000000b"
STAMP = "2026-11-21T08:15:30.123Z-0000"
PARTY = {"role": "applicant", "kind": "person", "name": "甲"}
CHANGE = {"edit": NAME, "schema": 1, "by": "wang", "do": "change", "type": "visit", "id": NAME, "at": STAMP}
ANSWER = {"v": 1, "mark": "m", "clock": STAMP, "through": 1, "replay": False, "outcomes": []}
ROW = {"rev": 1, "type": "dispute", "id": NAME}
CODE = {"code": "x", "nonce": "x", "tablet": {"name": "x"}}
ENROLLED = {
    "tablet": "t",
    "token": "s",
    "person": {"id": "wang", "name": "王"},
    "county": "5",
    "scope": [],
    "clock": STAMP,
}
DAY = {"v": 1, "county": "990101", "day": "2026-11-21", "version": 1, "units": [], "counters": []}

Make = Callable[[int], Any]


def text(count: int) -> str:
    return "a" * count


def times(member: object) -> Make:
    return lambda count: [member] * count


def within(name: str, make: Make) -> Make:
    return lambda count: {name: make(count)}


def at(**place: object) -> Make:
    """A location with one member of that number."""
    [name] = place
    said = (lambda number: number) if name == "accuracy_m" else str
    return lambda number: {"lat": "25", "lon": "102", name: said(number)}


OF_RECORDS: list[tuple[str, str, str, Make]] = [
    ("NAME_CHARS_MAX", "visit", "visitor", text),
    ("TITLE_CHARS_MAX", "dispute", "title", text),
    ("SHORT_TEXT_CHARS_MAX", "dispute", "place", text),
    ("PARAGRAPH_CHARS_MAX", "dispute", "close_reason", text),
    ("LONG_TEXT_CHARS_MAX", "dispute", "summary", text),
    ("PHONE_CHARS_MAX", "household", "phone", lambda count: "1" * count),
    ("DOOR_NO_CHARS_MAX", "household", "door_no", text),
    ("FILE_NAME_CHARS_MAX", "visit", "photos", lambda count: [text(count)]),
    ("FLAG_CHARS_MAX", "dispute", "flags", lambda count: [text(count)]),
    ("HOUSEHOLD_PEOPLE_MAX", "household", "people_count", int),
    ("INVOLVED_PEOPLE_MAX", "dispute", "people_involved", int),
    ("SATISFACTION_MAX", "visit", "satisfaction", int),
    ("ACCURACY_M_MAX", "visit", "location", at(accuracy_m=0)),
    ("LATITUDE_DEGREES_MAX", "household", "location", at(lat="")),
    ("LONGITUDE_DEGREES_MAX", "household", "location", at(lon="")),
    ("YUAN_DIGITS_MAX", "dispute", "amount_yuan", lambda count: "9" * count),
    ("PARTIES_MAX", "dispute", "parties", times(PARTY)),
    ("PHOTOS_MAX", "visit", "photos", times("a.jpg")),
    ("FILES_MAX", "entry", "files", times("a.pdf")),
    ("FLAGS_MAX", "dispute", "flags", times("closed-without-follow-up")),
    ("SET_VALUES_MAX", "visit", "purposes", times("errand")),
    ("SET_VALUES_MAX", "household", "service_needs", times("hardship")),
]
OF_THE_WIRE: list[tuple[str, type[Shape], Mapping[str, object], str, Make]] = [
    ("SET_VALUES_MAX", wire.EditShape, CHANGE, "settles", times("title")),
    ("SET_VALUES_MAX", wire.EditShape, CHANGE, "add", within("purposes", times("errand"))),
    ("SET_VALUES_MAX", wire.EditShape, CHANGE, "remove", within("purposes", times("errand"))),
    ("OVER_NAMES_MAX", wire.EditShape, CHANGE, "over", within("title", times(NAME))),
    ("SHORT_TEXT_CHARS_MAX", wire.EditShape, CHANGE, "now", lambda count: {text(count): 1}),
    ("INTEGER_MAX", wire.EditShape, CHANGE, "schema", int),
    ("INTEGER_MAX", wire.AnswerHead, ANSWER, "through", int),
    ("OUTCOMES_MAX", wire.AnswerHead, ANSWER, "outcomes", times({"line": 1, "result": "applied"})),
    ("SIBLINGS_MAX", wire.FeedRow, ROW, "dots", within("title", times(NAME))),
    ("SCOPE_KEYS_MAX", wire.FeedRow, ROW, "keys", times("unit:1")),
    ("SCOPE_KEYS_MAX", wire.EnrollAnswer, ENROLLED, "scope", times("unit:1")),
    ("SECRET_CHARS_MAX", wire.EnrollRequest, CODE, "code", text),
    ("SECRET_CHARS_MAX", wire.EnrollRequest, CODE, "nonce", text),
    ("TITLE_CHARS_MAX", wire.EnrollRequest, CODE, "tablet", within("name", text)),
    ("SNAPSHOT_UNITS_MAX", snapshots.Snapshot, DAY, "units", times({"unit": "1", "name": "x"})),
    ("SNAPSHOT_UNITS_MAX", snapshots.Snapshot, DAY, "counters", times({"unit": "1", "measures": {}})),
]
ELSEWHERE = {
    "CHOICES_TOLD_MAX": "tests/schemas/test_code_lists.py",
    "SIBLINGS_LISTED_MAX": "tests/conformance/test_bounded_documents.py",
    "SETTLEMENTS_LISTED_MAX": "tests/conformance/test_bounded_documents.py",
    "SHOWN_NAME_CHARS_MAX": "tests/schemas/test_record_validation.py",
}
"""Limits on what is told, not on what is taken."""


@pytest.mark.parametrize(("limit", "kind", "field", "make"), OF_RECORDS)
def test_a_field_of_a_record(limit: str, kind: str, field: str, make: Make) -> None:
    most = getattr(limits, limit)
    assert problems(CATALOG.types[kind], {field: make(most)}, partial=True) == []
    [problem] = problems(CATALOG.types[kind], {field: make(most + 1)}, partial=True)
    assert (problem.code, problem.field.split(".")[0]) == ("invalid", field)


@pytest.mark.parametrize(("limit", "shape", "message", "member", "make"), OF_THE_WIRE)
def test_a_member_of_a_message(
    limit: str, shape: type[Shape], message: Mapping[str, object], member: str, make: Make
) -> None:
    most = getattr(limits, limit)
    assert shape_problems(shape, {**message, member: make(most)}) == []
    [problem] = shape_problems(shape, {**message, member: make(most + 1)})
    assert (problem.code, problem.field.split(".")[0]) == ("invalid", member)


def test_no_limit_is_left_out() -> None:
    tested = {limit for limit, *_ in (*OF_RECORDS, *OF_THE_WIRE)} | ELSEWHERE.keys()
    assert tested == {name for name in vars(limits) if name.endswith("_MAX")}
