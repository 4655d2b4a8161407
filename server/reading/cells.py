"""A record as the cells of a row: sensitive values masked, codes as their labels, in one language."""

import json
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from marshmallow import Schema, fields

from schemas.catalog import RecordType
from schemas.codes import CODES
from schemas.kinds import Choice, ListOf, Part, Yuan
from schemas.masking import masked_as, shape_of
from schemas.records.location import Location
from server.store.listing import Item

Cell = str | int | Decimal
"""What stands in a cell; "" where there is nothing."""

_OWN = (
    ("id", "编号", "Id"),
    ("rev", "版本", "Revision"),
    ("made_at", "登记时间", "Made at"),
    ("made_by", "登记人", "Made by"),
)
_YES_NO = {"zh": ("否", "是"), "en": ("no", "yes")}
_LISTED = {"zh": "、", "en": ", "}
_PARTED = {"zh": "；", "en": "; "}
MASK = "***"


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a record type: its header, and each record's row."""

    kind: RecordType
    language: str
    unmasked: AbstractSet[str] = frozenset()

    @property
    def header(self) -> list[str]:
        is_zh = self.language == "zh"
        own = [zh if is_zh else en for _, zh, en in _OWN]
        return own + [field.zh if is_zh else field.en for field in self.kind.fields.values()]

    def rows(self, items: Iterator[Item]) -> Iterator[list[Cell]]:
        """Each record's cells, in the order of the header."""
        columns = [self._column(name) for name in self.kind.fields]
        for item in items:
            document = orjson.loads(item.document)
            own: list[Cell] = [item.id, item.revision, item.made_at[:24], item.made_by]
            yield own + [column(document.get(name)) for name, column in zip(self.kind.fields, columns, strict=True)]

    def counted(self, rows: int) -> str:
        """What the last row says."""
        return f"共 {rows} 条" if self.language == "zh" else f"{rows} rows"

    def _column(self, name: str) -> Callable[[Any], Cell]:
        declared = shape_of(self.kind.schema).fields[name]
        if name in self.unmasked:
            return lambda value: "" if value is None else _cell(declared, value, self.language)
        return lambda value: "" if value is None else _cell(declared, masked_as(declared, value), self.language)


def _cell(declared: "fields.Field[Any]", value: Any, language: str) -> Cell:
    match declared:
        case ListOf(inner=Part() as part) if isinstance(value, list):
            return _PARTED[language].join(_part(part.schema, each, language) for each in value)
        case ListOf() if isinstance(value, list):
            return _LISTED[language].join(str(_cell(declared.inner, each, language)) for each in value)
        case Part() if isinstance(value, Mapping):
            return _part(declared.schema, value, language)
        case Choice() if isinstance(value, str):
            code = CODES[declared.list_name].get(value)
            return value if code is None else (code.zh if language == "zh" else code.en)
        case Yuan() if isinstance(value, str) and value != MASK:
            return Decimal(value)
        case _:
            return _plain(value, language)


def _part(schema: Schema, value: Any, language: str) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    if isinstance(schema, Location):
        return f"{value.get('lat')}, {value.get('lon')}"
    declared = schema.fields
    return " ".join(
        str(_cell(declared[name], each, language))
        for name, each in value.items()
        if name in declared and each is not None
    )


def _plain(value: Any, language: str) -> Cell:
    if isinstance(value, bool):
        return _YES_NO[language][value]
    if isinstance(value, str | int):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
