"""The API's description: it says all that the server answers to, and what each field is."""

import re
from typing import Any

import pytest
from flask import Flask

from schemas.catalog import CATALOG
from server.app import create_app
from server.settings import Settings
from tests.support.clock import TestClock


@pytest.fixture
def app(sqlite_url: str) -> Flask:
    return create_app(Settings(sqlite_url), TestClock())


@pytest.fixture
def description(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").get_json()
    return found


def test_every_address_is_described_with_its_method_and_answers(app: Flask, description: dict[str, Any]) -> None:
    answered = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    described = {(path, method) for path, operations in description["paths"].items() for method in operations}
    assert described == answered
    for operations in description["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["responses"]


def test_every_field_is_described_with_its_merge_rule(description: dict[str, Any]) -> None:
    for record_type in CATALOG.types.values():
        declared = description["components"]["schemas"][record_type.name]["properties"]
        rules = {name: each["x-rule"] for name, each in declared.items()}
        assert rules == {name: field.rule.value for name, field in record_type.fields.items()}


def test_what_is_published_as_a_limit_is_one_that_holds(description: dict[str, Any]) -> None:
    published = description["x-limits"]
    assert all(name.endswith("_MAX") or name == "RETENTION_DAYS" for name in published), "a version is no limit"
    over = description["components"]["schemas"]["EditShape"]["properties"]["over"]
    assert over["additionalProperties"]["maxItems"] == published["OVER_NAMES_MAX"]


@pytest.fixture
def page(app: Flask) -> str:
    return app.test_client().get("/api/v1/docs").get_data(as_text=True)


def test_the_page_names_every_address_and_label(page: str, description: dict[str, Any]) -> None:
    for path in description["paths"]:
        assert path in page
    for record_type in CATALOG.types.values():
        for field in record_type.fields.values():
            assert field.zh in page


def test_the_page_tells_a_request_as_the_description_does(page: str, description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            told = page.partition(f"<code>{method.upper()} {path}</code>")[2].partition("</article>")[0]
            for each in operation.get("parameters", ()):
                name, where = (each["name"], each["in"]) if "name" in each else ("fields", "query")
                assert f"<tr><td><code>{name}</code></td><td>{where}</td>" in told
            assert ("Authorization: Bearer &lt;token&gt;" in told) == ("security" in operation)
    told = page.partition("<code>GET /api/v1/feed</code>")[2]
    assert "<td>query</td><td>integer or null</td><td></td><td>The most rows wanted 最多行数</td>" in told


def test_the_page_links_shapes_that_it_holds(page: str) -> None:
    linked = set(re.findall('href="#([^"]+)"', page))
    assert linked <= set(re.findall('id="([^"]+)"', page))
    assert linked >= {"RequestHead", "HeldDecision", "ListedRecord", "Party", "RecordTypeName", "ProblemDocument"}


def test_the_page_is_plain(page: str) -> None:
    assert not [each for each in ("[&#39;", "$ref", "<script", "{&#39;") if each in page]
