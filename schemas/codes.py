"""Code lists: the choices a field offers, as data (schemas/data/codes.json)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from schemas.shipped import shipped


@dataclass(frozen=True, slots=True)
class Code:
    """One choice of a list. A retired one is offered no more, but stays readable and valid for ever."""

    code: str
    zh: str
    en: str
    retired: bool


CodeList = Mapping[str, Code]
"""The choices of one list by their code, in the order in which they are offered."""


def code_lists(data: Mapping[str, Sequence[Mapping[str, object]]]) -> Mapping[str, CodeList]:
    """Read code lists from parsed JSON: `{"category": [{"code", "zh", "en", "retired"}, …], …}`.

    Raises KeyError for a code without labels, ValueError for a code listed twice.
    """
    lists: dict[str, CodeList] = {}
    for name, rows in data.items():
        codes = [Code(str(row["code"]), str(row["zh"]), str(row["en"]), bool(row["retired"])) for row in rows]
        by_code = {code.code: code for code in codes}
        if len(by_code) < len(codes):
            raise ValueError(f"code list {name}: a code is listed twice")
        lists[name] = MappingProxyType(by_code)
    return MappingProxyType(lists)


CODES = code_lists(shipped("codes.json"))
