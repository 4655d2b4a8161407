"""Exports that are read back: every row is a record, every record a row, and phones are masked."""

import csv
import io
import json
from collections.abc import Iterable

import httpx
import openpyxl  # type: ignore[import-untyped]  # It carries no types.

from demo.center import CountyCenter
from demo.people import PHONE

Read = tuple[list[str], int, str]
"""What a file says: the ids of its rows, the number of rows that it claims, all of its text."""

FORMS = {"household": "geojson", "visit": "csv", "dispute": "xlsx", "entry": "csv"}


def differences(center: CountyCenter, token: str, stored: dict[str, set[str]]) -> tuple[int, list[str]]:
    """How many rows there are, and where exports and the stored records, by type, differ."""
    rows, found = 0, []
    for kind, form in FORMS.items():
        answer = httpx.get(
            f"{center.url}/api/v1/export/{kind}.{form}", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        answer.raise_for_status()
        read, counted, text = _READERS[form](answer.content)
        rows += len(read)
        if set(read) != stored[kind] or len(read) != len(stored[kind]):
            found.append(f"{kind}.{form}: {len(read)} rows for {len(stored[kind])} records")
        if counted != len(read):
            found.append(f"{kind}.{form}: it says {counted} and has {len(read)}")
        if PHONE in text:
            found.append(f"{kind}.{form}: a phone number is not masked")
    return rows, found


def _csv(content: bytes) -> Read:
    return _table(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def _xlsx(content: bytes) -> Read:
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
    return _table([str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True))


def _table(rows: Iterable[list[str]]) -> Read:
    _, *body, last = list(rows)
    return [row[0] for row in body], int("".join(filter(str.isdigit, last[0]))), " ".join(map(" ".join, body))


def _geojson(content: bytes) -> Read:
    features = json.loads(content)
    return [each["id"] for each in features["features"]], int(features["count"]), content.decode()


_READERS = {"csv": _csv, "xlsx": _xlsx, "geojson": _geojson}
