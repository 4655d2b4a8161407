"""Code lists are data: complete, labelled in both languages, and readable for ever."""

from copy import deepcopy

import pytest

from schemas.catalog import CATALOG
from schemas.codes import CODES, Code, choices, code_lists
from schemas.limits import CHOICES_TOLD_MAX
from schemas.shipped import shipped
from server import docket

SIZES = {
    "category": 18,
    "source": 7,
    "difficulty": 3,
    "tier": 4,
    "status": 11,
    "party_role": 2,
    "party_kind": 3,
    "agreement_form": 2,
    "performed": 3,
    "visit_mode": 3,
    "visit_result": 4,
    "visit_purpose": 7,
    "service_need": 6,
    "entry_kind": 13,
    "role": 6,
    "conflict_status": 2,
    "edit_result": 4,
    "edit_do": 2,
    "snapshot_result": 4,
    "record_type": 6,
    "flag": 6,
}


def test_every_list_is_there_and_whole() -> None:
    assert {name: len(codes) for name, codes in CODES.items()} == SIZES


@pytest.mark.parametrize("name", SIZES)
def test_a_code_is_labelled_in_both_languages(name: str) -> None:
    for code in CODES[name].values():
        assert code.code == code.code.strip().lower() != ""
        assert code.zh.strip()
        assert code.en.strip()
        assert not code.retired


def test_what_the_server_writes_has_a_label() -> None:
    assert CODES["record_type"].keys() == CATALOG.types.keys()
    assert list(CODES["flag"]) == [
        docket.CLOSED_WITHOUT_FOLLOW_UP,
        docket.FAILED_WITHOUT_ROUTES,
        docket.DECLINED_WITHOUT_REASON,
        docket.MERGED_WITHOUT_DUPLICATE_OF,
        docket.ASSIGNEE_UNKNOWN,
        docket.DEADLINE_MAY_SHIFT,
    ]


def test_labels_of_a_list_differ() -> None:
    for codes in CODES.values():
        assert len({code.zh for code in codes.values()}) == len(codes) == len({code.en for code in codes.values()})


def test_a_retired_code_is_marked_and_stays() -> None:
    data = deepcopy(shipped("codes.json"))
    data["category"][0]["retired"] = True
    lists = code_lists(data)
    assert lists["category"]["marriage_family"].retired
    assert lists["category"].keys() == CODES["category"].keys()


def test_a_code_listed_twice_is_a_mistake_of_the_file() -> None:
    row = {"code": "a", "zh": "甲", "en": "A", "retired": False}
    with pytest.raises(ValueError, match="listed twice"):
        code_lists({"letters": [row, row]})


def test_choices_are_told_with_their_labels_and_retired_ones_are_not_offered() -> None:
    codes = [Code("a", "甲", "Ay", retired=False), Code("b", "乙", "Bee", retired=True)]
    assert (choices(codes, "zh"), choices(codes, "en")) == ("a（甲）", "a (Ay)")
    assert all(len(codes) <= CHOICES_TOLD_MAX for codes in CODES.values()), "none of those shipped is cut"


def test_of_many_choices_the_first_are_told() -> None:
    codes = [Code(f"c{number}", "甲", "Ay", retired=False) for number in range(CHOICES_TOLD_MAX + 1)]
    assert choices(codes[:-1], "zh").endswith(f"c{CHOICES_TOLD_MAX - 1}（甲）")
    assert choices(codes, "zh").endswith(f"c{CHOICES_TOLD_MAX - 1}（甲）等 {CHOICES_TOLD_MAX + 1} 项")
    assert choices(codes, "en").endswith(f"c{CHOICES_TOLD_MAX - 1} (Ay), … ({CHOICES_TOLD_MAX + 1} in all)")
