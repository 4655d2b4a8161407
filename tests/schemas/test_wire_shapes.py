"""The shapes of the wire judge what comes and describe the API."""

from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from schemas import wire
from schemas.catalog import CATALOG
from schemas.kinds import Shape
from schemas.validation import shape_problems

EDIT = "0192c3a0-0000-7000-8000-00000000000b"
RECORD = "0192c3a0-0000-7000-8000-000000000001"
STAMP = "2026-11-21T08:15:30.123Z-0000"
WORDS = {"zh": "“类型”不是允许的选项", "en": '"Category" is not one of the allowed choices'}
CREATION = {"edit": EDIT, "schema": 1, "by": "wang", "do": "create", "type": "visit", "at": STAMP, "now": {}}
CHANGE = CREATION | {
    "do": "change",
    "id": RECORD,
    "over": {"title": [EDIT], "purposes/errand": []},
    "was": {"title": None},
    "now": {"title": "Fence", "parties": [{"name": "甲"}]},
    "add": {"purposes": ["errand"]},
    "remove": {"purposes": []},
    "settles": ["title"],
}
PERSON = {"id": "wang", "name": "王", "roles": ["grid_worker"]}
GOOD: dict[str, list[dict[str, Any]]] = {
    "EditShape": [CREATION, CREATION | {"mends": RECORD}, CHANGE],
    "RequestHead": [
        {"v": 1, "cursor": None, "mark": None, "owes": 0, "now": STAMP, "want": 1000},
        {"v": 1, "now": STAMP},
    ],
    "AnswerHead": [
        {"v": 1, "mark": "m", "clock": STAMP, "through": 9040, "replay": False, "outcomes": []},
        {
            "v": 1,
            "mark": "m",
            "clock": STAMP,
            "through": 0,
            "replay": True,
            "outcomes": [{"edit": EDIT, "result": "refused", "code": "invalid", "field": "category", "detail": WORDS}],
        },
    ],
    "Outcome": [
        {"edit": EDIT, "result": "conflict", "conflicts": [RECORD]},
        {"line": 3, "result": "refused", "code": "line-malformed"},
        {"edit": EDIT, "result": "applied", "at": STAMP},
    ],
    "FeedRow": [
        {"rev": 1, "type": "dispute", "id": RECORD, "keys": ["unit:5"], "doc": {"a": 1}, "dots": {"*": [EDIT]}},
        {"rev": 1, "type": "dispute", "id": RECORD, "gone": "moved"},
    ],
    "ScopeLine": [{"scope": "unit:990101101003012", "gone": True}],
    "LastLine": [{"cursor": "c", "more": False, "rev": 9040}],
    "EnrollRequest": [{"code": "AB12", "nonce": "n", "tablet": {"name": "平板 7"}}],
    "EnrollAnswer": [
        {"tablet": "t7", "token": "s", "person": PERSON, "county": "5", "scope": ["person:wang"], "clock": STAMP}
    ],
    "Me": [
        {
            "person": PERSON,
            "county": "5",
            "scope": [{"key": "unit:5", "name": "东村一网格"}],
            "colleagues": [{"assignee": "body:b", "name": "东村调委会"}],
        }
    ],
    "ProblemDocument": [
        {"type": "about:blank", "title": "Gone", "status": 410, "code": "code-spent", "detail": "x", **WORDS}
    ],
}
SHAPES: dict[str, type[Schema]] = {name: getattr(wire, name) for name in GOOD}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_message_has_no_problems_and_an_unknown_member_is_one(name: str) -> None:
    for message in GOOD[name]:
        assert shape_problems(SHAPES[name], message) == []
        (problem,) = shape_problems(SHAPES[name], message | {"colour": "red"})
        assert (problem.code, problem.field) == ("unknown-field", "colour")


