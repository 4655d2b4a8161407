"""What is wrong with values is found, at the right place, and said in words for people."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from schemas import limits
from schemas.catalog import CATALOG, RecordType
from schemas.kinds import Kind, ListOf, Members, Part
from schemas.messages import LANGUAGES, MESSAGES
from schemas.problems import Problem
from schemas.validation import problems

RECORD = "0192c3a0-0000-7000-8000-000000000001"
PLACE = {"lat": "25.531234", "lon": "102.401234", "accuracy_m": 8}
EXAMPLES: dict[str, dict[str, Any]] = {
    "household": {
        "unit": "990101101003012",
        "address": "东村 3 组 12 号",
        "phone": "138 0000 0000 转 2",
        "people_count": 4,
        "service_needs": ["living_alone_elder"],
        "location": PLACE,
        "notice_version": "2026-01",
        "notice_at": "2026-11-21T08:15:30.123Z",
    },
    "visit": {
        "household": RECORD,
        "unit": "990101101003012",
        "visited_at": "2026-11-21T08:15:30Z",
        "visitor": "wang",
        "mode": "door",
        "result": "met",
        "purposes": ["check_details", "errand"],
        "satisfaction": 5,
        "follow_up_on": "2026-12-01",
        "photos": ["3f2a.jpg"],
        "location": {"lat": "-0.5", "lon": "180"},
    },
    "dispute": {
        "unit": "990101101003012",
        "category": "neighbours",
        "source": "found_by_grid",
        "title": "Fence",
        "summary": "两家对围栏位置有争议。",
        "parties": [
            {"role": "applicant", "kind": "person", "name": "甲"},
            {"role": "respondent", "kind": "company", "name": "乙公司", "phone": "0878-0000000", "address": None},
        ],
        "amount_yuan": "1250.50",
        "difficulty": "simple",
        "violence_likely": False,
        "tier": "grid",
        "status": "reported",
        "assignee": "body:east-village",
        "registered_by": "wang",
        "routes_told": None,
        "performed": "part",
        "flags": ["closed-without-follow-up"],
        "duplicate_of": RECORD,
    },
    "entry": {"dispute": RECORD, "kind": "session", "at": "2026-11-21T08:15:30Z", "by": "wang", "files": ["a.pdf"]},
    "conflict": {
        "record_type": "dispute",
        "record": RECORD,
        "field": "title",
        "status": "open",
        "siblings": [
            {"edit": RECORD, "value": None, "at": "2026-11-21T08:15:30.123Z-0000", "by": "wang"},
            {"edit": RECORD, "value": [{"any": 1}], "at": "2026-11-21T08:15:30.123Z-00ff", "by": "li"},
        ],
        "settlements": [],
    },
    "held": {"edit": RECORD, "by": "wang", "result": "held", "received_at": "2026-11-21T08:15:30.123Z"},
}


def found(name: str, values: dict[str, Any], *, partial: bool = True) -> list[Problem]:
    return problems(CATALOG.types[name], values, partial=partial)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_good_record_has_no_problems(name: str) -> None:
    assert found(name, EXAMPLES[name], partial=False) == []
    assert found(name, EXAMPLES[name]) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_creation_needs_its_required_fields_and_a_change_does_not(name: str) -> None:
    required = [field.name for field in CATALOG.types[name].fields.values() if field.required]
    assert [each.field for each in found(name, {}, partial=False)] == required
    assert found(name, {}) == []


@pytest.mark.parametrize("partial", [True, False])
@pytest.mark.parametrize("name", EXAMPLES)
def test_null_is_absent_so_it_is_wrong_exactly_where_a_value_is_required(name: str, partial: bool) -> None:
    for field in CATALOG.types[name].fields.values():
        values = EXAMPLES[name] | {field.name: None}
        assert [each.field for each in found(name, values, partial=partial)] == [field.name] * field.required


def test_problems_come_in_the_order_of_the_form_and_unknown_fields_last() -> None:
    wrong = found("dispute", {"zebra": 1, "status": "x", "apple": 1, "category": "x", "unit": "5", "_schema": 1})
    assert [(each.code, each.field) for each in wrong] == [
        ("invalid", "category"),
        ("invalid", "status"),
        ("unknown-field", "_schema"),
        ("unknown-field", "apple"),
        ("unknown-field", "zebra"),
    ]


def test_parts_are_named_by_their_path_and_are_whole_in_a_change_too() -> None:
    wrong = found(
        "dispute", {"parties": [EXAMPLES["dispute"]["parties"][0], {"role": "x", "z": 1, "a": 1}, "甲", None]}
    )
    assert [(each.code, each.field) for each in wrong] == [
        ("invalid", "parties.1.role"),
        ("invalid", "parties.1.kind"),
        ("invalid", "parties.1.name"),
        ("invalid", "parties.2"),
        ("invalid", "parties.3"),
        ("unknown-field", "parties.1.a"),
        ("unknown-field", "parties.1.z"),
    ]
    assert found("dispute", {"parties": [{"_schema": 1}]})[-1].field == "parties.0._schema"


@pytest.mark.parametrize(
    ("values", "zh", "en"),
    [
        (
            {"difficulty": "x"},
            "“难度”不是允许的选项，可选：simple（简易）、ordinary（一般）、major（重大）",
            '"Difficulty" is not one of the allowed choices: simple (Simple), ordinary (Ordinary), major (Major)',
        ),
        (
            {"parties": [{"role": "x", "kind": "person", "name": "赵甲"}]},
            "“当事人第1项的地位”不是允许的选项，可选：applicant（申请）、respondent（被申请）",
            '"Parties 1: Role" is not one of the allowed choices: applicant (Applicant), respondent (Respondent)',
        ),
        (
            {"assignee": "chen"},
            "“承办”应为一个人（person:…）或一个组织（body:…）",
            '"Assignee" must be a person (person:…) or a body (body:…)',
        ),
        ({"title": None}, "请填写“标题”", '"Title" is required'),
        ({"title": " \n"}, "请填写“标题”", '"Title" is required'),
        ({"title": "长" * 201}, "“标题”最多 200 个字", '"Title" may have at most 200 characters'),
        ({"satisfaction": 6}, "“满意度”应在 1–5 之间", '"Satisfaction" must be within 1–5'),
        ({"parties": []}, "请填写“当事人”", '"Parties" is required'),
        (
            {"parties": [{"role": "applicant", "kind": "person"}]},
            "请填写“当事人第1项的姓名或名称”",
            '"Parties 1: Name" is required',
        ),
        ({"mood": 1}, "没有“mood”这个字段", 'There is no field "mood"'),
    ],
)
def test_a_problem_speaks_to_a_person(values: dict[str, object], zh: str, en: str) -> None:
    (problem,) = found("dispute", values)
    assert (problem.zh, problem.en) == (zh, en)


def test_an_endless_unknown_name_is_cut() -> None:
    (problem,) = found("dispute", {"x" * 60_000: 1})
    assert problem.field == "x" * limits.SHOWN_NAME_CHARS_MAX + "…"
    assert len(problem.zh) < 100
    (problem,) = found("dispute", {"x" * limits.SHOWN_NAME_CHARS_MAX: 1})
    assert problem.field == "x" * limits.SHOWN_NAME_CHARS_MAX


@pytest.mark.parametrize(
    ("name", "field", "good", "bad"),
    [
        ("dispute", "title", ["a", "长" * 200], ["", " ", "长" * 201, 1, True, ["a"], {}]),
        ("dispute", "place", ["", "长" * 500], ["长" * 501, 5]),
        ("dispute", "close_reason", ["长" * 2_000], ["长" * 2_001]),
        ("dispute", "summary", ["长" * 20_000], ["长" * 20_001]),
        ("dispute", "unit", ["a", "a" * 64, "A-b_c.9"], ["", "a" * 65, "a/b", "网格", "a\n", 5]),
        ("dispute", "assignee", ["person:wang", "body:b.1"], ["wang", "person:", "unit:5", "person:a b", "person:a\n"]),
        ("dispute", "duplicate_of", [RECORD], [RECORD.upper(), RECORD.replace("-", ""), RECORD + "\n", "", 1]),
        (
            "dispute",
            "amount_yuan",
            ["0", "0.5", "300", "9" * 13 + ".99"],
            ["00", "01", "-1", "1.234", "1.", ".5", "1e3", "9" * 14, "1,000", "١", "", 300, 0.5],
        ),
        ("dispute", "people_involved", [0, 100_000], [-1, 100_001, 2**64, "5", 5.0, 5.5, True, [5]]),
        ("dispute", "satisfaction", [1, 5], [0, 6]),
        (
            "dispute",
            "occurred_on",
            ["2024-02-29"],
            ["2023-02-29", "2024-2-29", "20240229", "2024-W09-4", "0000-01-01", "2024-02-29\n", "", 5],
        ),
        (
            "dispute",
            "accepted_at",
            ["2026-11-21T08:15:30Z", "2026-11-21T08:15:30.123Z"],
            [
                "2026-11-21T08:15:30",
                "2026-11-21T08:15:30+08:00",
                "2026-11-21T24:00:00Z",
                "2026-11-21T08:60:00Z",
                "2026-11-21 08:15:30Z",
                "2026-13-21T08:15:30Z",
                "2026-11-21T08:15:30.1Z",
            ],
        ),
        ("dispute", "violence_likely", [True, False], [1, 0, "yes", "true", "", []]),
        ("dispute", "routes_told", [True, False, None], [1, "no"]),
        ("dispute", "performed", ["yes", "part", "no"], [True, "maybe"]),
        (
            "dispute",
            "parties",
            [EXAMPLES["dispute"]["parties"] * 50],
            [[], {}, "甲", EXAMPLES["dispute"]["parties"] * 51],
        ),
        ("dispute", "flags", [[], ["f" * 64]], [["f" * 65], [""], [None], "f", {"f": 1}, ["f"] * 51]),
        (
            "household",
            "phone",
            ["13800000000", "+86 (0878) 000-0000", "1" * 40],
            ["138****8000", "", "1" * 41, "tel", 138],
        ),
        ("household", "people_count", [0, 200], [-1, 201]),
        ("household", "door_no", ["长" * 50], ["长" * 51]),
        (
            "household",
            "service_needs",
            [[], ["hardship", "newcomer"]],
            [["rich"], "hardship", [None], [["hardship"]], {"hardship": 1}],
        ),
        (
            "household",
            "location",
            [PLACE, {"lat": "90", "lon": "-180.000000"}, {"lat": "-90", "lon": "0", "accuracy_m": None}],
            [
                {},
                [],
                "25,102",
                {"lat": "25"},
                {"lat": 25, "lon": 102},
                {"lat": "90.000001", "lon": "0"},
                {"lat": "0", "lon": "-180.1"},
                {"lat": "0.1234567", "lon": "0"},
                {"lat": "0", "lon": "nan"},
                PLACE | {"accuracy_m": -1},
                PLACE | {"accuracy_m": 100_001},
                PLACE | {"accuracy_m": "8"},
                PLACE | {"altitude": 1},
            ],
        ),
        ("visit", "purposes", [["errand"]], [[], ["x"], "errand"]),
        (
            "visit",
            "photos",
            [["照片 1.jpg", "f" * 200], ["a.jpg"] * 50],
            [["a/b.jpg"], ["a\\b"], ["f" * 201], [""], ["a\n"], ["a.jpg"] * 51],
        ),
        ("visit", "visitor", ["wang"], ["王", ""]),
    ],
)
def test_a_field_takes_what_it_should_and_nothing_that_resembles_it(
    name: str, field: str, good: list[object], bad: list[object]
) -> None:
    for value in good:
        assert found(name, {field: value}) == [], value
    for value in bad:
        assert found(name, {field: value}), value


@pytest.mark.parametrize("key", MESSAGES)
def test_every_sentence_is_there_in_both_languages_and_asks_for_the_same(key: str) -> None:
    said = {"label": "L", "limit": "9", "whole": "W", "part": "P", "n": 1}
    holes = [{hole for hole in said if f"{{{hole}}}" in MESSAGES[key][language]} for language in LANGUAGES]
    assert holes[0] == holes[1] != set()
    for language in LANGUAGES:
        assert MESSAGES[key][language].format(**said).strip()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def nearly_good(record_type: RecordType) -> st.SearchStrategy[dict[str, Any]]:
    """Known and unknown fields with any JSON values in them, some of them inside parties and locations."""
    part = st.dictionaries(st.sampled_from(["role", "kind", "name", "lat", "lon", "value", "_schema"]), json_values)
    values = json_values | part | st.lists(part, max_size=3)
    return st.dictionaries(st.sampled_from([*record_type.fields, "_schema", ""]) | st.text(), values, max_size=6)


@given(data=st.data(), record_type=st.sampled_from(list(CATALOG.types.values())), partial=st.booleans())
def test_whatever_json_comes_in_problems_come_out(data: st.DataObject, record_type: RecordType, partial: bool) -> None:
    values = data.draw(nearly_good(record_type))
    wrong = problems(record_type, values, partial=partial)
    assert wrong == problems(record_type, dict(reversed(values.items())), partial=partial)
    for problem in wrong:
        assert problem.code in {"invalid", "unknown-field"}
        # Our own sentences, which quote the label; marshmallow's do not.
        assert problem.zh.count("“") >= 1
        assert problem.en.count('"') >= 2


# What people write: a conflict's values, of any kind, have no short way.
WRITTEN = [name for name in EXAMPLES if CATALOG.types[name].editable]


@given(data=st.data(), name=st.sampled_from(WRITTEN))
def test_the_short_way_finds_valid_what_marshmallow_finds_nothing_wrong_with(data: st.DataObject, name: str) -> None:
    values = EXAMPLES[name] | data.draw(nearly_good(CATALOG.types[name]))
    schema = CATALOG.types[name].schema()
    assert Members.of(schema).fit(values, partial=False) is (schema.validate(values) == {})


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_said_of_a_good_record_is_found_so_in_the_short_way(name: str) -> None:
    assert Members.of(CATALOG.types[name].schema()).fit(EXAMPLES[name], partial=False)


def test_everything_that_is_wrong_with_one_value_is_told() -> None:
    wrong = found("household", {"address": " " * (limits.SHORT_TEXT_CHARS_MAX + 1)})
    assert [each.field for each in wrong] == ["address", "address"]
    wrong = found("visit", {"purposes": ["x", "errand", 3], "location": {"lat": "91", "altitude": 1}})
    assert [each.field for each in wrong] == [
        "purposes.0", "purposes.2", "location.lat", "location.lon", "location.altitude",
    ]  # fmt: skip


def kinds_within(schema: Schema) -> Iterator[Kind]:
    for declared in schema.fields.values():
        inner = declared.inner if isinstance(declared, ListOf) else declared
        assert isinstance(inner, Kind)
        yield inner
        if isinstance(inner, Part):
            yield from kinds_within(inner.schema)


@pytest.mark.parametrize("record_type", CATALOG.types.values(), ids=CATALOG.types)
def test_nothing_is_asked_of_a_record_or_its_parts_but_what_their_members_are(record_type: RecordType) -> None:
    shapes = [
        record_type.schema(),
        *(each.schema for each in kinds_within(record_type.schema()) if isinstance(each, Part)),
    ]
    assert not any(hooks for shape in shapes for hooks in type(shape).resolve_hooks().values())
