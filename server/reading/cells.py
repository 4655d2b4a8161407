"""A record as the cells of a row: sensitive values masked, codes as their labels in one language, days and moments as
those of the county's time zone, and beside a unit and whoever made the record what they are called."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from typing import Any

import orjson

from schemas.catalog import CATALOG, RecordType
from schemas.kinds import Choice, Day, EditName, Instant, Kind, Name, RecordId, Stamp, Whole, YesNo, Yuan
from schemas.labels import Cell, labelled_as, local
from schemas.masking import masked_as, shape_of
from server.reading.names import Names
from server.store.listing import ROWS_AT_ONCE, Item
from sync.codes import DETAILS

_WHY = {str(code): detail for code, detail in DETAILS.items()}

_CHARS: Mapping[type[Kind], int] = {
    **dict.fromkeys((RecordId, EditName), 36),
    **dict.fromkeys((Stamp, Instant), 19),
    **dict.fromkeys((Day, Choice, Whole, Yuan, YesNo), 10),
    Name: 18,
}
"""How much of a value of a kind is to be seen at once, in characters of the width of a digit."""
_CHARS_ELSE = 30


@dataclass(frozen=True, slots=True)
class Seen:
    """A record on its way into a row, with the names by code and by id of what it and those around it name."""

    item: Item
    document: Mapping[str, Any]
    units: Mapping[str, str]
    people: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, the width that most of its values need, and what stands there of a record."""

    label: str
    chars: int
    cell: Callable[[Seen], Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a record type, and each record's row."""

    kind: RecordType
    language: str
    zone: tzinfo
    names: Names
    unmasked: AbstractSet[str] = frozenset()

    @property
    def columns(self) -> list[Column]:
        """Those of every type, then the type's own."""
        word, zone = self._word, self.zone
        return [
            Column(word("编号", "Id"), _CHARS[RecordId], lambda seen: seen.item.id),
            Column(word("版本", "Revision"), _CHARS[Whole], lambda seen: seen.item.revision),
            Column(word("登记时间", "Made at"), _CHARS[Stamp], lambda seen: local(seen.item.made_at, zone)),
            Column(word("录入人", "Entered by"), _CHARS[Name], lambda seen: seen.item.made_by),
            Column(
                word("录入人姓名", "Entered by (name)"),
                _CHARS[Name],
                lambda seen: seen.people.get(seen.item.made_by, ""),
            ),
            *(column for name in self.kind.fields for column in self._columns_of(name)),
        ]

    def rows(self, items: Iterator[Item]) -> Iterator[list[Cell]]:
        """Each record's cells, in the order of the columns."""
        cells = [column.cell for column in self.columns]
        for seen in self._seen(items):
            yield [cell(seen) for cell in cells]

    def counted(self, rows: int) -> str:
        """What the last row says."""
        return self._word(f"共 {rows} 条", "1 row" if rows == 1 else f"{rows} rows")

    def _seen(self, items: Iterator[Item]) -> Iterator[Seen]:
        """The records with the names that they need, which are asked for as often as records are."""
        unit = self.kind.unit_field or ""
        while part := [(item, self._worded(orjson.loads(item.document))) for item in islice(items, ROWS_AT_ONCE)]:
            units = self.names.units({document[unit] for _, document in part if unit in document})
            people = self.names.people({item.made_by for item, _ in part})
            for item, document in part:
                yield Seen(item, document, units, people)

    def _worded(self, document: dict[str, Any]) -> dict[str, Any]:
        """A document whose member `field` is the label of a field of its `record_type`, and whose `code` says why."""
        about = CATALOG.types.get(document.get("record_type", ""))
        field = None if about is None else about.fields.get(document.get("field", ""))
        if field is not None:
            document["field"] = self._word(field.zh, field.en)
        why = _WHY.get(document.get("code", ""))
        if why is not None:
            document["code"] = self._word(why.zh, why.en)
        return document

    def _word(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def _columns_of(self, name: str) -> Iterator[Column]:
        """A field's column; that of a unit has its name beside it."""
        field, declared = self.kind.fields[name], shape_of(self.kind.schema).fields[name]
        is_masked = name not in self.unmasked

        def cell(seen: Seen) -> Cell:
            value = seen.document.get(name)
            if value is None:
                return ""
            shown = masked_as(declared, value) if is_masked else value
            return labelled_as(declared, shown, self.language, self.zone)

        chars = next((chars for kind, chars in _CHARS.items() if isinstance(declared, kind)), _CHARS_ELSE)
        yield Column(self._word(field.zh, field.en), chars, cell)
        if name == self.kind.unit_field:
            label = self._word(f"{field.zh}名称", f"{field.en} name")
            yield Column(label, _CHARS[Name], lambda seen: seen.units.get(seen.document.get(name, ""), ""))