@pytest.mark.parametrize("name", GOOD)
def test_required_members_are_missed(name: str) -> None:
    required = [member for member, declared in SHAPES[name]().fields.items() if declared.required]
    assert [problem.field for problem in shape_problems(SHAPES[name], {})] == required
    for member in required:
        for message in GOOD[name]:
            assert member in {problem.field for problem in shape_problems(SHAPES[name], message | {member: None})}


@pytest.mark.parametrize("message", [None, 1, "{}", [], [CREATION]])
def test_a_message_is_an_object(message: object) -> None:
    (problem,) = shape_problems(wire.EditShape, message)
    assert (problem.code, problem.field) == ("invalid", "")
    assert problem.zh
    assert problem.en


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"edit": EDIT.upper()}, "edit"),
        ({"edit": "0192c3a0-0000-4000-8000-00000000000b"}, "edit"),
        ({"schema": 0}, "schema"),
        ({"schema": True}, "schema"),
        ({"by": "王"}, "by"),
        ({"do": "delete"}, "do"),
        ({"at": "2026-11-21T08:15:30.123Z"}, "at"),
        ({"at": "2026-11-21T08:15:30Z-0000"}, "at"),
        ({"at": "2026-11-21T08:15:30.123Z-000G"}, "at"),
        ({"at": "2026-02-30T08:15:30.123Z-0000"}, "at"),
        ({"id": "7"}, "id"),
        ({"over": {"title": "x"}}, "over.title.value"),
        ({"over": {"title": ["x"]}}, "over.title.value.0"),
        ({"add": {"purposes": "errand"}}, "add.purposes.value"),
        ({"was": []}, "was"),
        ({"settles": "title"}, "settles"),
        ({"mends": EDIT}, "mends"),
        ({"id": None}, "id"),
    ],
)
def test_an_edit_of_the_wrong_shape(change: dict[str, object], field: str) -> None:
    (problem,) = shape_problems(wire.EditShape, CHANGE | change)
    assert problem.field == field
    assert problem.zh
    assert problem.en


@pytest.mark.parametrize("member", sorted(wire.MEMBERS_OF_A_CHANGE))
def test_a_creation_has_no_members_of_a_change(member: str) -> None:
    (problem,) = shape_problems(wire.EditShape, CREATION | {member: CHANGE[member]})
    assert (problem.code, problem.field) == ("unknown-field", member)


def test_a_creation_gives_values() -> None:
    values = {name: value for name, value in CREATION.items() if name != "now"}
    assert [problem.field for problem in shape_problems(wire.EditShape, values)] == ["now"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data(), name=st.sampled_from(sorted(GOOD)))
def test_whatever_json_comes_in_problems_come_out(data: st.DataObject, name: str) -> None:
    members = st.sampled_from([*SHAPES[name]().fields, "_schema"])
    message = data.draw(json_values | st.dictionaries(members, json_values))
    for problem in shape_problems(SHAPES[name], message):
        assert problem.zh.strip()
        assert problem.en.strip()


def test_every_shape_and_record_can_be_described_for_the_api() -> None:
    spec = APISpec(title="t", version="1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    records: dict[str, type[Schema]] = {each.schema.__name__: each.schema for each in CATALOG.types.values()}
    for name, shape in (SHAPES | records).items():
        if name not in spec.components.schemas:
            spec.components.schema(name, schema=shape)
    described = spec.to_dict()["components"]["schemas"]
    assert described["EditShape"]["properties"]["at"]["pattern"].startswith("^[0-9]{4}")
    assert "neighbours" in described["Dispute"]["properties"]["category"]["enum"]
    assert described["Dispute"]["properties"]["title"]["maxLength"] == 200
    assert described["Dispute"]["properties"]["people_involved"]["type"] == ["integer", "null"]
    assert described["Dispute"]["properties"]["title"]["description"] == "Title 标题"
    for name in records:
        properties = described[name]["properties"].values()
        assert all("type" in each or "$ref" in each or "allOf" in each or "anyOf" in each for each in properties), name


def test_every_shape_refuses_unknown_members() -> None:
    assert all(issubclass(shape, Shape) for shape in SHAPES.values())
