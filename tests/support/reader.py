"""Somebody who reads by HTTP with a tablet's token: lists through all their pages, files, the feed."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]  # It carries no types.

from tests.support.answers import Answer, Document, ProblemAnswerError
from tests.support.device import Device

Parameter = str | int | list[str]
PAGES_MAX = 1000


def answered(device: Device, path: str, **parameters: Parameter) -> httpx.Response:
    """The answer to a GET under /api/v1/. A parameter `first` is sent as `from`. Raises ProblemAnswerError."""
    sent = {{"first": "from"}.get(name, name): value for name, value in parameters.items()}
    headers = {"Authorization": f"Bearer {device.token}"}
    answer = device.http.get(f"/api/v1/{path}", params=sent, headers=headers)
    if answer.is_success:
        return answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    raise ProblemAnswerError(answer.status_code, answer.json())


def got(device: Device, path: str, **parameters: Parameter) -> Document:
    found: Document = answered(device, path, **parameters).json()
    return found


def pages(device: Device, path: str, **parameters: Parameter) -> Iterator[list[Document]]:
    """The items of each page."""
    page = got(device, path, **parameters)
    for _ in range(PAGES_MAX):
        yield page["items"]
        if page["next"] is None:
            return
        page = got(device, path, **parameters, page=page["next"])
    raise AssertionError("the pages do not end")


def items(device: Device, path: str, **parameters: Parameter) -> list[Document]:
    return [each for page in pages(device, path, **parameters) for each in page]


def ids(device: Device, kind: str, **parameters: Parameter) -> list[str]:
    return [each["id"] for each in items(device, f"records/{kind}", **parameters)]


def sheet(device: Device, kind: str, **parameters: Parameter) -> tuple[list[str], list[list[str]], str]:
    """A CSV export: its header, its rows, and what its last row says."""
    text = answered(device, f"export/{kind}.csv", **parameters).content.decode("utf-8")
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    header, *rows, last = csv.reader(io.StringIO(text[1:], newline=""))
    assert len(last) == 1
    return header, rows, last[0]


def workbook(device: Device, kind: str, **parameters: Parameter) -> tuple[list[str], list[list[Any]], str]:
    """An Excel export, likewise."""
    book = openpyxl.load_workbook(io.BytesIO(answered(device, f"export/{kind}.xlsx", **parameters).content))
    header, *rows, last = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert last[1:] == [None] * (len(header) - 1)
    return header, rows, last[0]


def features(device: Device, kind: str, **parameters: Parameter) -> Document:
    """A GeoJSON export."""
    answer = answered(device, f"export/{kind}.geojson", **parameters)
    assert answer.headers["Content-Type"] == "application/geo+json"
    found: Document = json.loads(answer.content)
    assert list(found) == ["type", "features", "count"]
    return found


def feed(device: Device, **parameters: Parameter) -> Answer:
    return Answer.read(answered(device, "feed", **parameters).content)


def column(table: tuple[list[str], list[list[Any]], str], label: str) -> list[Any]:
    header, rows, _ = table
    return [row[header.index(label)] for row in rows]
