"""A record as the cells of a row: sensitive values masked, codes as their labels, in one language."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.catalog import RecordType
from schemas.labels import Cell, labelled_as
from schemas.masking import masked_as, shape_of
from server.store.listing import Item

_OWN = (
    ("id", "编号", "Id"),
    ("rev", "版本", "Revision"),
    ("made_at", "登记时间", "Made at"),
    ("made_by", "登记人", "Made by"),
)


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
            return lambda value: "" if value is None else labelled_as(declared, value, self.language)
        return lambda value: "" if value is None else labelled_as(declared, masked_as(declared, value), self.language)
