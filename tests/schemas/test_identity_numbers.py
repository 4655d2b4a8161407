"""Numbers of the form that identity cards have, in texts."""

from typing import Any

import pytest

from schemas.catalog import CATALOG
from schemas.identity_numbers import has_identity_number, identity_numbers

NUMBER = "11010519491231002X"
"""The example of GB 11643, which belongs to nobody."""


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        NUMBER.lower(),
        f"身份证号{NUMBER}，电话另记",
        f"ID{NUMBER}",
        "１１０１０５１９４９１２３１００２Ｘ",
        f"110105194912310021 {NUMBER}",
        "440524188001010014",
    ],
)
def test_a_number_of_that_form_is_found(text: str) -> None:
    assert has_identity_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "990101001001001",
        "110105194912310021",  # Its last digit is wrong,
        "110105194913310021",  # its month,
        "010105194912310026",  # its place.
        f"6{NUMBER}",
        f"{NUMBER}7",
        "110105 19491231 002X",
        "没有号码的一段话，比十八个字要长一些。",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    assert not has_identity_number(text)


@pytest.mark.parametrize(
    ("kind", "values", "fields"),
    [
        ("household", {"address": NUMBER, "notes": "无", "phone": "110105194912310029"}, ["address"]),
        ("household", {"unit": "440524188001010014", "notes": None}, []),
        (
            "dispute",
            {"parties": [{"name": "赵甲"}, {"name": NUMBER, "address": NUMBER}]},
            ["parties.1.name", "parties.1.address"],
        ),
        ("dispute", {"unheard_of": NUMBER, "parties": NUMBER}, []),
    ],
)
def test_it_is_warned_about_by_field_and_never_repeated(kind: str, values: dict[str, Any], fields: list[str]) -> None:
    found = identity_numbers(CATALOG.types[kind], values)
    assert [each.field for each in found] == fields
    assert all(each.code == "identity-number" and NUMBER not in each.zh + each.en for each in found)


def test_a_warning_names_the_field_in_both_languages() -> None:
    (found,) = identity_numbers(CATALOG.types["dispute"], {"parties": [{"name": NUMBER}]})
    assert found.zh == "“当事人第1项的姓名或名称”里像是有身份证号码：这里不记身份证号，请删去"
    assert found.en == '"Parties 1: Name" seems to hold an identity-card number: none is kept here, please take it out'
