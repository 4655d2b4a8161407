"""Old lines are read by their own schema: a made-up second and third version, and what they make of older lines."""

from dataclasses import replace

import pytest

from schemas.catalog import CATALOG, Catalog, Values


def split_name(values: Values) -> Values:
    """In version 2, `title` is called `name` and a price in yuan was an amount before."""
    renamed = {"title": "name", "amount_yuan": "price_yuan"}
    return {renamed.get(name, name): value for name, value in values.items()}


def in_capitals(values: Values) -> Values:
    return {name: str(value).upper() if name == "name" else value for name, value in values.items()}


@pytest.fixture
def catalog() -> Catalog:
    return replace(
        CATALOG,
        version=3,
        upgrades={("dispute", 1): split_name, ("dispute", 2): in_capitals},
        renames={
            ("dispute", 1): {"title": "name", "amount_yuan": "price_yuan"},
            ("visit", 2): {"purposes": "reasons"},
        },
    )


def test_values_go_through_every_version_between(catalog: Catalog) -> None:
    assert catalog.upgraded("dispute", 1, {"title": "Fence", "place": "渠边"}) == {"name": "FENCE", "place": "渠边"}
    assert catalog.upgraded("dispute", 2, {"name": "Fence"}) == {"name": "FENCE"}


def test_values_of_this_version_and_of_types_that_did_not_change_stay(catalog: Catalog) -> None:
    assert catalog.upgraded("dispute", 3, {"name": "Fence"}) == {"name": "Fence"}
    assert catalog.upgraded("visit", 1, {"notes": "x"}) == {"notes": "x"}


def test_an_upgrade_leaves_the_line_as_it_was_written(catalog: Catalog) -> None:
    line = {"title": "Fence"}
    catalog.upgraded("dispute", 1, line)
    assert line == {"title": "Fence"}


def test_registers_are_called_by_their_new_names(catalog: Catalog) -> None:
    assert catalog.renamed("dispute", 1, "title") == "name"
    assert catalog.renamed("dispute", 2, "title") == "title"
    assert catalog.renamed("dispute", 1, "status") == "status"
    assert catalog.renamed("visit", 1, "purposes/errand") == "reasons/errand"
    assert catalog.renamed("visit", 3, "purposes/errand") == "purposes/errand"


def test_version_one_has_nothing_before_it() -> None:
    assert (CATALOG.version, dict(CATALOG.upgrades), dict(CATALOG.renames)) == (1, {}, {})
    assert CATALOG.upgraded("dispute", 1, {"title": "Fence"}) == {"title": "Fence"}
    assert CATALOG.renamed("dispute", 1, "title") == "title"
