"""Code lists: the choices a field offers, as data (schemas/data/codes.json)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from schemas.limits import CHOICES_TOLD_MAX
from schemas.shipped import shipped


@dataclass(frozen=True, slots=True)
class Code:
    """One choice of a list. A retired one is offered no more, but stays readable and valid for ever."""

    code: str
    zh: str
    en: str
    retired: bool

    def label(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


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


def choices(codes: Iterable[Code], language: str) -> str:
    """Codes with their labels, for a person to choose from: `met（见面）、…`. Retired ones are not offered; of many the
    first are told, and how many there are."""
    offered = [code for code in codes if not code.retired]
    told = offered[:CHOICES_TOLD_MAX]
    is_cut = len(told) < len(offered)
    if language == "zh":
        listed = "、".join(f"{code.code}（{code.zh}）" for code in told)
        return f"{listed}等 {len(offered)} 项" if is_cut else listed
    listed = ", ".join(f"{code.code} ({code.en})" for code in told)
    return f"{listed}, … ({len(offered)} in all)" if is_cut else listed
